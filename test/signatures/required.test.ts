import { randomUUID } from 'node:crypto'
import { ristretto255 } from '@noble/curves/ed25519.js'
import { importKeys, parsePublicJwks } from '../../src/access/public-jwks.ts'
import type { EvidenceBundle } from '../../src/audit/bundle.ts'
import { type BundleTrust, checkBundle } from '../../src/audit/bundle-check.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { type KeyPair, newNonce, toJwks } from '../../src/client/index.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { bundleOf } from '../receipts/kit.ts'
import { detection, forwardedTo, TODAY } from '../support/detection.ts'
import { type PartyId, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber, tenant } from '../support/people.ts'
import { call, tokenFor } from '../support/raw.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'
import { testKey } from '../support/statements.ts'
import { detectionBody, mustSign, newCall, type Sent, send, signed } from './support.ts'

let gateway: TestGateway
let register: TestRegister
const tokens = {} as Record<'woonboog' | 'vdab', string>

beforeAll(async () => {
  gateway = await testGateway({ framework: mustSign, webhooks: false })
  register = await prepareTestRegister(gateway, [syntheticNumber(900)])
  for (const party of ['woonboog', 'vdab'] as const) tokens[party] = await tokenFor(gateway, party)
})
afterAll(async () => {
  register.close()
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
  await gateway.close()
})

const messages = async () =>
  (await gateway.db.pool.query('SELECT count(*)::int AS n FROM message')).rows[0].n

const entries = async (code: string) => {
  const { rows } = await gateway.db.pool.query<{ entry: Record<string, unknown> }>(
    `SELECT entry FROM (SELECT convert_from(entry, 'UTF8')::jsonb AS entry FROM audit_entry
       UNION ALL SELECT convert_from(entry, 'UTF8')::jsonb FROM audit_pending) e
     WHERE entry ->> 'code' = $1`,
    [code],
  )
  return rows.map(row => row.entry)
}

/** Every person-bearing operation once, good but for the signature. */
async function everyOperation(): Promise<[PartyId & keyof typeof tokens, Sent][]> {
  const base = { protocol: 'wm-vdab', nonce: newNonce() }
  const { messageId } = await gateway.clients.woonboog.detect(
    detection([tenant(900, { tenantRef: 'known' })]),
  )
  const forwarded = await forwardedTo(gateway, messageId)
  const [row] = await register.open(forwarded)
  const item = {
    tag: row!.tag,
    reachability: 'hard-to-reach' as const,
    establishedOn: TODAY,
  }
  await gateway.clients.vdab.feedback({
    ...{ protocol: 'wm-vdab', domain: register.domain, items: [item] },
  })
  const feedbackId = await until('the feedback is there', async () => {
    const { items } = await gateway.clients.woonboog.inbox()
    return items.map(event => event.data['feedbackId']).find(id => id !== undefined)
  })
  const requestDigest = forwarded.body['requestDigest']
  const on = { items: [{ tenantRef: 'known', endedOn: TODAY }] }
  const { tenants: items, ...rest } = JSON.parse(detectionBody())
  const general = JSON.stringify({ ...rest, type: 'detection.request', items })
  const at = (path: string, body: object) => newCall(JSON.stringify(body), path)
  return [
    ['woonboog', newCall()],
    ['woonboog', newCall(general, '/v1/messages')],
    [
      'vdab',
      at(`/v1/detections/${messageId}/answer`, { nonce: base.nonce, requestDigest, found: 1 }),
    ],
    ['vdab', at('/v1/feedback', { ...base, domain: register.domain, items: [item] })],
    [
      'woonboog',
      at(`/v1/feedback/${feedbackId}/progress`, {
        ...{ status: 'taken-up', on: TODAY, nonce: base.nonce },
      }),
    ],
    ['woonboog', at('/v1/tenancies/ended', { ...base, ...on })],
  ]
}

