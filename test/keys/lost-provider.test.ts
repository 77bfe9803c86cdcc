import { detection, forwardedTo, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { createVault, type Vault } from './vault.ts'

let vault: Vault
let gateway: TestGateway
let domain: string

beforeAll(async () => {
  vault = createVault()
  gateway = await testGateway({
    settings: {
      HUISBRUG_KEY_COMMAND: JSON.stringify(vault.argv),
      HUISBRUG_KEY_TIMEOUT_SECONDS: '4',
      HUISBRUG_KEY_REMEMBER_SECONDS: '3',
    },
  })
  domain = await openDomain(gateway)
}, 60_000)
afterAll(async () => {
  await gateway?.close()
  vault.close()
})

async function readiness(): Promise<{ status: number; keys: Record<string, unknown> }> {
  const reply = await fetch(`${gateway.url}/health/ready`)
  const { checks } = (await reply.json()) as { checks: Record<string, unknown>[] }
  return { status: reply.status, keys: checks.find(check => check['name'] === 'keys') ?? {} }
}

const evaluate = () =>
  gateway.clients.vdab.evaluate({
    domain,
    // The generator of ristretto255.
    blinded: [
      Buffer.from(
        'e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76',
        'hex',
      ).toString('base64url'),
    ],
  })

describe('a gateway whose key is held by a command', () => {
  let messageId: string

  test('exchanges as any other, and is ready', async () => {
    ;({ messageId } = await gateway.clients.woonboog.detect(detection(tenants(0, 4))))
    await forwardedTo(gateway, messageId)
    expect(await evaluate()).toMatchObject({ domain })
    expect(await readiness()).toMatchObject({ status: 200, keys: { ok: true } })
    const names = await gateway.db.pool.query('SELECT DISTINCT wrapped_by FROM wrapped_key')
    expect(names.rows).toHaveLength(1)
    expect(names.rows[0].wrapped_by).toMatch(/^command-/)
  }, 60_000)

  test.each(['fail', 'hang'] as const)(
    'when it is lost (%s): new work is refused, the rest goes on, it recovers by itself',
    async mode => {
      const { woonboog } = gateway.clients
      vault.set(mode)
      await until(
        'evaluations are refused',
        () =>
          evaluate().then(
            () => false,
            () => true,
          ),
        30,
      )
      await expect(evaluate()).rejects.toMatchObject({ code: 'HB-904' })
      const first = mode === 'fail' ? 100 : 200
      const refused = woonboog.detect(detection(tenants(first, 4)), { idempotencyKey: mode })
      await expect(refused).rejects.toMatchObject({ code: 'HB-904' })
      const { rows } = await gateway.db.pool.query(
        'SELECT count(*)::int AS n FROM idempotency WHERE key = $1',
        [mode],
      )
      expect(rows[0].n).toBe(0)

      expect(await woonboog.message(messageId)).toMatchObject({ messageId })
      expect((await woonboog.inbox()).items).toEqual([])
      expect((await fetch(`${gateway.url}/v1/protocols`)).status).toBe(200)
      const health = await until('readiness says so', async () => {
        const found = await readiness()
        return found.status === 503 && found
      })
      expect(health.keys).toMatchObject({ ok: false })
      expect(health.keys['detail']).toMatch(/the key command (ended with status 3|did not answer)/)

      vault.set('ok')
      await until('it is ready again', async () => (await readiness()).status === 200, 30)
      await until('evaluations go on', () => evaluate().then(Boolean, () => false), 30)
      const accepted = await until(
        'the same message is taken',
        () =>
          woonboog
            .detect(detection(tenants(first, 4)), { idempotencyKey: mode })
            .catch(() => undefined),
        30,
      )
      expect(accepted).toMatchObject({ accepted: 4 })
      await forwardedTo(gateway, accepted.messageId)
    },
    120_000,
  )

  test('the log says it once each way, and holds no secret', async () => {
    const said = gateway.logged.join('\n')
    expect(said.match(/the key provider answers again/g)).toHaveLength(2)
    expect(said.match(/"the key command /g)).toHaveLength(2)
    const { rows } = await gateway.db.pool.query(
      'SELECT name, wrapped FROM wrapped_key WHERE wrapped IS NOT NULL',
    )
    const secrets = [vault.key]
    for (const { name, wrapped } of rows) {
      secrets.push(wrapped, (await gateway.context.keys.find(name))!)
    }
    for (const secret of secrets) {
      for (const form of ['hex', 'base64', 'base64url'] as const) {
        expect(said).not.toContain(secret.toString(form))
      }
    }
    expect(JSON.stringify(vault.calls())).not.toContain('HUISBRUG_')
  })
})
