import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { clientAuthentication, readClientProof } from '../../src/access/oidc-client.ts'
import { queryEntries } from '../../src/audit/query.ts'
import { readConfig } from '../../src/config.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { CLIENT_ID, startProvider, type TestProvider } from './provider.ts'
import { Walker } from './walk.ts'

const PATH = '/console/afgemeld-door-aanbieder'
const SESSION = 'huisbrug-sessie'
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const ROLES = {
  claim: 'groups',
  roles: { 'privacy-officer@woonboog': ['huisbrug-fg'], operator: ['huisbrug-beheer'] },
}
const own = generateKeyPairSync('ed25519')

let provider: TestProvider
let gateway: TestGateway

beforeAll(async () => {
  provider = await startProvider()
  gateway = await testGateway({
    webhooks: false,
    settings: {
      HUISBRUG_OIDC_ISSUER: provider.issuer,
      HUISBRUG_OIDC_CLIENT_ID: CLIENT_ID,
      HUISBRUG_OIDC_KEY: JSON.stringify({
        ...own.privateKey.export({ format: 'jwk' }),
        kid: 'eigen',
      }),
      HUISBRUG_OIDC_ROLES: JSON.stringify(ROLES),
      HUISBRUG_ADDRESS_BURST: '1000',
    },
  })
  // No secret: with the key alone.
  provider.open(gateway.url, {
    client_secret: undefined,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'eigen', use: 'sig' }] },
    backchannel_logout_uri: `${gateway.url}${PATH}`,
    backchannel_logout_session_required: true,
  })
})
afterAll(async () => {
  await gateway?.close()
  await provider?.close()
})

async function signIn(name: string) {
  const walker = new Walker()
  const { status } = await walker.go(await walker.signInAs(gateway.url, name))
  expect(status).toBe(200)
  return walker
}

const found = (walker: Walker) =>
  gateway.context.sessions.findSession(walker.cookies(gateway.url).get(SESSION))

const post = (token?: string) =>
  fetch(`${gateway.url}${PATH}`, {
    method: 'POST',
    body: new URLSearchParams(token === undefined ? {} : { logout_token: token }),
  })

interface Changes {
  header?: object
  claims?: object
}

const seconds = () => Math.floor(Date.now() / 1000)

function logoutToken({ header, claims }: Changes = {}): Promise<string> {
  const base = { iss: provider.issuer, aud: CLIENT_ID, iat: seconds(), exp: seconds() + 120 }
  return provider.sign({
    header: { alg: 'RS256', kid: 'test', typ: 'logout+jwt', ...header } as never,
    claims: { ...base, jti: randomUUID(), events: { [EVENT]: {} }, sub: 'fg', ...claims },
  })
}

test('with a key in place of a secret a person of one party signs in, and sees that party', async () => {
  const walker = await signIn('fg')
  expect(await found(walker)).toMatchObject({ role: 'privacy-officer', party: 'woonboog' })
  const { html } = await walker.go(`${gateway.url}/console/berichten`)
  expect(html).toContain('(woonboog)')
  expect((await walker.go(`${gateway.url}/console/aangemeld`)).status).toBe(403)
})

test('who signs out at the provider is out here at once; another person and another session are not', async () => {
  const [one, same, other] = [await signIn('fg'), await signIn('fg'), await signIn('beheer')]
  const id = (await found(one))?.id
  const { html } = await one.go(`${provider.issuer}/session/end?client_id=${CLIENT_ID}`)
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
  await one.go(`${provider.issuer}/session/end/confirm`, { xsrf, logout: 'yes' })
  await until('the session is over', async () => (await found(one)) === undefined)
  expect(await found(same)).toBeDefined()
  expect(await found(other)).toBeDefined()
  const entry = await until('evidence', async () => {
    const { items } = await queryEntries(gateway.context.pool, { action: 'console.session-ended' })
    return items[0]?.entry
  })
  expect(entry.actor).toEqual({ role: 'gateway' })
  expect(gateway.logged.join('')).not.toContain(id ?? 'none')
})

