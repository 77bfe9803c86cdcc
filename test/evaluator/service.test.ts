import { randomBytes } from 'node:crypto'
import { parseEntry } from '../../src/audit/entry.ts'
import { readConfig } from '../../src/config.ts'
import { startKeyService } from '../../src/key-service.ts'
import { transportKey } from '../../src/keys/service-secret.ts'
import { inputOf } from '../../src/pseudonym/derive.ts'
import { blindInput, generateKeyPair, randomScalar, VOPRF } from '../../src/pseudonym/voprf.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/gateway.ts'
import { testLog } from '../support/log.ts'
import { syntheticNumber } from '../support/people.ts'
import { type TestKeyService, testKeyService } from './support.ts'

const CEILING = 100
const DOMAIN = 'wm-vdab/1/1'

let service: TestKeyService
let now = new Date('2026-11-20T22:00:00.000Z')

beforeAll(async () => {
  service = await testKeyService({ HUISBRUG_EVALUATOR_PER_DAY: String(CEILING) }, () => now)
})
afterAll(() => service?.close())

const elements = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    Buffer.from(blindInput(VOPRF, inputOf(syntheticNumber(index)), randomScalar())).toString(
      'base64url',
    ),
  )
const evaluate = (count: number, domain = DOMAIN) =>
  service.call('/evaluator/evaluations', { domain, blinded: elements(count) })

async function entries() {
  const { rows } = await service.db.pool.query(
    'SELECT entry FROM audit_pending UNION ALL SELECT entry FROM audit_entry',
  )
  return rows.map(row => parseEntry(row.entry))
}

describe('the doors of the key service', () => {
  test('no key comes in but while keys move', async () => {
    const { secretKey } = generateKeyPair()
    const wrapped = await transportKey(service.secret).wrap('wm-vdab/1/9', secretKey)
    const body = { domain: 'wm-vdab/1/9', wrapped: wrapped.toString('base64url') }
    expect(await service.call('/evaluator/keys/take', body)).toMatchObject({
      status: 403,
      body: { code: 'HB-107' },
    })
    await service.stop()
    await service.start({ takesKeys: true })
    expect(await service.call('/evaluator/keys/take', body)).toMatchObject({ status: 200 })
  })

  test.each(['', 'wrong', randomBytes(32).toString('base64url')])(
    'without its secret (%#) nothing is told, whatever is asked',
    async bearer => {
      for (const path of ['/keys', '/keys/destroy', '/keys/take', '/evaluations', '/nothing']) {
        const reply = await service.call(`/evaluator${path}`, { domain: DOMAIN }, bearer)
        expect(reply).toEqual({ status: 401, body: '' })
      }
      expect(await service.call('/evaluator/status', undefined, bearer)).toMatchObject({
        status: 401,
      })
    },
  )

  test('a key is made once, whoever asks and however often', async () => {
    const asked = Array.from({ length: 8 }, () =>
      service.call('/evaluator/keys', { domain: DOMAIN }),
    )
    const replies = await Promise.all(asked)
    expect(new Set(replies.map(it => JSON.stringify(it))).size).toBe(1)
    expect(replies[0]).toMatchObject({
      status: 200,
      body: { publicKey: expect.stringMatching(/^[\w-]{43}$/) },
    })
    const made = (await entries()).filter(it => it.action === 'key.created')
    expect(made.filter(it => it.reason === `domain ${DOMAIN}`)).toHaveLength(1)
  })

  test('bad bodies are refused by code, and nothing of them is logged', async () => {
    const secret = 'should-not-be-logged'
    const cases: [object, number, string][] = [
      [{ domain: DOMAIN }, 400, 'HB-202'],
      [{ domain: DOMAIN, blinded: [] }, 400, 'HB-202'],
      [{ domain: DOMAIN, blinded: [secret] }, 422, 'HB-410'],
      [{ domain: DOMAIN, blinded: [...elements(1), 'A'.repeat(43)] }, 422, 'HB-410'],
      [{ domain: 'sign:log', blinded: elements(1) }, 422, 'HB-412'],
      [{ domain: 'wm-vdab/9/9', blinded: elements(1) }, 422, 'HB-412'],
      [{ domain: DOMAIN, blinded: Array(5_001).fill(secret) }, 413, 'HB-603'],
    ]
    for (const [body, status, code] of cases) {
      const reply = await service.call('/evaluator/evaluations', body)
      expect(reply).toMatchObject({ status, body: { code } })
    }
    const [one] = elements(1)
    const twice = await service.call('/evaluator/evaluations', {
      domain: DOMAIN,
      blinded: [one, one],
    })
    expect(twice).toMatchObject({ status: 422, body: { code: 'HB-411' } })
    const names = Buffer.from(`{"domain":"${DOMAIN}","domain":"x","blinded":[]}`)
    const named = await service.call('/evaluator/evaluations', names)
    expect(named).toMatchObject({ status: 400, body: { code: 'HB-212' } })
    const large = await service.call('/evaluator/keys', { domain: 'x'.repeat(600_000) })
    expect(large).toMatchObject({ status: 413, body: { code: 'HB-203' } })
    expect(JSON.stringify(service.logged)).not.toContain(secret)
  })

  test('no other secret can be had or destroyed by it', async () => {
    const { rows } = await service.db.pool.query('SELECT name FROM wrapped_key ORDER BY name')
    for (const { name } of rows) {
      const reply = await service.call('/evaluator/keys/destroy', { domain: name })
      expect(reply).toMatchObject({ status: 422, body: { code: 'HB-412' } })
    }
    expect(await service.call('/evaluator/keys/destroy', { domain: 'subject' })).toMatchObject({
      body: { code: 'HB-412' },
    })
    const after = await service.db.pool.query(
      'SELECT name FROM wrapped_key WHERE wrapped IS NOT NULL ORDER BY name',
    )
    expect(after.rows).toEqual(rows)
  })
})

