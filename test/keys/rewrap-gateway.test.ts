import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseEntry } from '../../src/audit/entry.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { detection, forwardedTo, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const [FORMER, NEXT] = [randomBytes(32), randomBytes(32)].map(key => key.toString('base64url'))
const BOTH = { HUISBRUG_MASTER_KEY: FORMER!, HUISBRUG_NEW_MASTER_KEY: NEXT! }

let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway({ settings: BOTH })
  await openDomain(gateway)
}, 60_000)
afterAll(async () => {
  await gateway?.close()
})

async function huisbrug(settings: Record<string, string>, ...args: string[]) {
  const { config } = gateway.context
  const child = spawn(process.execPath, ['--no-warnings', CLI, ...args], {
    env: { ...bareEnvironment(), HUISBRUG_DATABASE_URL: config.databaseUrl, ...settings },
  })
  let all = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      all += chunk
    })
  }
  const [exit] = await once(child, 'close')
  for (const key of [FORMER, NEXT]) expect(all).not.toContain(key)
  return { exit, all }
}

describe('a new master key under a running gateway', () => {
  test('a program with another key does not start, and says why', async () => {
    const stranger = { HUISBRUG_MASTER_KEY: randomBytes(32).toString('base64url') }
    const { exit, all } = await huisbrug(stranger, 'doctor')
    expect(exit).toBe(1)
    expect(all).toContain('the master key does not fit this database')
    const none = await huisbrug({ HUISBRUG_MASTER_KEY: FORMER! }, 'keys', 'rewrap')
    expect(none).toMatchObject({ exit: 1 })
    expect(none.all).toContain('HUISBRUG_NEW_MASTER_KEY')
  }, 60_000)

  test('every request is taken while all is wrapped anew, and it is evidence', async () => {
    let over = false
    let sent = 0
    const traffic = (async () => {
      for (; !over || sent < 5; sent++) {
        const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(sent * 4, 4)))
        await forwardedTo(gateway, messageId)
      }
    })()
    const { exit, all } = await huisbrug(BOTH, 'keys', 'rewrap', '--json')
    over = true
    await traffic
    expect(exit).toBe(0)
    const outcome = JSON.parse(all) as { from: string; to: string; verified: number }
    expect(outcome.verified).toBeGreaterThan(5)
    const { rows } = await gateway.db.pool.query('SELECT DISTINCT wrapped_by FROM wrapped_key')
    expect(rows).toEqual([{ wrapped_by: outcome.to }])
    const entry = await until('it is in the log', async () => {
      const found = await gateway.db.pool.query(
        `SELECT entry FROM audit_entry WHERE action = 'key.rewrapped'`,
      )
      return found.rows[0] && parseEntry(found.rows[0].entry)
    })
    expect(entry).toMatchObject({
      actor: { role: 'operator' },
      rule: `key ${outcome.to}`,
      reason: `from ${outcome.from}`,
    })
    for (const key of [FORMER, NEXT]) expect(gateway.logged.join('\n')).not.toContain(key)
  }, 90_000)

  test('then the new key alone opens it, and the former no more', async () => {
    const listed = await huisbrug({ HUISBRUG_MASTER_KEY: NEXT! }, 'keys', 'list')
    expect(listed.exit).toBe(0)
    expect(listed.all).toMatch(/^name +kind +state/)
    const former = await huisbrug({ HUISBRUG_MASTER_KEY: FORMER! }, 'keys', 'list')
    expect(former).toMatchObject({ exit: 1 })
    expect(former.all).toContain('does not fit')
  }, 60_000)
})