test('every person-bearing call without one is refused with its article, with one it is taken', async () => {
  const calls = await everyOperation()
  const before = await messages()
  const told: unknown[] = []
  for (const [party, sent] of calls) {
    const { status, body } = await send(gateway, tokens[party], sent)
    const { code, rule, remedy } = body.errors?.[0] ?? {}
    told.push([status, code, rule?.endsWith(', modalities.signature'), Boolean(remedy)])
  }
  expect(told).toEqual(calls.map(() => [403, 'HB-127', true, true]))
  expect(await messages()).toBe(before)
  const evidence = await entries('HB-127')
  expect(evidence).toHaveLength(calls.length)
  for (const entry of evidence) {
    expect(entry).toMatchObject({ action: 'message.refused', decision: 'refused' })
    expect(entry).not.toHaveProperty('message')
  }
  // The refusal is no outcome: the same key and bytes are taken once they are signed.
  for (const [party, sent] of calls) {
    const { status, body } = await send(gateway, tokens[party], sent, signed(gateway, party, sent))
    expect([sent.path, status, body.code]).toEqual([sent.path, 202, undefined])
  }
  expect(await messages()).toBe(before + calls.length)
})

test('a repeated call with a fresh signature is the same call; without one it hears nothing', async () => {
  const sent = newCall()
  const jws = signed(gateway, 'woonboog', sent, { iat: Math.floor(Date.now() / 1000) - 200 })
  const first = await send(gateway, tokens.woonboog, sent, jws)
  expect(first.status).toBe(202)
  const before = await messages()
  for (const again of [jws, signed(gateway, 'woonboog', sent)]) {
    const reply = await send(gateway, tokens.woonboog, sent, again)
    expect([reply.status, reply.body]).toEqual([202, first.body])
  }
  const bare = await send(gateway, tokens.woonboog, sent)
  expect([bare.status, bare.body.code, bare.text.includes('msg_')]).toEqual([403, 'HB-127', false])
  const other = { ...sent, body: `${sent.body} ` }
  const conflict = await send(gateway, tokens.woonboog, other, signed(gateway, 'woonboog', other))
  expect([conflict.status, conflict.body.code]).toEqual([409, 'HB-501'])
  // The conflict is a refusal of its own; nothing else was taken.
  expect(await messages()).toBe(before + 1)
})

test('of a body without a nonce no signature is kept: it could be guessed with it', async () => {
  const { nonce: _, ...rest } = JSON.parse(detectionBody())
  const sent = newCall(JSON.stringify(rest))
  const { body } = await send(gateway, tokens.woonboog, sent, signed(gateway, 'woonboog', sent))
  expect(body.code).toBe('HB-202')
  const { rows } = await gateway.db.pool.query(
    `SELECT 1 FROM audit_detail d JOIN (SELECT entry_id, message_id FROM audit_pending
       UNION ALL SELECT entry_id, message_id FROM audit_entry) e USING (entry_id) WHERE e.message_id = $1`,
    [body['instance']],
  )
  expect(rows).toEqual([])
  const refused = newCall(JSON.stringify({ ...rest, nonce: newNonce(), purpose: 'another' }))
  const reply = await send(gateway, tokens.woonboog, refused, signed(gateway, 'woonboog', refused))
  const { rows: kept } = await gateway.db.pool.query(
    `SELECT d.details FROM audit_detail d JOIN (SELECT entry_id, message_id FROM audit_pending
       UNION ALL SELECT entry_id, message_id FROM audit_entry) e USING (entry_id) WHERE e.message_id = $1`,
    [reply.body['instance']],
  )
  expect(kept).toHaveLength(1)
})

test('nor is a pseudonym made for who cannot sign: a token alone opens no register', async () => {
  const { domain } = register
  const point = Buffer.from(ristretto255.Point.BASE.toBytes())
  const body = JSON.stringify({ domain, blinded: [point.toString('base64url')] })
  const evaluate = newCall(body, '/v1/pseudonyms/evaluations')
  const bare = await send(gateway, tokens.vdab, evaluate)
  expect([bare.status, bare.body.code]).toEqual([403, 'HB-127'])
  const reply = await send(gateway, tokens.vdab, evaluate, signed(gateway, 'vdab', evaluate))
  expect(reply.status).toBe(200)
})