describe('the ceiling of a day', () => {
  test('is exact, whatever is asked at once', async () => {
    now = new Date('2026-11-21T10:00:00.000Z')
    const replies = await Promise.all(Array.from({ length: 12 }, () => evaluate(9)))
    const done = replies.filter(it => it.status === 200)
    expect(done).toHaveLength(11)
    const [refused] = replies.filter(it => it.status !== 200)
    expect(refused).toEqual({ status: 503, body: { code: 'HB-905', retryAfter: 14 * 3600 } })
    expect((await evaluate(1)).status).toBe(200)
    expect((await evaluate(1)).status).toBe(503)
    const { rows } = await service.db.pool.query(
      `SELECT used::int FROM evaluator_use WHERE domain = $1 AND day = '2026-11-21'`,
      [DOMAIN],
    )
    expect(rows).toEqual([{ used: CEILING }])
  })

  test('counts each key apart, and each day', async () => {
    await service.call('/evaluator/keys', { domain: 'subject' })
    expect((await evaluate(CEILING, 'subject')).status).toBe(200)
    expect((await evaluate(1, 'subject')).status).toBe(503)
    now = new Date('2026-11-22T00:00:00.000Z')
    expect((await evaluate(CEILING)).status).toBe(200)
    expect((await evaluate(1)).status).toBe(503)
  })

  test('more than it in one call is refused, also as the first of a day', async () => {
    now = new Date('2026-11-23T00:00:00.000Z')
    expect((await evaluate(CEILING + 1)).body).toMatchObject({ code: 'HB-905' })
    expect((await evaluate(CEILING)).status).toBe(200)
  })

  test('use is evidence: how many under which key, and no value', async () => {
    const used = (await entries()).filter(it => it.action.startsWith('quota.'))
    const sum = used
      .filter(it => it.action === 'quota.used' && it.reason === `domain ${DOMAIN}`)
      .reduce((total, it) => total + (it.counts?.['elements'] ?? 0), 0)
    expect(sum).toBeGreaterThanOrEqual(3 * CEILING)
    for (const entry of used) {
      expect(Object.keys(entry).toSorted()).toEqual(
        [
          'action',
          'actor',
          'at',
          ...('code' in entry ? ['code'] : []),
          'counts',
          'decision',
          'id',
          'reason',
          'rule',
          'schema',
        ].toSorted(),
      )
    }
    await until('it is in the log', async () => {
      const { rows } = await service.db.pool.query('SELECT count(*)::int AS n FROM audit_pending')
      return rows[0].n === 0
    })
    const figures = await (await fetch(`${service.url}/metrics`)).text()
    expect(figures).toMatch(
      /elements_total\{party="gateway",domain="wm-vdab\/1\/1",decision="taken"\}/,
    )
  })
})

