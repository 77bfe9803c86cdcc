import { randomUUID } from 'node:crypto'
import { newNonce } from '../../src/client/index.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber, tenant } from '../support/people.ts'
import { call, type RawReply, tokenFor } from '../support/raw.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'

const TODAY = new Date().toISOString().slice(0, 10)
const GROUP = { id: 'tenants-with-labour-potential', version: '1.0' }
const TAG = Buffer.alloc(16, 9).toString('base64url')

let gateway: TestGateway
let register: TestRegister
let woonboog: string
let vdab: string
let next = 1_000

beforeAll(async () => {
  gateway = await testGateway()
  register = await prepareTestRegister(gateway, [syntheticNumber(0), syntheticNumber(1)])
  woonboog = await tokenFor(gateway, 'woonboog')
  vdab = await tokenFor(gateway, 'vdab')
})
afterAll(async () => {
  register?.close()
  await gateway?.close()
})

/** A good request about people that no other test sends, with changes. */
function request(
  changes: Record<string, unknown> = {},
  tenants = [tenant(next++), tenant(next++)],
) {
  const base = {
    protocol: 'wm-vdab',
    purpose: 'detection',
    nonce: newNonce(),
    referenceDate: TODAY,
  }
  return { ...base, targetGroup: GROUP, tenants, ...changes }
}

function post(
  path: string,
  token: string,
  body: unknown,
  key: string = randomUUID(),
): Promise<RawReply> {
  return call(gateway, 'POST', path, { token, key, body })
}

async function lastEntry(code: string): Promise<{ decision: string } | undefined> {
  const { rows } = await gateway.db.pool.query<{ decision: string }>(
    `SELECT decision FROM (SELECT id, decision, code FROM audit_pending
       UNION ALL SELECT index, decision, code FROM audit_entry) e WHERE code = $1 LIMIT 1`,
    [code],
  )
  return rows[0]
}

type Case = [name: string, body: () => unknown, status: number, code: string, pointer: string]

const days = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString().slice(0, 10)

const DETECTIONS: Case[] = [
  ['no JSON', () => '{"protocol": ', 400, 'HB-201', ''],
  ['a list', () => [], 400, 'HB-202', ''],
  ['null', () => 'null', 400, 'HB-202', ''],
  ['no protocol', () => request({ protocol: undefined }), 400, 'HB-202', '/protocol'],
  ['a protocol of a wrong type', () => request({ protocol: 7 }), 400, 'HB-202', '/protocol'],
  ['an unknown protocol', () => request({ protocol: 'nowhere' }), 422, 'HB-301', '/protocol'],
  [
    'an accession instead of its framework',
    () => request({ protocol: 'wm-vdab-woonboog' }),
    422,
    'HB-301',
    '/protocol',
  ],
  ['a wrong purpose', () => request({ purpose: 'sanction' }), 403, 'HB-311', '/purpose'],
  [
    'another target group',
    () => request({ targetGroup: { id: 'everyone', version: '1.0' } }),
    403,
    'HB-314',
    '/targetGroup',
  ],
  [
    'another version of the target group',
    () => request({ targetGroup: { ...GROUP, version: '9.9' } }),
    403,
    'HB-314',
    '/targetGroup',
  ],
  ['no nonce', () => request({ nonce: undefined }), 400, 'HB-202', '/nonce'],
  ['a short nonce', () => request({ nonce: 'abc' }), 400, 'HB-202', '/nonce'],
  ['tenants of a wrong type', () => request({ tenants: 'all' }), 400, 'HB-202', '/tenants'],
  ['no tenants', () => request({}, []), 400, 'HB-202', '/tenants'],
  [
    '1,001 tenants',
    () =>
      request(
        {},
        Array.from({ length: 1_001 }, () => tenant(next++)),
      ),
    403,
    'HB-313',
    '/tenants',
  ],
  [
    'an unknown field of a tenant',
    () => request({}, [tenant(next++, { income: 1 })]),
    403,
    'HB-312',
    '/tenants',
  ],
  [
    'an unknown field of the message',
    () => request({ comment: 'hello' }),
    403,
    'HB-312',
    '/comment',
  ],
  [
    'an unknown ground',
    () => request({}, [tenant(next++, { tenantGround: 'lodger' })]),
    400,
    'HB-202',
    '/tenants/0/tenantGround',
  ],
  [
    'a tenant reference of a wrong form',
    () => request({}, [tenant(next++, { tenantRef: 'a b' })]),
    400,
    'HB-202',
    '/tenants/0/tenantRef',
  ],
  [
    'a number hidden in a reference',
    () => request({}, [tenant(next++, { tenantRef: `x-${syntheticNumber(3)}` })]),
    422,
    'HB-402',
    '/tenants/0/tenantRef',
  ],
  [
    'a dotted number hidden in a reference',
    () => request({}, [tenant(next++, { tenantRef: 'a85.07.30-033.28' })]),
    422,
    'HB-402',
    '/tenants/0/tenantRef',
  ],
  [
    'a tenant twice',
    () => request({}, [tenant(5), tenant(5, { tenantRef: 'other' })]),
    422,
    'HB-403',
    '/tenants/1/insz',
  ],
  [
    'a reference twice',
    () => request({}, [tenant(next++), tenant(next++, { tenantRef: `tenant-${next - 2}` })]),
    422,
    'HB-403',
    '/tenants/1/tenantRef',
  ],
  [
    'a reference date in the future',
    () => request({ referenceDate: days(2) }),
    400,
    'HB-202',
    '/referenceDate',
  ],
  [
    'a reference date of long ago',
    () => request({ referenceDate: days(-70) }),
    400,
    'HB-202',
    '/referenceDate',
  ],
  [
    'a date that does not exist',
    () => request({ referenceDate: '2026-02-31' }),
    400,
    'HB-202',
    '/referenceDate',
  ],
]

