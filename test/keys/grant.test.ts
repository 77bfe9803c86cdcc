import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseEntry } from '../../src/audit/entry.ts'
import { blindInput, randomScalar, VOPRF } from '../../src/pseudonym/voprf.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const DOMAIN = 'wm-vdab/1/1'
// 21 once, 4 a day.
const VDAB = { party: 'vdab', registerSize: 20, dailyAllowance: 4 }

let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway({
    framework: document => {
      document.modalities.evaluation = [VDAB]
    },
  })
  await until('a domain opens', async () => (await gateway.clients.vdab.domains()).items[0])
})
afterAll(() => gateway?.close())

/** The command as an operator runs it, beside the running gateway. */
async function grant(
  ...args: string[]
): Promise<{ exit: number | null; out: string; err: string }> {
  const { config } = gateway.context
  const child = spawn(process.execPath, ['--no-warnings', CLI, 'keys', 'grant', ...args], {
    env: {
      ...process.env,
      HUISBRUG_DATABASE_URL: config.databaseUrl,
      HUISBRUG_DATA_DIR: config.dataDir,
      HUISBRUG_PROTOCOLS_DIR: config.protocolsDir,
    },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', chunk => {
    out += chunk
  })
  child.stderr.on('data', chunk => {
    err += chunk
  })
  const [exit] = await once(child, 'close')
  return { exit, out, err }
}

const evaluate = (count: number) =>
  gateway.clients.vdab.evaluate({
    domain: DOMAIN,
    blinded: Array.from({ length: count }, () =>
      Buffer.from(blindInput(VOPRF, randomScalar(), randomScalar())).toString('base64url'),
    ),
  })

async function metrics(): Promise<string[]> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  return text
    .split('\n')
    .filter(line => /^huisbrug_(evaluation|quota).*"wm-vdab\/1\/1"/.test(line))
    .toSorted()
}

const REASON = ['--reason', 'The register grew']

describe('keys grant', () => {
  test('is refused for a party without a quota, a wrong number, no reason', async () => {
    const unknown = await grant('leefgoed', DOMAIN, ...REASON, '--json')
    expect(unknown.exit).toBe(1)
    expect(JSON.parse(unknown.out)).toEqual({
      refused: 'unknown',
      reason: `there is no such quota; there are: vdab ocmw-vdab/1/1, vdab ${DOMAIN}`,
    })
    for (const elements of ['21', '0', 'many', '1e1']) {
      const wrong = await grant('vdab', DOMAIN, ...REASON, '--elements', elements)
      expect([wrong.exit, wrong.out]).toEqual([1, ''])
      expect(wrong.err).toContain('a whole number from 1 to 20')
    }
    expect((await grant('vdab', DOMAIN)).exit).toBe(2)
    expect((await grant('vdab', ...REASON)).exit).toBe(2)
  }, 60_000)

  test('lets a party go on at once that was refused', async () => {
    expect(await evaluate(20)).toMatchObject({ quotaLeft: 5 })
    await expect(evaluate(9)).rejects.toMatchObject({ code: 'HB-602' })
    const granted = await grant('vdab', DOMAIN, ...REASON, '--elements', '6', '--json')
    expect(granted).toMatchObject({ exit: 0, err: '' })
    const told = { party: 'vdab', domain: DOMAIN, elements: 6, left: 11 }
    expect(JSON.parse(granted.out)).toEqual(told)
    expect(await evaluate(9)).toMatchObject({ quotaLeft: 2 })
  }, 60_000)

  test('is given once, and is evidence that names the operator', async () => {
    const again = await grant('vdab', DOMAIN, ...REASON)
    expect(again.exit).toBe(1)
    expect(again.err).toContain('vdab got its one extra grant under wm-vdab/1/1 before')
    const entry = await until('it is in the log', async () => {
      const { rows } = await gateway.db.pool.query(
        `SELECT entry FROM audit_entry WHERE action = 'quota.granted'`,
      )
      return rows.length === 1 && parseEntry(rows[0].entry)
    })
    expect(entry).toMatchObject({
      actor: { role: 'operator' },
      recipient: 'vdab',
      counts: { elements: 6 },
      reason: `domain ${DOMAIN}`,
    })
  }, 60_000)

  test('metrics tell what was evaluated and refused, what is left, and of bursts', async () => {
    const labels = `party="vdab",domain="${DOMAIN}"`
    expect(await metrics()).toEqual([
      `huisbrug_evaluation_elements_total{${labels},decision="refused"} 9`,
      `huisbrug_evaluation_elements_total{${labels},decision="taken"} 29`,
      `huisbrug_quota_bursts_open{${labels}} 0`,
      `huisbrug_quota_left_elements{${labels}} 2`,
    ])
  })
})
