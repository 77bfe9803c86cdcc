import { closeEpoch } from '../../src/exchange/epoch.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { listKeys } from '../../src/keys/list.ts'
import { loadKeyring } from '../../src/keys/master-key.ts'
import type { TestDatabase } from '../support/database.ts'
import { detection, forwardedTo, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'
import { startTamperer, type Tamperer, type TestKeyService, testKeyService } from './support.ts'

let service: TestKeyService
let between: Tamperer
let gateway: TestGateway
let register: TestRegister

beforeAll(async () => {
  service = await testKeyService()
  between = await startTamperer(service.url)
  gateway = await testGateway({
    settings: { ...service.settings, HUISBRUG_EVALUATOR_URL: between.url },
    framework: document => {
      document.modalities.granularity = 'person'
    },
  })
  register = await prepareTestRegister(gateway, [0, 2, 4].map(syntheticNumber))
}, 60_000)
afterAll(async () => {
  register?.close()
  await gateway?.close()
  await between?.close()
  await service?.close()
})

/** Every table of a database as text, binary columns as hex. */
async function dump({ pool }: TestDatabase): Promise<string> {
  const { rows: tables } = await pool.query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  )
  const texts: string[] = []
  for (const { name } of tables) {
    const { rows } = await pool.query(`SELECT t::text AS text FROM ${name} t`)
    texts.push(...rows.map(row => row.text))
  }
  return texts.join('\n')
}

/** A value in each form in which it could lie about. */
const forms = (bytes: Buffer) => [
  bytes.toString('hex'),
  bytes.toString('base64url'),
  bytes.toString('base64'),
]

describe('the main job with the keys apart', () => {
  test('is done end to end: detection, answer, feedback, progress', async () => {
    const { woonboog, vdab } = gateway.clients
    const { messageId, accepted } = await woonboog.detect(detection(tenants(0, 6)))
    expect(accepted).toBe(6)
    const forwarded = await forwardedTo(gateway, messageId)
    const opened = await register.open(forwarded)
    expect(opened).toHaveLength(3)
    const requestDigest = String(forwarded.body['requestDigest'])
    await vdab.answer(messageId, { requestDigest, found: opened.map(row => row.rowId) })
    const items = opened.map(({ tag }) => ({
      tag,
      reachability: 'hard-to-reach' as const,
      establishedOn: TODAY,
    }))
    const sent = await vdab.feedback({ protocol: 'wm-vdab', domain: register.domain, items })
    expect(sent).toMatchObject({ accepted: 3, refused: [] })
    const told = await until('feedback arrives', () => {
      const found = gateway.hooks.woonboog.received.filter(
        it => it.body['type'] === 'be.huisbrug.feedback.reachability',
      )
      return found.length === 3 && found
    })
    const { feedbackId } = told[0]!.body['data'] as { feedbackId: string }
    await woonboog.progress(feedbackId, { status: 'taken-up', on: TODAY })
  }, 60_000)

  test('the gateway has no key of pseudonyms, in its database nor for its key store', async () => {
    const { keys, pool } = gateway.context
    const { rows } = await pool.query('SELECT name FROM wrapped_key')
    const names = rows.map(row => row.name as string)
    expect(names.filter(name => name === 'subject' || name.startsWith('domain:'))).toEqual([])
    expect(names).toContain('route:wm-vdab/1/1:woonboog')
    for (const name of ['subject', 'domain:wm-vdab/1/1']) {
      expect(await keys.find(name)).toBeUndefined()
      const secret = await serviceSecret(name)
      const everything = `${await dump(gateway.db)}\n${gateway.logged.join('\n')}`
      for (const form of forms(secret)) expect(everything).not.toContain(form)
    }
  })

  test('the service has no number, tag or row, in its database, its log nor what it is asked', async () => {
    const { rows } = await gateway.db.pool.query<{ tag: Buffer; subject: Buffer }>(
      'SELECT tag, subject_tag AS subject FROM route',
    )
    expect(rows).toHaveLength(6)
    const logged = JSON.stringify(service.logged)
    const all = [await dump(service.db), logged, ...between.seen].join('\n')
    const asked = between.seen.filter(it => it.startsWith('/evaluator/evaluations'))
    expect(asked.length).toBeGreaterThanOrEqual(2)
    const persons = rows.flatMap(({ tag, subject }) => [tag, subject])
    for (const bytes of persons) for (const form of forms(bytes)) expect(all).not.toContain(form)
    for (let index = 0; index < 6; index++) {
      expect(all).not.toContain(syntheticNumber(index))
      expect(all).not.toMatch(new RegExp(`\\bt-${index}\\b`))
    }
    const { rows: stored } = await service.db.pool.query(
      `SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM route)
         + (SELECT count(*) FROM party) + (SELECT count(*) FROM detection_row) AS n`,
    )
    expect(Number(stored[0].n)).toBe(0)
  })

  async function serviceSecret(name: string): Promise<Buffer> {
    const keyring = await loadKeyring(service.config, gateway.context.log)
    const secret = await new KeyStore(service.db.pool, keyring).find(name)
    if (!secret) throw new Error(`the service has no key ${name}`)
    return secret
  }

  test('readiness and keys list know of it', async () => {
    const ready = await fetch(`${gateway.url}/health/ready`)
    const { checks } = (await ready.json()) as { checks: { name: string; ok: boolean }[] }
    expect(checks.find(it => it.name === 'evaluator')).toMatchObject({ ok: true })
    const listed = await listKeys(gateway.db.pool)
    const elsewhere = listed.filter(it => it.wrappedBy === 'key service')
    expect(elsewhere.map(it => it.name)).toEqual([
      'domain:ocmw-vdab/1/1',
      'domain:wm-vdab/1/1',
      'subject',
    ])
    expect(elsewhere[1]).toMatchObject({ kind: 'domain', state: 'current', readyBy: 'vdab' })
  })
})