describe('a detection request that is refused whole', () => {
  test.each(DETECTIONS)('%s', async (_name, body, status, code, pointer) => {
    const reply = await post('/v1/detections', woonboog, body())
    expect({ status: reply.status, code: reply.body.code }).toEqual({ status, code })
    expect(reply.headers.get('content-type')).toContain('application/problem+json')
    expect(reply.body.errors?.some(it => it.pointer.startsWith(pointer))).toBe(true)
    for (const it of reply.body.errors ?? []) {
      expect(it.rule).not.toBe('')
      expect(it.remedy).not.toBe('')
    }
    expect(reply.text).not.toMatch(/\d{11}/)
    expect(reply.body['instance']).toMatch(/^msg_/)
    expect(await lastEntry(code)).toMatchObject({ decision: 'refused' })
    const { rows } = await gateway.db.pool.query(
      'SELECT code, accepted FROM message WHERE id = $1',
      [reply.body['instance']],
    )
    expect(rows[0]).toEqual({ code, accepted: 0 })
  })

  test('a body over 1 MiB', async () => {
    const reply = await post(
      '/v1/detections',
      woonboog,
      JSON.stringify(request()) + ' '.repeat(1024 * 1024),
    )
    expect(reply).toMatchObject({ status: 413, body: { code: 'HB-203' } })
  })

  test('a body that is not UTF-8', async () => {
    const response = await fetch(`${gateway.url}/v1/detections`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${woonboog}`,
        'idempotency-key': randomUUID(),
        'content-type': 'application/json',
      },
      body: Buffer.from([0x7b, 0xff, 0x7d]),
    })
    expect(await response.json()).toMatchObject({ code: 'HB-201' })
  })

  test('a body of another type', async () => {
    const headers = { 'content-type': 'text/csv' }
    const options = { token: woonboog, key: randomUUID(), body: 'insz;naam', headers }
    const reply = await call(gateway, 'POST', '/v1/detections', options)
    expect(reply).toMatchObject({ status: 415, body: { code: 'HB-204' } })
  })

  test.each([undefined, 'two words', 'x'.repeat(65)])('an Idempotency-Key %p', async key => {
    const reply = await call(gateway, 'POST', '/v1/detections', {
      token: woonboog,
      body: request(),
      ...(key && { key }),
    })
    expect(reply).toMatchObject({ status: 400, body: { code: 'HB-205' } })
  })

  test('a tenant that was sent before in the month, by another message', async () => {
    const [first, second] = [tenant(next++), tenant(next++)]
    expect(await post('/v1/detections', woonboog, request({}, [first]))).toMatchObject({
      status: 202,
    })
    const reply = await post(
      '/v1/detections',
      woonboog,
      request({}, [second, { ...first, tenantRef: 'again' }]),
    )
    expect(reply).toMatchObject({
      status: 409,
      body: { code: 'HB-404', errors: [{ pointer: '/tenants/1/insz' }] },
    })
    // Nothing half done: the other tenant of the refused message is still new.
    expect(await post('/v1/detections', woonboog, request({}, [second]))).toMatchObject({
      status: 202,
    })
  })
})

describe('items that are refused while the message is taken', () => {
  test.each(['12345678901', '8507300332', '', '85073003329', 'abc', '85133003300'])(
    'the number %p',
    async insz => {
      const reply = await post(
        '/v1/detections',
        woonboog,
        request({}, [tenant(next++), tenant(next++, { insz })]),
      )
      if (reply.status === 400) {
        // A number that is not even written as one is a matter of shape.
        expect(reply.body).toMatchObject({
          code: 'HB-202',
          errors: [{ pointer: '/tenants/1/insz' }],
        })
        return
      }
      expect(reply).toMatchObject({ status: 202, body: { accepted: 1 } })
      expect(reply.body['refused']).toEqual([
        {
          index: 1,
          tenantRef: `tenant-${next - 1}`,
          code: 'HB-401',
          pointer: '/tenants/1/insz',
          rule: expect.any(String),
          remedy: expect.any(String),
        },
      ])
      if (insz) expect(reply.text).not.toContain(insz)
    },
  )

  test('all of them', async () => {
    const reply = await post(
      '/v1/detections',
      woonboog,
      request({}, [tenant(next++, { insz: '12345678901' })]),
    )
    expect(reply).toMatchObject({ status: 202, body: { accepted: 0, state: 'refused' } })
  })

  test('the dotted form is the same person as the digits', async () => {
    const number = syntheticNumber(next)
    const dotted = `${number.slice(0, 2)}.${number.slice(2, 4)}.${number.slice(4, 6)}-${number.slice(6, 9)}.${number.slice(9)}`
    const reply = await post(
      '/v1/detections',
      woonboog,
      request({}, [tenant(next), tenant(next++, { insz: dotted, tenantRef: 'dotted' })]),
    )
    expect(reply).toMatchObject({ status: 422, body: { code: 'HB-403' } })
  })
})

describe('one outcome per Idempotency-Key', () => {
  test('the same key and body get the first outcome again, references included', async () => {
    const body = request({}, [tenant(next++), tenant(next++, { insz: '12345678901' })])
    const first = await post('/v1/detections', woonboog, body, 'same-key')
    const again = await post('/v1/detections', woonboog, body, 'same-key')
    expect(again.status).toBe(202)
    expect(again.body).toEqual(first.body)
    const { rows } = await gateway.db.pool.query(
      'SELECT response::text FROM idempotency WHERE key = $1',
      ['same-key'],
    )
    expect(rows[0].response).not.toMatch(/"tenant-\d/)
  })

  test('another body with the same key is refused', async () => {
    await post('/v1/detections', woonboog, request(), 'taken')
    const reply = await post('/v1/detections', woonboog, request(), 'taken')
    expect(reply).toMatchObject({ status: 409, body: { code: 'HB-501' } })
  })

  test('a refusal is an outcome too', async () => {
    const body = request({ purpose: 'sanction' })
    const first = await post('/v1/detections', woonboog, body, 'refused-key')
    const again = await post('/v1/detections', woonboog, body, 'refused-key')
    expect(again.body).toEqual(first.body)
  })

  test('of twenty at the same instant one is taken and all get its outcome', async () => {
    const body = JSON.stringify(request())
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => post('/v1/detections', woonboog, body, 'race')),
    )
    expect(new Set(replies.map(reply => reply.text)).size).toBe(1)
    expect(replies[0]?.status).toBe(202)
    const { rows } = await gateway.db.pool.query(
      'SELECT count(*)::int AS n FROM message WHERE id = $1',
      [replies[0]?.body['messageId']],
    )
    expect(rows[0].n).toBe(1)
  })

  test('of two messages about the same tenant at the same instant one is taken', async () => {
    const shared = Array.from({ length: 50 }, () => tenant(next++))
    const replies = await Promise.all([
      post('/v1/detections', woonboog, request({}, shared)),
      post('/v1/detections', woonboog, request({}, shared.toReversed())),
    ])
    expect(replies.map(reply => reply.status).toSorted()).toEqual([202, 409])
  })
})

describe('answers and feedback that are refused', () => {
  test.each([
    [
      'an unknown request',
      '/v1/detections/msg_01ARZ3NDEKTSV4RRFFQ69G5FAV/answer',
      { requestDigest: newNonce(), found: 1 },
      404,
      'HB-503',
    ],
    [
      'a malformed request id',
      '/v1/detections/x/answer',
      { requestDigest: newNonce(), found: 1 },
      404,
      'HB-503',
    ],
  ])('an answer to %s', async (_name, path, body, status, code) => {
    const reply = await post(path, vdab, { nonce: newNonce(), ...body })
    expect(reply).toMatchObject({ status, body: { code } })
  })

  test.each([-1, 1.5, 3, 'x', null, {}, []])('an answer that found %p of two', async found => {
    const sent = await post('/v1/detections', woonboog, request())
    const forwarded = await until('forwarded', () =>
      gateway.vdab
        .to('/api/detections')
        .find(it => it.body['messageId'] === sent.body['messageId']),
    )
    const { requestDigest } = forwarded.body
    const path = `/v1/detections/${sent.body['messageId']}/answer`
    const reply = await post(path, vdab, { nonce: newNonce(), requestDigest, found })
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(reply.status).toBeLessThan(500)
    expect(['HB-202', 'HB-315']).toContain(reply.body.code)
    expect(await post(path, vdab, { nonce: newNonce(), requestDigest, found: 2 })).toMatchObject({
      status: 202,
    })
  })

  const item = { tag: TAG, reachability: 'hard-to-reach', establishedOn: TODAY }
  const feedback = (changes: object) => ({
    protocol: 'wm-vdab',
    domain: 'wm-vdab/1/1',
    nonce: newNonce(),
    items: [item],
    ...changes,
  })
  test.each([
    ['of an unknown domain', { domain: 'wm-vdab/1/9' }, 422, 'HB-412'],
    ['with a reason', { items: [{ ...item, reason: 'no show' }] }, 403, 'HB-312'],
    [
      'with an unknown reachability',
      { items: [{ ...item, reachability: 'unwilling' }] },
      400,
      'HB-202',
    ],
    ['of tomorrow', { items: [{ ...item, establishedOn: days(1) }] }, 400, 'HB-202'],
    ['with a tag twice', { items: [item, item] }, 422, 'HB-409'],
    ['with a tag of a wrong length', { items: [{ ...item, tag: 'abc' }] }, 400, 'HB-202'],
    [
      'with more than 1,000 items',
      { items: Array.from({ length: 1_001 }, () => item) },
      403,
      'HB-313',
    ],
  ])('feedback %s', async (_name, changes, status, code) => {
    const reply = await post('/v1/feedback', vdab, feedback(changes))
    expect(reply).toMatchObject({ status, body: { code } })
  })

  test('feedback about a tag nobody knows is refused per item', async () => {
    const reply = await post('/v1/feedback', vdab, feedback({}))
    expect(reply).toMatchObject({
      status: 202,
      body: { accepted: 0, refused: [{ index: 0, code: 'HB-405' }] },
    })
  })
})

describe('who may do what', () => {
  test('a housing company cannot answer or give feedback, VDAB cannot ask', async () => {
    for (const [path, token] of [
      ['/v1/feedback', woonboog],
      ['/v1/detections/msg_x/answer', woonboog],
      ['/v1/detections', vdab],
      ['/v1/tenancies/ended', vdab],
    ] as const) {
      expect(await post(path, token, request())).toMatchObject({
        status: 403,
        body: { code: 'HB-107' },
      })
    }
  })

  test.each([
    ['no token', undefined, 'HB-101'],
    ['no JWT', 'garbage', 'HB-102'],
  ])('%s', async (_name, token, code) => {
    const reply = await call(gateway, 'POST', '/v1/detections', {
      key: 'k',
      body: request(),
      ...(token && { token }),
    })
    expect(reply).toMatchObject({ status: 401, body: { code } })
  })

  test('an unknown path and a wrong method say so', async () => {
    expect(await call(gateway, 'GET', '/v1/nowhere')).toMatchObject({
      status: 404,
      body: { code: 'HB-206' },
    })
    expect(await call(gateway, 'DELETE', '/v1/detections')).toMatchObject({
      status: 405,
      body: { code: 'HB-207' },
    })
  })
})

test('after all this the items balance and nothing is lost', async () => {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.length).toBeGreaterThan(0)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
  expect(balances.some(balance => balance.protocol === 'none')).toBe(true)
})
