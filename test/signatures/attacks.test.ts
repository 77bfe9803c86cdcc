import { createHash, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { request } from 'node:http'
import { toJwks } from '../../src/client/index.ts'
import { openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { tokenFor } from '../support/raw.ts'
import { testKey } from '../support/statements.ts'
import {
  encode,
  fromJwk,
  type HandKey,
  macByHand,
  makeKey,
  signByHand,
  verifyByHand,
} from './by-hand.ts'
import { detectionBody, headerFor, mustSign, newCall, type Sent, send, signed } from './support.ts'

const PARTY = 'woonboog'
const own = fromJwk(testKey(PARTY).privateKey)
const KEYS = {
  EdDSA: makeKey('EdDSA', 'second'),
  ES256: makeKey('ES256', 'es256'),
  PS256: makeKey('PS256', 'ps256'),
}
const former = makeKey('EdDSA', 'former')
const sealing = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const SEALING: HandKey = {
  ...{ alg: 'ES256', kid: 'sealing', privateKey: sealing.privateKey },
  publicJwk: { ...sealing.publicKey.export({ format: 'jwk' }), kid: 'sealing' },
}

let gateway: TestGateway
let token: string

beforeAll(async () => {
  gateway = await testGateway({ framework: mustSign, webhooks: false })
  await openDomain(gateway)
  const keep = async (keys: object[], overlapMs: number) => {
    const set = { keys: [...toJwks(testKey(PARTY)).keys, ...keys] } as never
    await gateway.context.parties.rotate(PARTY, { set }, overlapMs)
  }
  await keep([former.publicJwk], 0)
  const encryption = { ...SEALING.publicJwk, use: 'enc', alg: 'ECDH-ES' }
  await keep([...Object.values(KEYS).map(key => key.publicJwk), encryption], 0)
  token = await tokenFor(gateway, PARTY)
})
afterAll(() => gateway.close())

type Attack = (sent: Sent) => { jws: string; sent?: Sent }
const changed = (changes: Record<string, unknown>): Attack => {
  return sent => ({ jws: signed(gateway, PARTY, sent, changes) })
}
const seconds = (ago: number) => Math.floor(Date.now() / 1000) - ago
const over =
  (bytes: (body: string) => string): Attack =>
  sent => ({ jws: signed(gateway, PARTY, sent), sent: { ...sent, body: bytes(sent.body) } })
const by =
  (key: HandKey, alg: string = key.alg): Attack =>
  sent => ({ jws: signed(gateway, PARTY, sent, { alg }, key) })
const reshaped =
  (shape: (jws: string, sent: Sent) => string): Attack =>
  sent => ({ jws: shape(signed(gateway, PARTY, sent), sent) })
const mac =
  (secret: () => Uint8Array | string): Attack =>
  sent => {
    const header = { ...headerFor(gateway, PARTY, own, sent), alg: 'HS256' }
    return { jws: macByHand(secret(), header, sent.body) }
  }
const publicOf = () => testKey(PARTY).publicKey as JsonWebKey

const FORM: Record<string, Attack> = {
  'alg none': changed({ alg: 'none' }),
  'alg none without a signature': reshaped((_, sent) => {
    const header = { ...headerFor(gateway, PARTY, own, sent), alg: 'none' }
    return `${encode(JSON.stringify(header))}..`
  }),
  'a MAC with the public key as secret': mac(() => Buffer.from(String(publicOf().x), 'base64url')),
  'a MAC with the JWK as secret': mac(() => JSON.stringify(publicOf())),
  'alg RS256': changed({ alg: 'RS256' }),
  'alg ES384': changed({ alg: 'ES384' }),
  'no alg': changed({ alg: undefined }),
  'alg in a list': changed({ alg: ['EdDSA'] }),
  'no kid': changed({ kid: undefined }),
  'an empty kid': changed({ kid: '' }),
  'a kid that is no text': changed({ kid: { a: 1 } }),
  'a kid of 129 characters': changed({ kid: 'k'.repeat(129) }),
  'another typ': changed({ typ: 'JWT' }),
  'no typ': changed({ typ: undefined }),
  'typ of a receipt': changed({ typ: 'receipt+jwt' }),
  'b64 true': changed({ b64: true }),
  'b64 left out': changed({ b64: undefined }),
  'b64 as text': changed({ b64: 'false' }),
  'no crit': changed({ crit: undefined }),
  'an empty crit': changed({ crit: [] }),
  'an unknown crit': changed({ crit: ['b64', 'exp'], exp: 1 }),
  'only an unknown crit': changed({ crit: ['exp'], exp: 1 }),
  'a crit twice': changed({ crit: ['b64', 'b64'] }),
  ...Object.fromEntries(
    ['jwk', 'jku', 'x5c', 'x5u', 'x5t'].map(name => {
      return [
        `with ${name}`,
        changed({ [name]: name === 'jwk' ? publicOf() : 'https://a.example' }),
      ]
    }),
  ),
  'the payload inside': reshaped((jws, { body }) => jws.replace('..', `.${encode(body)}.`)),
  'a compact JWS': reshaped(jws => jws.replace('..', '.')),
  'five parts': reshaped(jws => jws.replace('..', '....')),
  'two signatures in one header': reshaped(jws => `${jws}, ${jws}`),
  'padded base64': reshaped(jws => `${jws}==`),
  'base64 with plus and slash': reshaped(jws => `${jws.slice(0, -2)}+/`),
  'no header part': reshaped(jws => jws.slice(jws.indexOf('..'))),
  'no signature part': reshaped(jws => jws.slice(0, jws.indexOf('..') + 2)),
  'an empty header': reshaped(() => ''),
  'a word': reshaped(() => 'signature'),
  'a header of over 4,096 characters': changed({ note: 'x'.repeat(4_000) }),
  'a protected header that is a list': sent => ({ jws: signByHand(own, '[]', sent.body) }),
  'a protected header that is no JSON': sent => ({ jws: signByHand(own, '{', sent.body) }),
}

const SIGNATURE: Record<string, Attack> = {
  'one byte of the body changed': over(body => body.replace('t-', 'u-')),
  'a space added': over(body => `${body} `),
  'whitespace inside': over(body => body.replace(',', ', ')),
  'a byte order mark': over(body => `\ufeff${body}`),
  'members in another order': over(body => {
    return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(body)).toReversed()))
  }),
  'a body that says the same in escapes': over(body => body.replace('wm-vdab', '\\u0077m-vdab')),
  'another body': over(() => detectionBody()),
  'an empty body': over(() => ''),
  'the header with members in another order': reshaped((jws, sent) => {
    const header = headerFor(gateway, PARTY, own, sent)
    const turned = JSON.stringify(Object.fromEntries(Object.entries(header).toReversed()))
    return `${encode(turned)}${jws.slice(jws.indexOf('..'))}`
  }),
  'a changed signature': reshaped(jws => `${jws.slice(0, -6)}${'A'.repeat(6)}`),
  'a short signature': reshaped(jws => jws.slice(0, -10)),
  'over the encoded body (b64 true, said to be false)': sent => {
    const header = headerFor(gateway, PARTY, own, sent)
    return { jws: signByHand(own, header, encode(sent.body)) }
  },
  "another party's key under its kid": by(fromJwk(testKey('leefgoed').privateKey)),
  "another party's key under the kid of the party": by({
    ...fromJwk(testKey('leefgoed').privateKey),
    kid: own.kid,
  }),
  "VDAB's key": by(fromJwk(testKey('vdab').privateKey)),
  'a key that nobody registered': by(makeKey('EdDSA', 'nobody')),
  'a key that was replaced': by(former),
  'a key for encryption': by(SEALING),
  'an algorithm of another kind of key': by(KEYS.ES256, 'PS256'),
  'EdDSA named for a P-256 key': by(KEYS.ES256, 'EdDSA'),
  'ES256 named for an Ed25519 key': by(own, 'ES256'),
  'a kid with a path': changed({ kid: '../../etc/passwd' }),
  'a kid with SQL': changed({ kid: "' OR 1=1 --" }),
  'a kid of an object member': changed({ kid: '__proto__' }),
}

