import { setTimeout as sleep } from 'node:timers/promises'
import { toJwks } from '../../src/client/index.ts'
import { findForbidden } from '../attack/forbidden.ts'
import { tokenOf } from '../attack/kit.ts'
import { openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { call } from '../support/raw.ts'
import { testKey } from '../support/statements.ts'
import { ask, askAbout, type Ground, layGround, type Sample, samples, send } from './kit.ts'

let gateway: TestGateway
let ground: Ground

beforeAll(async () => {
  gateway = await testGateway()
  const pair = testKey('an-office')
  const kbo = '0999000624'
  const office = { id: 'an-office', kind: 'welfare-office', name: 'an-office', kbo } as const
  await gateway.context.parties.add({ ...office, jwks: { set: toJwks(pair) } })
  Object.assign(gateway.keys, { 'an-office': pair })
  ground = await layGround(gateway, await openDomain(gateway))
})
afterAll(() => gateway?.close())

function sample(index: number, changes: Record<string, unknown> = {}): Sample {
  const one = samples(ground)[index] as Sample
  return { ...one, message: { ...one.message, ...changes } }
}

const ORDER = [
  ...['access', 'protocol', 'party', 'agreement', 'accession', 'type', 'direction', 'purpose'],
  ...['target-group', 'fields', 'items-in-message', 'shape', 'content', 'domain', 'items-today'],
  ...['items-in-epoch', 'state'],
]

test('a message that passes: every check in order, who gets what, and what is left open', async () => {
  const { status, body } = await askAbout(gateway, 'woonboog', sample(0))
  expect([status, body.passes, body.errors]).toEqual([200, true, []])
  expect(body.checks.map(({ check }) => check)).toEqual(ORDER)
  const open = body.checks.filter(({ outcome }) => outcome === 'not-checked')
  expect(open.map(({ check }) => check)).toEqual(['items-today', 'items-in-epoch', 'state'])
  expect(open.every(({ note }) => (note ?? '').length > 20)).toBe(true)
  expect(body).toMatchObject({
    protocol: { id: 'wm-vdab', version: '1.0.0' },
    accession: { id: 'wm-vdab-woonboog' },
    recipient: { kind: 'employment-service', function: 'client-file', party: 'vdab' },
    purpose: 'detection',
  })
  const ways = Object.fromEntries(
    body.fields.map(({ field, allowed, reaches, transformation }) => [
      field,
      `${allowed} ${reaches} ${transformation}`,
    ]),
  )
  expect(ways).toEqual({
    insz: 'true recipient pseudonym',
    tenantRef: 'true gateway plain',
    tenantGround: 'true recipient plain',
    referenceDate: 'true recipient plain',
    targetGroup: 'true recipient plain',
  })
})

test('one that stops: the article in Dutch, what to change, and nothing reached after it', async () => {
  const { body } = await askAbout(gateway, 'woonboog', sample(0, { purpose: 'marketing' }))
  const at = body.checks.findIndex(({ outcome }) => outcome === 'stops')
  expect(body.passes).toBe(false)
  expect(body.checks[at]).toEqual({
    check: 'purpose',
    outcome: 'stops',
    rule: 'wm-vdab 1.0.0, messageTypes[detection.request].purposes',
    article: 'artikel 7 (Berichten): Vraag om opsporing, doeleinden',
    code: 'HB-311',
    pointer: '/purpose',
    remedy: 'Name one of: detection.',
  })
  expect(body.checks.slice(0, at).every(({ outcome }) => outcome === 'passes')).toBe(true)
  expect(body.checks.slice(at + 1).every(({ outcome }) => outcome === 'not-reached')).toBe(true)
})

test('all errors are told, not only the first', async () => {
  const one = sample(0, { purpose: 'marketing', reason: 'x', referenceDate: '2026-02-30' })
  Object.assign((one.message['tenants'] as object[])[1] ?? {}, { income: 1, tenantGround: 'art-9' })
  const { body } = await askAbout(gateway, 'woonboog', one)
  const told = body.errors.map(({ code, pointer }) => `${code} ${pointer}`)
  expect(told[0]).toBe('HB-311 /purpose')
  expect(told.toSorted()).toEqual([
    'HB-202 /referenceDate',
    'HB-202 /tenants/1/tenantGround',
    'HB-311 /purpose',
    'HB-312 /reason',
    'HB-312 /tenants/1/income',
  ])
  const unlisted = body.fields.filter(({ allowed }) => !allowed).map(({ field }) => field)
  expect(unlisted.toSorted()).toEqual(['income', 'reason'])
})

test('another day: before the protocol, and a reference date that is right then', async () => {
  const before = await askAbout(gateway, 'woonboog', sample(0), '2020-01-01T00:00:00Z')
  expect(before.body.checks.find(({ outcome }) => outcome === 'stops')).toMatchObject({
    check: 'agreement',
  })
  const day = { referenceDate: '2027-02-01' }
  const then = await askAbout(gateway, 'woonboog', sample(0, day), '2027-02-03T10:00:00+01:00')
  expect([then.body.passes, then.body.at]).toEqual([true, '2027-02-03T09:00:00.000Z'])
  const now = await askAbout(gateway, 'woonboog', sample(0, day))
  expect(now.body.checks.find(({ check }) => check === 'content')?.outcome).toBe('stops')
})

test('what is left of the ceilings goes down with what is sent, not with what is asked', async () => {
  const left = async () => {
    const { body } = await askAbout(gateway, 'leefgoed', sample(0))
    return body.checks.find(({ check }) => check === 'items-today')?.note
  }
  expect(await left()).toMatch(/^20000 of 20000 items /)
  expect(await left()).toMatch(/^20000 of 20000 items /)
  expect((await send(gateway, 'leefgoed', sample(0))).status).toBe(202)
  expect(await left()).toMatch(/^19998 of 20000 items /)
})

test('every kind of party may ask about its own messages, and nobody without a token', async () => {
  const office = await askAbout(gateway, 'an-office', sample(10))
  expect([office.status, office.body.errors[0]?.code]).toEqual([200, 'HB-302'])
  const body = { type: 'tenancy.ended', message: sample(4).message }
  expect((await call(gateway, 'POST', '/v1/explain', { body })).status).toBe(401)
})

test('an answer or progress without its id is taken to be under the only protocol it can be', async () => {
  const { about: _, ...answer } = sample(1)
  const { body } = await askAbout(gateway, 'vdab', answer)
  expect([body.passes, body.protocol?.id]).toEqual([true, 'wm-vdab'])
  expect(body.notes.join(' ')).toContain('Name in about')
})

test('the kit asks too', async () => {
  const { type, message } = sample(4)
  const told = await gateway.clients.woonboog.explain({ type, message })
  expect([told.passes, told.recipient?.party]).toEqual([true, 'vdab'])
})

describe('nothing of a question stays', () => {
  const number = syntheticNumber(77_777)
  const dotted = `${number.slice(0, 2)}.${number.slice(2, 4)}.${number.slice(4, 6)}-${number.slice(6, 9)}.${number.slice(9)}`
  const secret = 'ref-planted-417'

  const planted = (): [string, object][] => {
    const { type, message } = sample(0, { tenants: [person({})] })
    const withMessage = (changes: object) => ({ type, message: { ...message, ...changes } })
    return [
      ['in its own field', withMessage({ tenants: [person({ insz: number })] })],
      ['in the display form', withMessage({ tenants: [person({ insz: dotted })] })],
      ['in a reference', withMessage({ tenants: [person({ tenantRef: `WB-${number}` })] })],
      [
        'with spaces',
        withMessage({ tenants: [person({ tenantRef: dotted.replace(/\D/g, ' ') })] }),
      ],
      ['as a number', withMessage({ tenants: [person({ tenantRef: Number(number) })] })],
      ['as a name', withMessage({ tenants: [person({ [number]: 1 })] })],
      ['as the name of a name', withMessage({ [`a ${dotted}`]: { b: 1 } })],
      ['deep below', withMessage({ more: [[{ more: { more: [`x ${number}`] } }]] })],
      ['as the purpose', withMessage({ purpose: number })],
      ['as the protocol', withMessage({ protocol: number })],
      ['as the type', { type: number, message }],
      ['as the moment', { type, message, at: number }],
      ['beside the message', { type, message, [number]: number }],
      ['as the message', { type, message: number }],
      ['as all of it', [number] as object],
    ]
  }

  function person(changes: object) {
    return { insz: 'synthetic', tenantRef: secret, tenantGround: 'art-6.1-1-a', ...changes }
  }

  async function count(): Promise<string> {
    const { rows } = await gateway.db.pool.query(
      `SELECT (SELECT count(*) FROM message) AS messages, (SELECT count(*) FROM route) AS routes,
         (SELECT sum(used) FROM volume_use) AS used,
         (SELECT count(*) FROM audit_entry) + (SELECT count(*) FROM audit_pending) AS entries`,
    )
    return JSON.stringify(rows[0])
  }

  /** What is in the tables once nothing is under way any more. */
  async function rows(): Promise<string> {
    for (let [last, same] = ['', 0]; ; await sleep(150)) {
      const found = await count()
      same = found === last ? same + 1 : 0
      last = found
      if (same === 4) return found
    }
  }

  test('a national number anywhere is refused unread, and is nowhere afterwards', async () => {
    const before = await rows()
    for (const [where, question] of planted()) {
      const { status, body, text } = await ask(gateway, 'woonboog', question)
      expect([where, status, (body as { code?: string }).code]).toEqual([where, 422, 'HB-209'])
      for (const word of [number, dotted, secret]) expect(text).not.toContain(word)
    }
    expect(await rows()).toBe(before)
    const everywhere = [number, dotted, dotted.replace(/\D/g, ' ')]
    expect(await findForbidden(gateway, everywhere, [secret])).toEqual([])
  })

  test('anything else than "synthetic" where a number belongs is refused too', async () => {
    for (const insz of ['Synthetic', '', 'x', 12, null, {}, ['synthetic']]) {
      const question = { type: 'detection.request', message: { tenants: [{ insz }] } }
      const { status, body } = await ask(gateway, 'woonboog', question)
      expect([insz, status, body.errors[0]]).toMatchObject([
        insz,
        422,
        { code: 'HB-209', pointer: '/message/tenants/0/insz' },
      ])
    }
  })

  test('a question that is explained leaves no row and no entry either', async () => {
    const before = await rows()
    for (const changes of [{}, { purpose: 'marketing' }, { protocol: 'nowhere' }]) {
      const one = sample(0, { tenants: [person({})], ...changes })
      expect((await askAbout(gateway, 'woonboog', one)).status).toBe(200)
      expect((await askAbout(gateway, 'vdab', one)).status).toBe(200)
    }
    expect(await rows()).toBe(before)
    expect(await findForbidden(gateway, [], [secret])).toEqual([])
  })
})

test('odd questions get a refusal with a code, never a 500', async () => {
  const token = await tokenOf(gateway, 'woonboog')
  const post = (body: unknown) => call(gateway, 'POST', '/v1/explain', { token, body })
  const deep = `{"type":"tenancy.ended","message":{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}}`
  const { type, message } = sample(4)
  const cases: [unknown, number, string][] = [
    ['{', 400, 'HB-201'],
    ['null', 400, 'HB-202'],
    ['[]', 400, 'HB-202'],
    [{ type }, 400, 'HB-202'],
    [{ type, message, more: 1 }, 400, 'HB-202'],
    [{ type, message, at: 'tomorrow' }, 400, 'HB-202'],
    [{ type, message, at: '9999-12-31T23:59:59Z' }, 400, 'HB-202'],
    [{ type, message, about: 'x' }, 400, 'HB-202'],
    [{ type, message: { ...message, type: 'detection.request' } }, 400, 'HB-202'],
    [`{"type":"${'x'.repeat(1_100_000)}"}`, 413, 'HB-203'],
    [deep, 400, 'HB-211'],
  ]
  for (const [body, status, code] of cases) {
    const reply = await post(body)
    expect([String(body).slice(0, 40), reply.status, reply.body.code]).toEqual([
      String(body).slice(0, 40),
      status,
      code,
    ])
  }
  const years = await post({ type, message, at: '2999-12-31T23:59:59Z' })
  expect(years.status).toBe(200)
})
