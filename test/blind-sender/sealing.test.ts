import { deriveRowId, deriveRowKey } from '../../src/pseudonym/derive.ts'
import { PseudonymPool } from '../../src/pseudonym/pool.ts'
import { openRow } from '../../src/pseudonym/row.ts'

describe('the threads seal by secret', () => {
  let pool: PseudonymPool
  beforeAll(() => {
    pool = new PseudonymPool({ threads: 2 })
  })
  afterAll(() => pool?.close())

  const domain = 'wm-vdab/1/1'
  const sealing = (count: number) => ({
    period: '2026-11',
    messageId: 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD',
    plaintexts: Array.from({ length: count }, (_, index) => ({ index })),
  })

  test('each row opens with its own key, in the order of the secrets', async () => {
    const secrets = Array.from({ length: 250 }, (_, index) => {
      const bytes = Buffer.alloc(32, 1)
      bytes.writeUInt32BE(index)
      return bytes
    })
    const texts = secrets.map(secret => secret.toString('base64url'))
    const rows = await pool.seal({ domain, secrets: texts, sealing: sealing(250) })
    rows.forEach(({ rowId, row }, index) => {
      const secret = secrets[index]!
      expect(rowId).toEqual(deriveRowId(secret, '2026-11'))
      const { period, messageId } = sealing(0)
      const binding = { domain, period, messageId, rowId }
      expect(openRow(deriveRowKey(secret, '2026-11'), binding, row)).toEqual({ index })
    })
  })

  test('what is no secret is not sealed', async () => {
    const good = Buffer.alloc(32, 1).toString('base64url')
    for (const wrong of [
      '',
      good.slice(1),
      `${good}A`,
      '!'.repeat(43),
      Buffer.alloc(31).toString('base64url'),
    ]) {
      await expect(
        pool.seal({ domain, secrets: [good, wrong], sealing: sealing(2) }),
      ).rejects.toThrow()
    }
    await expect(pool.seal({ domain, secrets: [good], sealing: sealing(2) })).rejects.toMatchObject(
      { code: 'batch-uneven' },
    )
  })
})
