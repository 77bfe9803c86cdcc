import { readBalances } from '../../src/exchange/conservation.ts'
import { closeEpoch, readOpenWork, rotateEpoch } from '../../src/exchange/epoch.ts'
import { detection, forwardedTo, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'

const [FIRST, SECOND] = ['wm-vdab/1/1', 'wm-vdab/1/2']
const NUMBERS = Array.from({ length: 10 }, (_, index) => syntheticNumber(index))
const by = () => ({ actor: { role: 'operator' }, at: new Date() })

let gateway: TestGateway
let register: TestRegister

beforeAll(async () => {
  gateway = await testGateway({ webhooks: false })
  register = await prepareTestRegister(gateway, NUMBERS)
})
afterAll(async () => {
  register?.close()
  await gateway?.close()
})

const close = (reason: string, force = false) =>
  closeEpoch(gateway.context, FIRST, { ...by(), reason, force })

describe('a key epoch with open work', () => {
  test('is not closed without force, and with it everything open ends with evidence', async () => {
    const { woonboog, vdab } = gateway.clients
    // One request that nobody answers, and feedback that nobody fetches.
    const { messageId } = await woonboog.detect(detection(tenants(0, 10)))
    const opened = await register.open(await forwardedTo(gateway, messageId))
    const items = opened.slice(0, 3).map(({ tag }) => ({
      tag,
      reachability: 'hard-to-reach' as const,
      establishedOn: TODAY,
    }))
    await vdab.feedback({ protocol: 'wm-vdab', domain: FIRST, items })
    await rotateEpoch(gateway.context, 'wm-vdab', by())
    ;(await prepareTestRegister(gateway, NUMBERS, 'wm-vdab', SECOND)).close()
    await until('it was forwarded for good', async () => {
      const { rows } = await gateway.db.pool.query(
        `SELECT state FROM hand_over WHERE message_id = $1 AND kind = 'request'`,
        [messageId],
      )
      return rows[0].state === 'delivered'
    })
    expect(await readOpenWork(gateway.db.pool, FIRST)).toEqual({ awaiting: 1, handOvers: 3 })
    await expect(close('too early')).rejects.toMatchObject({ code: 'open-work' })
    expect(await gateway.context.domains.find(FIRST)).toMatchObject({ state: 'closing' })

    expect(await close('the key may be known', true)).toMatchObject({
      domain: { state: 'closed' },
      awaiting: 1,
      handOvers: 3,
      routes: 10,
    })
    expect(await readOpenWork(gateway.db.pool, FIRST)).toEqual({ awaiting: 0, handOvers: 0 })
    const { rows: left } = await gateway.db.pool.query(
      'SELECT (SELECT count(*) FROM detection_row) + (SELECT count(*) FROM route) AS n',
    )
    expect(left[0].n).toBe(0)
  }, 60_000)

  test('the company learns that its request expired; nothing of the feedback comes', async () => {
    const { items } = await gateway.clients.woonboog.inbox()
    expect(items.map(item => item.type)).toEqual(['be.huisbrug.interaction.expired'])
  })

  test('nothing is lost, and each withdrawal and end names HB-413', async () => {
    const balances = await readBalances(gateway.db.pool)
    expect(balances.filter(balance => !balance.balanced)).toEqual([])
    expect(balances.find(balance => balance.protocol === 'wm-vdab')).toMatchObject({
      accepted: 13,
      delivered: 10,
      withdrawn: 3,
      pending: 0,
    })
    const { rows } = await until('all is in the log', async () => {
      const found = await gateway.db.pool.query(
        `SELECT action FROM audit_entry WHERE code = 'HB-413' ORDER BY action`,
      )
      return found.rows.length >= 2 && found
    })
    expect(rows.map(row => row.action)).toEqual(['message.expired', 'message.withdrawn'])
  }, 30_000)

  test('no route is stored under it any more, whoever sealed it before', async () => {
    const insert = (domain: string) =>
      gateway.db.pool.query(
        `INSERT INTO route (domain, tag, party_id, subject_tag, reference_hash, reference, period, expires_at)
         VALUES ($1, $2, 'woonboog', $2, $2, $2, '2026-01', now())`,
        [domain, Buffer.alloc(16, 7)],
      )
    await expect(insert(FIRST)).rejects.toThrow('the domain is closed')
    await insert(SECOND)
  })

  test('what may not be closed is named', async () => {
    await expect(close('again', true)).rejects.toMatchObject({ code: 'closed' })
    const other = (name: string) =>
      closeEpoch(gateway.context, name, { ...by(), reason: 'r', force: true })
    await expect(other(SECOND)).rejects.toMatchObject({ code: 'current' })
    await expect(other('wm-vdab/1/9')).rejects.toMatchObject({ code: 'unknown' })
    await expect(close(' ')).rejects.toMatchObject({ code: 'reason' })
    await expect(rotateEpoch(gateway.context, 'nobody', by())).rejects.toMatchObject({
      code: 'unknown',
    })
  })

  test('an epoch that is opening may be given up, and the next one opens', async () => {
    const opened = await rotateEpoch(gateway.context, 'wm-vdab', by())
    expect(opened.name).toBe('wm-vdab/1/3')
    await expect(rotateEpoch(gateway.context, 'wm-vdab', by())).rejects.toMatchObject({
      code: 'opening',
    })
    await closeEpoch(gateway.context, opened.name, { ...by(), reason: 'by mistake', force: false })
    const both = await Promise.allSettled(
      [1, 2, 3].map(() => rotateEpoch(gateway.context, 'wm-vdab', by())),
    )
    expect(both.filter(it => it.status === 'fulfilled')).toHaveLength(1)
    expect(await gateway.context.domains.open('wm-vdab')).toEqual([SECOND, 'wm-vdab/1/4'])
    expect(await gateway.context.domains.current('wm-vdab')).toBe(SECOND)
  })
})