describe('a service that answers wrongly', () => {
  const stored = async () => {
    const { rows } = await gateway.db.pool.query(
      'SELECT (SELECT count(*) FROM message) AS messages, (SELECT count(*) FROM route) AS routes',
    )
    return rows[0]
  }
  const isEvaluation = (path: string) => path === '/evaluator/evaluations'

  beforeAll(async () => {
    await service.call('/evaluator/keys', { domain: 'stranger/1/1' })
  })
  afterEach(() => {
    between.tamper = (_path, reply) => reply
  })

  type Json = Record<string, unknown>
  /** The same elements, truly evaluated and proven, under a key that is not the published one. */
  const underAnother = async (_reply: Json, { blinded }: Json) => {
    const body = { domain: 'stranger/1/1', blinded }
    return (await service.call('/evaluator/evaluations', body)).body as Json
  }
  const list = (reply: Json) => reply['evaluated'] as string[]
  const lies: [string, (reply: Json, asked: Json) => Json | Promise<Json>][] = [
    ['under another key', underAnother],
    [
      'with the proof of another key',
      async (reply, asked) => ({ ...reply, proof: (await underAnother(reply, asked))['proof'] }),
    ],
    ['with one element too few', reply => ({ ...reply, evaluated: list(reply).slice(1) })],
    ['with two elements exchanged', reply => ({ ...reply, evaluated: list(reply).toReversed() })],
    [
      'with an element that is none',
      reply => ({ ...reply, evaluated: list(reply).map(() => 'A'.repeat(43)) }),
    ],
    ['with something else', () => ({ evaluated: 'x', proof: 7 })],
  ]

  test.each(lies)('%s: refused loudly, and nothing is stored', async (what, lie) => {
    const first = 600 + 10 * lies.findIndex(([name]) => name === what)
    const before = await stored()
    const loud = () =>
      gateway.logged.filter(line => line.includes('the key service answered wrongly'))
    const heard = loud().length
    between.tamper = (path, reply, asked) => (isEvaluation(path) ? lie(reply, asked) : reply)
    const sent = gateway.clients.woonboog.detect(detection(tenants(first, 6)))
    await expect(sent).rejects.toMatchObject({ code: 'HB-906', status: 503 })
    expect(await stored()).toEqual(before)
    expect(loud().length).toBeGreaterThan(heard)
    expect(loud().at(-1)).toContain('"level":"error"')
  })

  test('a party is not given what it was not proven', async () => {
    between.tamper = (path, reply) =>
      isEvaluation(path) ? { ...reply, proof: Buffer.alloc(64, 1).toString('base64url') } : reply
    const { domain } = register
    const blinded = [
      Buffer.from(
        'e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76',
        'hex',
      ).toString('base64url'),
    ]
    await expect(gateway.clients.vdab.evaluate({ domain, blinded })).rejects.toMatchObject({
      code: 'HB-906',
    })
    between.tamper = (_path, reply) => reply
    expect(await gateway.clients.vdab.evaluate({ domain, blinded })).toMatchObject({ domain })
  })
})