test('where none is asked a wrong one refuses all the same, and nothing is done', async () => {
  const url = 'http://127.0.0.1:9/hook'
  const sent = newCall(JSON.stringify({ url }), '/v1/webhook', 'PUT')
  const wrong = signed(gateway, 'woonboog', { ...sent, body: '{}' })
  const refused = await send(gateway, tokens.woonboog, sent, wrong)
  expect([refused.status, refused.body.code]).toEqual([403, 'HB-129'])
  const hooks = 'SELECT 1 FROM webhook'
  expect((await gateway.db.pool.query(hooks)).rowCount).toBe(0)
  const taken = await send(gateway, tokens.woonboog, sent, signed(gateway, 'woonboog', sent))
  expect(taken.status).toBe(200)
  const bare = { ...sent, key: randomUUID(), method: 'DELETE', body: '{}' }
  expect((await send(gateway, tokens.woonboog, bare)).status).toBe(204)
})

test('a question about a message needs none, and says that the message will', async () => {
  const message = JSON.parse(detectionBody())
  message.tenants[0].insz = 'synthetic'
  const body = { type: 'detection.request', message }
  const reply = await call(gateway, 'POST', '/v1/explain', { token: tokens.woonboog, body })
  expect(reply.body.errors).toEqual([])
  expect(reply.body).toMatchObject({ passes: true })
  expect(String(reply.body['notes'])).toContain('HB-127')
})

test('the readable protocol says so', async () => {
  const page = await fetch(`${gateway.url}/v1/protocols/wm-vdab`, {
    headers: { accept: 'text/html' },
  })
  expect(await page.text()).toContain('een digitale handtekening met haar eigen sleutel')
})

test('a party that is shut out is refused as such, signed or not', async () => {
  const party = 'leefgoed'
  const token = await tokenFor(gateway, party)
  await gateway.context.parties.disable(party)
  const sent = newCall()
  const { status, body } = await send(gateway, token, sent, signed(gateway, party, sent))
  expect([status, body.code]).toEqual([401, 'HB-106'])
})

describe('the evidence bundle of a signed message', () => {
  const sent = newCall()
  let bundle: EvidenceBundle
  let trust: BundleTrust

  beforeAll(async () => {
    const { body } = await send(gateway, tokens.woonboog, sent, signed(gateway, 'woonboog', sent))
    bundle = await bundleOf(gateway, String(body['messageId']))
    const { keys, config } = gateway.context
    const keysOf = async (...pairs: KeyPair[]) =>
      importKeys(await parsePublicJwks(toJwks(...pairs)))
    trust = {
      log: [noteVerifier(await loadLogVerifierKey(keys, config.logOrigin))],
      ...{ witnesses: [], receipts: [], now: new Date(), body: Buffer.from(sent.body) },
      parties: new Map([['woonboog', await keysOf(testKey('woonboog'))]]),
    }
    others = new Map([['woonboog', await keysOf(testKey('leefgoed'))]])
  })
  let others: BundleTrust['parties']

  const told = async (value: unknown, given = trust) => {
    const { checks } = await checkBundle(JSON.stringify(value), given)
    return checks.filter(({ name }) => name === 'signature').map(one => [one.result, one.what])
  }

  test('holds its sender to the body that it signed', async () => {
    expect(await told(bundle)).toEqual([
      ['fits', expect.stringContaining('commits to a signature of woonboog')],
      ['fits', expect.stringContaining('woonboog signed the body with key')],
    ])
    expect(JSON.stringify(bundle)).not.toContain(JSON.parse(sent.body).nonce)
  })

  test('says what is not checked, and what is wrong', async () => {
    const { body: _, ...without } = trust
    expect((await told(bundle, without)).at(-1)).toEqual([
      'not checked',
      expect.stringContaining('give the body'),
    ])
    const { signature, ...rest } = bundle
    expect(await told(rest)).toEqual([['not checked', expect.stringContaining('erased')]])
    const details = signature!.details.replace(/.(?="})/, '-')
    const wrong: [unknown, BundleTrust, string][] = [
      [{ ...bundle, signature: { ...signature, details } }, trust, 'not what the entry commits to'],
      [
        { ...bundle, signature: { ...signature, salt: 'A'.repeat(43) } },
        trust,
        'not what the entry',
      ],
      [bundle, { ...trust, parties: others }, 'not among those given'],
    ]
    for (const [value, given, what] of wrong)
      expect((await told(value, given)).at(-1)).toEqual(['wrong', expect.stringContaining(what)])
  })
})