const OTHER_CALL: Record<string, Attack> = {
  'iss of another party': changed({ iss: 'leefgoed' }),
  'no iss': changed({ iss: undefined }),
  'aud of another gateway': changed({ aud: 'https://other.example' }),
  'aud as a list': sent => changed({ aud: [gateway.url] })(sent),
  'aud with a slash': sent => changed({ aud: `${gateway.url}/` })(sent),
  'no aud': changed({ aud: undefined }),
  'another method': changed({ htm: 'PUT' }),
  'the method in small letters': changed({ htm: 'post' }),
  'another operation': sent => changed({ htu: `${gateway.url}/v1/tenancies/ended` })(sent),
  'a path of its own': changed({ htu: '/v1/detections' }),
  'no htu': changed({ htu: undefined }),
  'another Idempotency-Key': changed({ id: 'another' }),
  'no Idempotency-Key': changed({ id: undefined }),
  'replayed on another operation': sent => ({
    jws: signed(gateway, PARTY, sent),
    sent: { ...sent, path: '/v1/messages' },
  }),
  'replayed under another Idempotency-Key': sent => ({
    jws: signed(gateway, PARTY, sent),
    sent: { ...sent, key: 'replayed' },
  }),
  stale: sent => changed({ iat: seconds(310) })(sent),
  'from the future': sent => changed({ iat: seconds(-310) })(sent),
  'no iat': changed({ iat: undefined }),
  'iat as text': sent => changed({ iat: String(seconds(0)) })(sent),
  'iat in milliseconds': sent => changed({ iat: Date.now() })(sent),
  'iat null': changed({ iat: null }),
}