describe('a service that is away', () => {
  test('new messages and evaluations get 503, the rest goes on, and it recovers by itself', async () => {
    const { woonboog, vdab } = gateway.clients
    const { pool } = gateway.context
    const { messageId } = await woonboog.detect(detection(tenants(700, 4)))
    await service.stop()
    const again = { idempotencyKey: 'while-away' }
    const refused = woonboog.detect(detection(tenants(710, 4)), again)
    await expect(refused).rejects.toMatchObject({ code: 'HB-904', status: 503 })
    await refused.catch(error => expect(error.retryAfterMs).toBeGreaterThan(0))

    const used = async () =>
      (await pool.query(`SELECT sum(used)::int AS n FROM quota_use WHERE party_id = 'vdab'`))
        .rows[0].n
    const before = await used()
    const { domain } = register
    const blinded = [
      Buffer.from(
        'e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76',
        'hex',
      ).toString('base64url'),
    ]
    await expect(vdab.evaluate({ domain, blinded })).rejects.toMatchObject({ code: 'HB-904' })
    expect(await used()).toBe(before)

    const by = { actor: { role: 'operator' }, at: new Date() }
    await expect(gateway.context.domains.rotate('wm-vdab', by)).rejects.toThrow('key service')
    expect(await gateway.context.domains.list('wm-vdab')).toHaveLength(1)

    expect(await woonboog.message(messageId)).toMatchObject({ messageId })
    expect((await forwardedTo(gateway, messageId)).body['messageId']).toBe(messageId)
    expect((await vdab.domains()).items.length).toBeGreaterThan(0)
    await until('readiness says so', async () => {
      const ready = await fetch(`${gateway.url}/health/ready`)
      return ready.status === 503 && (await ready.text()).includes('"name":"evaluator","ok":false')
    })

    await service.start()
    const accepted = await until('the same message is taken', () =>
      woonboog.detect(detection(tenants(710, 4)), again).catch(() => undefined),
    )
    expect(accepted).toMatchObject({ accepted: 4 })
    await until(
      'it is ready',
      async () => (await fetch(`${gateway.url}/health/ready`)).status === 200,
    )
    const said = gateway.logged.join('\n')
    expect(said.match(/the key service answers again/g)).toHaveLength(1)
  }, 60_000)
})

describe('a rotation and a closing across the two', () => {
  test('the key is made there, used, and gone for good at both after the closing', async () => {
    const { domains } = gateway.context
    const by = () => ({ actor: { role: 'operator' }, at: new Date() })
    const opened = await domains.rotate('wm-vdab', by())
    expect(opened).toMatchObject({ name: 'wm-vdab/1/2', state: 'opening' })
    const second = await prepareTestRegister(
      gateway,
      [syntheticNumber(800)],
      'wm-vdab',
      opened.name,
    )
    const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(800, 2)))
    const rows = await second.open(await forwardedTo(gateway, messageId))
    expect(rows).toHaveLength(1)
    second.close()

    await service.stop()
    const closing = () =>
      closeEpoch(gateway.context, 'wm-vdab/1/1', {
        ...by(),
        reason: 'Yearly rotation',
        force: true,
      })
    await expect(closing()).rejects.toThrow('key service')
    expect(await domains.find('wm-vdab/1/1')).toMatchObject({ state: 'closing' })
    await service.start()
    const closed = await until('it is closed', () => closing().catch(() => undefined))
    expect(closed).toMatchObject({ domain: { state: 'closed' }, keys: 2 })
    const { rows: left } = await service.db.pool.query(
      'SELECT name, wrapped IS NULL AS gone FROM wrapped_key ORDER BY name',
    )
    expect(left).toContainEqual({ name: 'domain:wm-vdab/1/1', gone: true })
    expect(left).toContainEqual({ name: 'domain:wm-vdab/1/2', gone: false })
  }, 60_000)

  test('a key whose transaction was rolled back is what the next try gets', async () => {
    const { domains } = gateway.context
    const by = { actor: { role: 'operator' }, at: new Date() }
    await gateway.db.pool.query('ALTER TABLE published_key RENAME TO published_gone')
    await expect(domains.rotate('wm-vdab', by)).rejects.toThrow()
    await gateway.db.pool.query('ALTER TABLE published_gone RENAME TO published_key')
    const made = await service.call('/evaluator/keys', { domain: 'wm-vdab/1/3' })
    const opened = await domains.rotate('wm-vdab', by)
    expect(made.body).toEqual({ publicKey: opened.publicKey.toString('base64url') })
  })
})