describe('a key that is destroyed', () => {
  test('is gone: saying so again changes nothing, nor is it made anew', async () => {
    const gone = { domain: 'wm-vdab/1/7' }
    await service.call('/evaluator/keys', gone)
    expect(await service.call('/evaluator/keys/destroy', gone)).toMatchObject({
      body: { destroyed: true },
    })
    expect(await service.call('/evaluator/keys/destroy', gone)).toMatchObject({
      body: { destroyed: false },
    })
    for (const reply of [
      await service.call('/evaluator/keys', gone),
      await evaluate(1, gone.domain),
    ]) {
      expect(reply).toMatchObject({ status: 409, body: { code: 'HB-413' } })
    }
    const closed = (await entries()).filter(it => it.action === 'key.closed')
    expect(closed.map(it => it.reason)).toEqual(['domain wm-vdab/1/7'])
  })

  test('a key that moves in does not replace another, and must be wrapped for it', async () => {
    const { secretKey } = generateKeyPair()
    const wrap = async (secret: string) =>
      (await transportKey(secret).wrap(DOMAIN, secretKey)).toString('base64url')
    const other = await service.call('/evaluator/keys/take', {
      domain: DOMAIN,
      wrapped: await wrap(service.secret),
    })
    expect(other).toMatchObject({ status: 409, body: { code: 'HB-501' } })
    const stranger = await service.call('/evaluator/keys/take', {
      domain: 'wm-vdab/1/8',
      wrapped: await wrap(service.secret),
    })
    expect(stranger).toMatchObject({ status: 400, body: { code: 'HB-202' } })
  })
})

describe('settings', () => {
  const start = (settings: Record<string, string>) => () => readConfig(settings)
  const secret = randomBytes(32).toString('base64url')

  test.each([
    [{ HUISBRUG_EVALUATOR_URL: 'https://keys.example' }, /needs the HUISBRUG_EVALUATOR_SECRET/],
    [{ HUISBRUG_EVALUATOR_SECRET: secret }, /HUISBRUG_ROLES=evaluator,sequencer/],
    [{ HUISBRUG_EVALUATOR_SECRET: secret, HUISBRUG_ROLES: 'evaluator,worker' }, /nothing else/],
    [{ HUISBRUG_EVALUATOR_SECRET: 'short', HUISBRUG_ROLES: 'evaluator' }, /SECRET/],
    [{ HUISBRUG_EVALUATOR_URL: 'http://10.0.0.1', HUISBRUG_EVALUATOR_SECRET: secret }, /URL/],
    [
      {
        HUISBRUG_EVALUATOR_URL: 'http://127.0.0.1.evil.example',
        HUISBRUG_EVALUATOR_SECRET: secret,
      },
      /URL/,
    ],
    [
      { HUISBRUG_EVALUATOR_URL: 'https://user@keys.example', HUISBRUG_EVALUATOR_SECRET: secret },
      /URL/,
    ],
  ])('that do not fit stop the start (%#)', (settings, message) => {
    expect(start(settings as Record<string, string>)).toThrow(message)
  })

  test('those that fit say where the keys are', () => {
    const placement = (settings: Record<string, string>) => readConfig(settings).evaluator.placement
    expect(placement({})).toBe('here')
    expect(placement({ HUISBRUG_ROLES: 'evaluator' })).toBe('here')
    expect(
      placement({ HUISBRUG_EVALUATOR_SECRET: secret, HUISBRUG_ROLES: 'evaluator,sequencer' }),
    ).toBe('service')
    for (const url of ['https://keys.example/here', 'http://localhost:8081', 'http://[::1]:1']) {
      const settings = { HUISBRUG_EVALUATOR_URL: url, HUISBRUG_EVALUATOR_SECRET: secret }
      expect(placement(settings)).toBe('elsewhere')
    }
  })

  test('a key service does not start on the database of a gateway', async () => {
    const database = await testDatabase({ max: 2 })
    await database.pool.query(
      `INSERT INTO domain (name, protocol, epoch, state, public_key)
       VALUES ('p/1/1', 'p', 1, 'opening', '\\x00')`,
    )
    const config = readConfig({
      HUISBRUG_DATABASE_URL: database.url,
      HUISBRUG_MASTER_KEY: secret,
      HUISBRUG_ROLES: 'evaluator',
      HUISBRUG_EVALUATOR_SECRET: secret,
      HUISBRUG_PORT: '0',
    })
    await expect(startKeyService(config, testLog().log)).rejects.toThrow('a database of its own')
    await database.close()
  })
})