const CASES = [
  ...Object.entries(FORM).map(one => ['HB-128', 400, ...one] as const),
  ...Object.entries(SIGNATURE).map(one => ['HB-129', 403, ...one] as const),
  ...Object.entries(OTHER_CALL).map(one => ['HB-130', 403, ...one] as const),
]

const messages = async () =>
  (await gateway.db.pool.query('SELECT count(*)::int AS n FROM message')).rows[0].n

test('nothing of any attack is taken, each is refused by name and counted as evidence', async () => {
  const before = await messages()
  const told: string[] = []
  for (const [code, status, name, attack] of CASES) {
    const made = newCall()
    const { jws, sent = made } = attack(made)
    const reply = await send(gateway, token, sent, jws)
    const [first] = reply.body.errors ?? []
    const right = reply.status === status && reply.body.code === code && first?.rule && first.remedy
    if (!right) told.push(`${name}: ${reply.status} ${reply.body.code}`)
    if (jws.length > 20 && reply.text.includes(jws.slice(0, 20))) told.push(`${name}: echoed`)
  }
  expect(told).toEqual([])
  expect(await messages()).toBe(before)
  await gateway.context.tokens.close()
  const { rows } = await gateway.db.pool.query<{ code: string; attempts: number }>(
    `SELECT e ->> 'code' AS code, sum((e -> 'counts' ->> 'attempts')::int)::int AS attempts
     FROM (SELECT convert_from(entry, 'UTF8')::jsonb AS e FROM audit_entry
       UNION ALL SELECT convert_from(entry, 'UTF8')::jsonb FROM audit_pending) all_entries
     WHERE e ->> 'action' = 'access.refused' AND e -> 'actor' ->> 'client' = $1 GROUP BY 1 ORDER BY 1`,
    [PARTY],
  )
  const wanted = [FORM, SIGNATURE, OTHER_CALL].map(table => Object.keys(table).length)
  expect(rows.map(row => row.attempts)).toEqual(wanted)
  expect(CASES.length).toBeGreaterThan(80)
})

test('two headers are not one, and a huge one does not get through', async () => {
  const sent = newCall()
  const good = signed(gateway, PARTY, sent)
  expect(await rawStatus(sent, [good, good])).toBe(400)
  expect(await rawStatus(sent, [good, signed(gateway, PARTY, sent, { iat: seconds(10) })])).toBe(
    400,
  )
  expect(await rawStatus(sent, ['x'.repeat(12_000)])).toBe(400)
  // The server may close before it was all sent.
  expect([0, 431]).toContain(await rawStatus(sent, ['x'.repeat(100_000)]))
  expect(await rawStatus(sent, [good])).toBe(202)
})

/** As `fetch` cannot: the same header more than once. */
function rawStatus({ path, key, body }: Sent, jws: string[]): Promise<number> {
  return new Promise(resolve => {
    const headers = {
      ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...{ 'idempotency-key': key, 'content-length': Buffer.byteLength(body) },
      'x-jws-signature': jws,
    }
    const call = request(`${gateway.url}${path}`, { method: 'POST', headers }, response => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    call.on('error', () => resolve(0)).end(body)
  })
}

test.each(Object.entries(KEYS))('a good one of %s is taken and kept', async (alg, key) => {
  const sent = newCall()
  const jws = signed(gateway, PARTY, sent, {}, key)
  const { status, body } = await send(gateway, token, sent, jws)
  expect([status, body['state']]).toEqual([202, 'accepted'])
  const { rows } = await gateway.db.pool.query<{ details: string; digest: string; kept: boolean }>(
    `SELECT d.details, m.digest,
       e.entry ->> 'details' = rtrim(translate(encode(sha256(d.salt || convert_to(d.details, 'UTF8')), 'base64'), '+/', '-_'), '=') AS kept
     FROM audit_detail d JOIN (SELECT entry_id, message_id, convert_from(entry, 'UTF8')::jsonb AS entry FROM audit_pending
       UNION ALL SELECT entry_id, message_id, convert_from(entry, 'UTF8')::jsonb FROM audit_entry) e USING (entry_id)
     JOIN message m ON m.id = e.message_id WHERE m.id = $1 AND e.entry ->> 'action' = 'message.accepted'`,
    [body['messageId']],
  )
  expect(rows).toMatchObject([{ kept: true }])
  const { details = '', digest } = rows[0] ?? {}
  const held = JSON.parse(details) as { signature: string; key: JsonWebKey }
  expect(held.signature).toBe(jws)
  // With the bytes, whoever has them holds the party to it; without them nothing of them is here.
  expect(verifyByHand(held.signature, Buffer.from(sent.body), held.key)).toMatchObject({ alg })
  expect(createHash('sha256').update(sent.body).digest('base64url')).toBe(digest)
  expect(details).not.toContain(JSON.parse(sent.body).nonce)
  expect(details).not.toMatch(/"(d|p|q|k)":/)
})