test('without a session it is the person everywhere; a token is good once, and nothing of it is kept', async () => {
  const [one, two, other] = [await signIn('fg'), await signIn('fg'), await signIn('beheer')]
  const token = await logoutToken({ claims: { exp: undefined, typ: undefined } })
  const answer = await post(token)
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
  expect([await found(one), await found(two)]).toEqual([undefined, undefined])
  expect(await found(other)).toBeDefined()
  const three = await signIn('fg')
  const again = await post(token)
  expect([again.status, await again.json()]).toEqual([400, { error: 'invalid_request' }])
  expect(await found(three)).toBeDefined()
  const { rows } = await gateway.db.pool.query('SELECT u::text AS all FROM used_assertion u')
  expect(JSON.stringify(rows)).not.toContain(provider.issuer)
  await gateway.db.pool.query('DELETE FROM console_session')
})

const WRONG: [string, Changes][] = [
  ['of another issuer', { claims: { iss: 'https://elders.example' } }],
  ['for another client', { claims: { aud: 'iemand-anders' } }],
  ['without an audience', { claims: { aud: undefined } }],
  ['with a nonce', { claims: { nonce: 'x' } }],
  ['without the event', { claims: { events: {} } }],
  ['with another event', { claims: { events: { 'https://a.example/event': {} } } }],
  ['with an event that is no object', { claims: { events: { [EVENT]: true } } }],
  ['without a subject or a session', { claims: { sub: undefined } }],
  ['without a jti', { claims: { jti: undefined } }],
  ['without a time', { claims: { iat: undefined } }],
  ['that is old', { claims: { iat: seconds() - 3600, exp: undefined } }],
  ['that has expired', { claims: { exp: seconds() - 60 } }],
  ['from the future', { claims: { iat: seconds() + 3600 } }],
  ['without a signature', { header: { alg: 'none' } }],
  ['signed with a secret', { header: { alg: 'HS256' } }],
  ['signed by another key', { header: { kid: 'andere' } }],
  ['of another type', { header: { typ: 'at+jwt' } }],
]

test('a token that is not in order ends nothing', async () => {
  const walker = await signIn('fg')
  for (const [name, changes] of WRONG) {
    const { status } = await post(await logoutToken(changes))
    expect([name, status]).toEqual([name, 400])
  }
  for (const token of [undefined, '', 'x', 'x'.repeat(9000)])
    expect((await post(token)).status).toBe(400)
  expect(await found(walker)).toBeDefined()
  // Nor does an id_token, which anybody who signed in has.
  provider.mangle = ({ claims }) => Object.assign(claims, {})
  expect(
    (await post(await logoutToken({ claims: { nonce: 'n', events: undefined } }))).status,
  ).toBe(400)
  provider.mangle = undefined
})

test.each<[string, KeyObject, string[], string]>([
  ['Ed25519', own.privateKey, [], 'EdDSA'],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, [], 'ES256'],
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, ['RS256'], 'ES384'],
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, [], 'PS256'],
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, ['RS256'], 'RS256'],
])('a key in PEM: %s', async (_name, privateKey, offered, alg) => {
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  const server = {
    issuer: 'https://a.example',
    token_endpoint_auth_signing_alg_values_supported: offered,
  }
  const body = new URLSearchParams()
  const way = await clientAuthentication(readClientProof({ key }), server)
  await way(server, { client_id: 'x' }, body, new Headers())
  const [head = ''] = (body.get('client_assertion') ?? '').split('.')
  expect(JSON.parse(Buffer.from(head, 'base64url').toString()).alg).toMatch(
    alg === 'EdDSA' ? /Ed/ : alg,
  )
})

test('one proof and a key that can sign, or no start; the key is in no message', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const pem = weak.export({ format: 'pem', type: 'pkcs8' }) as string
  for (const key of [pem, '{"kty":"oct","k":"AAAA"}', 'geheim', '{']) {
    expect(() => readClientProof({ key })).toThrow(/HUISBRUG_OIDC_KEY: a private key/)
    expect(() => readClientProof({ key })).not.toThrow(/geheim|AAAA/)
  }
  const env = { HUISBRUG_OIDC_ISSUER: 'https://a.example', HUISBRUG_OIDC_CLIENT_ID: 'x' }
  const roles = { ...env, HUISBRUG_OIDC_ROLES: JSON.stringify(ROLES) }
  const both = { ...roles, HUISBRUG_OIDC_CLIENT_SECRET: 'y', HUISBRUG_OIDC_KEY_FILE: 'z' }
  for (const one of [roles, both]) expect(() => readConfig(one)).toThrow(/go together/)
})
