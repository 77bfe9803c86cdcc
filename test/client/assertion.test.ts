import { createLocalJWKSet, importJWK, SignJWT } from 'jose'
import {
  generateKeyPair,
  type KeyPair,
  signAssertion,
  toJwks,
  verifyAssertion,
} from '../../src/client/index.ts'

const GATEWAY = 'https://gateway.example'
const TOKEN_URL = 'https://vdab.example/oauth/token'

let keys: KeyPair

beforeAll(async () => {
  keys = await generateKeyPair()
})

function verify(assertion: string, audience = TOKEN_URL, clientId = GATEWAY) {
  return verifyAssertion(assertion, {
    clientId,
    keys: createLocalJWKSet(toJwks(keys)),
    audience,
  })
}

function sign(options: Partial<Parameters<typeof signAssertion>[0]> = {}): Promise<string> {
  const { privateKey } = keys
  return signAssertion({ clientId: GATEWAY, privateKey, audience: TOKEN_URL, ...options })
}

/** An assertion with claims that the kit itself never makes. */
async function forge(claims: Record<string, unknown>, alg = 'EdDSA'): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const usual = { iss: GATEWAY, sub: GATEWAY, aud: TOKEN_URL, iat: now, exp: now + 60, jti: 'j' }
  const given = { ...usual, ...claims }
  const kept = Object.entries(given).filter(([, value]) => value !== undefined)
  return new SignJWT(Object.fromEntries(kept))
    .setProtectedHeader({ alg, kid: keys.publicKey.kid ?? '' })
    .sign(await importJWK(keys.privateKey, 'EdDSA'))
}

test('an assertion of the kit is good for a minute and has an id of its own', async () => {
  const [first, second] = await Promise.all([verify(await sign()), verify(await sign())])
  expect(first.jti).not.toBe(second.jti)
  expect(first.expiresAt.getTime() - first.issuedAt.getTime()).toBe(60_000)
})

test('it is refused elsewhere, from another client, late, or by another key', async () => {
  await expect(verify(await sign(), 'https://other.example/token')).rejects.toThrow('aud')
  await expect(verify(await sign(), TOKEN_URL, 'https://other.example')).rejects.toThrow('iss')
  await expect(verify(await sign({ at: new Date(Date.now() - 70_000) }))).rejects.toThrow('exp')
  const { privateKey } = await generateKeyPair()
  await expect(verify(await sign({ privateKey }))).rejects.toThrow()
})

test.each([
  ['a subject that is not the issuer', { sub: 'woonboog' }, 'sub'],
  ['no id', { jti: undefined }, 'jti'],
  ['an empty id', { jti: '' }, 'jti'],
  ['no end', { exp: undefined }, 'exp'],
  ['no beginning', { iat: undefined }, 'iat'],
  ['a life over two minutes', { exp: Math.floor(Date.now() / 1000) + 200 }, '120 s'],
])('refuses %s', async (_what, claims, reason) => {
  await expect(verify(await forge(claims))).rejects.toThrow(reason)
})

test('refuses what is not signed', async () => {
  const [, payload] = (await sign()).split('.')
  const header = Buffer.from('{"alg":"none"}').toString('base64url')
  await expect(verify(`${header}.${payload}.`)).rejects.toThrow()
})
