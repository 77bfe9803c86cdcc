import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import { authorizationServerMetadata } from '../../src/access/metadata.ts'
import { OPERATIONS } from '../../src/access/operations.ts'
import { oauthErrorOf } from '../../src/access/token.ts'
import { openPool } from '../../src/db/pool.ts'
import { until } from '../support/until.ts'
import {
  type Bench,
  claimsOf,
  codeOf,
  draftOf,
  entriesOf,
  forge,
  formOf,
  makeKey,
  openAccess,
  openBench,
  PUBLIC_URL,
  refusalOf,
  signAssertion,
} from './support.ts'

const KEY = makeKey('ed')
let bench: Bench

beforeAll(async () => {
  bench = await openBench()
  await bench.parties.add(draftOf('woonboog', KEY))
  await bench.parties.add({ ...draftOf('vdab', KEY), kind: 'employment-service' })
})

afterAll(() => bench.close())

async function ask(client = 'woonboog', extra: object = {}) {
  const assertion = await signAssertion(KEY, claimsOf(client, bench.clock.now()))
  return bench.tokens.issueToken({ ...formOf(client, assertion), ...extra })
}

async function bearer(client?: string): Promise<string> {
  return `Bearer ${(await ask(client)).access_token}`
}

/** A token signed with the gateway's own key, whatever it says. */
async function ownToken(changes: Record<string, unknown>): Promise<string> {
  const iat = Math.floor(bench.clock.now().getTime() / 1000)
  const base = { iss: PUBLIC_URL, aud: PUBLIC_URL, sub: 'woonboog', client_id: 'woonboog' }
  const rest = { scope: 'messages:read', iat, exp: iat + 600, jti: randomUUID() }
  return bench.signing.signToken({ ...base, ...rest, ...changes })
}

describe('an access token', () => {
  test('is a JWT after RFC 9068 that verifies with the published keys', async () => {
    const { access_token: token, scope } = await ask()
    const keys = createLocalJWKSet(await bench.signing.publicJwks())
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: PUBLIC_URL,
      audience: PUBLIC_URL,
      typ: 'at+jwt',
      algorithms: ['EdDSA'],
      currentDate: bench.clock.now(),
      requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti', 'scope'],
    })
    expect(payload).toMatchObject({ sub: 'woonboog', client_id: 'woonboog', scope })
    expect(Number(payload.exp) - Number(payload.iat)).toBe(600)
    expect(Object.keys(protectedHeader).toSorted()).toEqual(['alg', 'kid', 'typ'])
  })

  test('names party, kind and scopes of its caller', async () => {
    const caller = await bench.tokens.verifyToken(await bearer('vdab'))
    expect(caller).toEqual({
      party: 'vdab',
      kind: 'employment-service',
      scopes: new Set(OPERATIONS['employment-service']),
    })
  })

  test('is taken by another process, and in any case of the scheme', async () => {
    const pool = openPool(bench.db.url)
    const second = openAccess(pool, bench.clock)
    const header = (await bearer()).replace('Bearer', 'bEARER')
    await expect(second.tokens.verifyToken(header)).resolves.toHaveProperty('party', 'woonboog')
    await second.tokens.close()
    await pool.end()
  })

  test('has a jti of its own every time', async () => {
    const ids = await Promise.all([ask(), ask()])
    expect(new Set(ids.map(reply => decodeJwt(reply.access_token).jti)).size).toBe(2)
  })

  test('ends after ten minutes', async () => {
    const header = await bearer()
    bench.clock.pass(600_000)
    await expect(bench.tokens.verifyToken(header)).resolves.toBeDefined()
    bench.clock.pass(11_000)
    expect(await codeOf(bench.tokens.verifyToken(header))).toBe('HB-103')
  })
})

describe('scope', () => {
  test('may be asked narrower, and holds', async () => {
    const reply = await ask('woonboog', { scope: 'messages:read detections:write' })
    expect(reply.scope.split(' ').toSorted()).toEqual(['detections:write', 'messages:read'])
    const caller = await bench.tokens.verifyToken(`Bearer ${reply.access_token}`)
    expect(caller.scopes.size).toBe(2)
  })

  test('may not be asked wider than the kind', async () => {
    for (const scope of [
      'feedback:write',
      'messages:read admin',
      'messages:read,detections:write',
    ]) {
      expect(await codeOf(ask('woonboog', { scope }))).toBe('HB-107')
    }
  })
})

describe('the operation', () => {
  test('must be open to the kind and in the scope; a refusal is an entry of the caller', async () => {
    const own = await openBench()
    await own.parties.add(draftOf('woonboog', KEY))
    const assertion = await signAssertion(KEY, claimsOf('woonboog', own.clock.now()))
    const form = { ...formOf('woonboog', assertion), scope: 'messages:read' }
    const header = `Bearer ${(await own.tokens.issueToken(form)).access_token}`
    await expect(own.tokens.verifyToken(header, 'messages:read')).resolves.toBeDefined()
    expect(await codeOf(own.tokens.verifyToken(header, 'detections:write'))).toBe('HB-107')
    expect(await codeOf(own.tokens.verifyToken(header, 'feedback:write'))).toBe('HB-107')
    await own.tokens.close()
    const entries = await entriesOf(own.db.pool, 'access.refused')
    expect(entries).toHaveLength(2)
    for (const entry of entries) {
      expect(entry).toMatchObject({ code: 'HB-107', actor: { client: 'woonboog' } })
    }
    await own.close()
  })
})

describe('the token request', () => {
  test.each([
    ['grant_type', 'authorization_code'],
    ['grant_type', undefined],
    ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'],
    ['client_assertion_type', undefined],
    ['client_assertion', undefined],
    ['client_assertion', ''],
    ['client_assertion', ['a', 'b']],
    ['client_id', ''],
    ['client_id', ['woonboog', 'vdab']],
    ['client_id', { toString: 'x' }],
    ['scope', ['a']],
  ])('%s = %j is refused by name', async (name, value) => {
    const refusal = await refusalOf(ask('woonboog', { [name]: value }))
    expect(refusal.code).toBe('HB-109')
    expect(refusal.reasons.map(reason => reason.pointer)).toEqual([`/${name}`])
  })

  test('client_id may be left out: the assertion names the party (RFC 7521 4.2)', async () => {
    await expect(ask('woonboog', { client_id: undefined })).resolves.toHaveProperty('access_token')
    const strange = await signAssertion(KEY, claimsOf('nobody', bench.clock.now()))
    const form = { ...formOf('nobody', strange), client_id: undefined }
    expect(await codeOf(bench.tokens.issueToken(form))).toBe('HB-108')
  })

  test('an empty form names everything that is missing', async () => {
    const refusal = await refusalOf(bench.tokens.issueToken({}))
    expect(refusal.reasons.map(reason => reason.pointer)).toEqual([
      '/grant_type',
      '/client_assertion_type',
      '/client_assertion',
    ])
  })

  test('errors have their OAuth names', () => {
    expect(oauthErrorOf('HB-109')).toBe('invalid_request')
    expect(oauthErrorOf('HB-108')).toBe('invalid_client')
    expect(oauthErrorOf('HB-105')).toBe('invalid_client')
    expect(oauthErrorOf('HB-107')).toBe('invalid_scope')
  })
})

describe('what is not a token of ours', () => {
  test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'DPoP', 'Bearer a b'])(
    'Authorization: %s is no token',
    async header => {
      expect(await codeOf(bench.tokens.verifyToken(header))).toBe('HB-101')
    },
  )

  test.each(['x', 'a.b', 'a.b.c', '..', 'A'.repeat(9_000)])(
    'Bearer %s is not valid',
    async token => {
      expect(await codeOf(bench.tokens.verifyToken(`Bearer ${token}`))).toBe('HB-102')
    },
  )

  test('unsigned, forged, changed and stripped tokens are refused', async () => {
    const good = (await ask()).access_token
    const [header, payload, signature] = good.split('.') as [string, string, string]
    const { kid } = decodeProtectedHeader(good)
    const claims = decodeJwt(good)
    const wider = Buffer.from(JSON.stringify({ ...claims, sub: 'vdab', client_id: 'vdab' }))
    const { keys } = await bench.signing.publicJwks()
    const mine = makeKey(kid)
    for (const bad of [
      forge({ alg: 'none', typ: 'at+jwt', kid }, claims),
      forge({ alg: 'EdDSA', typ: 'at+jwt', kid }, claims),
      `${header}.${wider.toString('base64url')}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}.${signature.slice(0, 40)}`,
      await signAssertion(mine, claims, { typ: 'at+jwt' }),
      await signAssertion(mine, claims, { typ: 'at+jwt', jwk: mine.jwk, jku: 'https://x.example' }),
      await signAssertion(makeKey(keys[1]?.kid), claims, { typ: 'at+jwt' }),
    ]) {
      expect(await codeOf(bench.tokens.verifyToken(`Bearer ${bad}`))).toBe('HB-102')
    }
  })

  test('other things that the gateway signs are not tokens', async () => {
    const iat = Math.floor(bench.clock.now().getTime() / 1000)
    const claims = { ...decodeJwt(await ownToken({})), iat }
    for (const other of [
      await bench.signing.signReceipt(claims),
      await bench.signing.signAssertion(claims),
    ]) {
      expect(await codeOf(bench.tokens.verifyToken(`Bearer ${other}`))).toBe('HB-102')
    }
  })

  test.each([
    ['another audience', { aud: 'https://other.example' }, 'HB-104'],
    ['two audiences', { aud: [PUBLIC_URL, 'https://other.example'] }, 'HB-104'],
    ['no audience', { aud: undefined }, 'HB-104'],
    ['another issuer', { iss: 'https://other.example' }, 'HB-124'],
    ['no exp', { exp: undefined }, 'HB-102'],
    ['exp as text', { exp: 'later' }, 'HB-102'],
    ['no iat', { iat: undefined }, 'HB-102'],
    ['iat tomorrow', { iat: 4_000_000_000 }, 'HB-102'],
    ['an exp long ago', { exp: 1_000_000_000 }, 'HB-103'],
    ['no scope', { scope: undefined }, 'HB-102'],
    ['sub and client_id apart', { sub: 'vdab' }, 'HB-102'],
    ['no sub', { sub: undefined, client_id: undefined }, 'HB-102'],
    ['a party that is not registered', { sub: 'nobody', client_id: 'nobody' }, 'HB-106'],
  ])('%s: %j is refused with %s', async (_name, changes, code) => {
    expect(await codeOf(bench.tokens.verifyToken(`Bearer ${await ownToken(changes)}`))).toBe(code)
  })

  test('a token of another gateway is named as such, an assertion too', async () => {
    const there = await openBench()
    const iat = Math.floor(bench.clock.now().getTime() / 1000)
    const foreign = await there.signing.signToken({ aud: 'https://there.example', iat })
    await there.close()
    expect(await codeOf(bench.tokens.verifyToken(`Bearer ${foreign}`))).toBe('HB-104')
    const assertion = await signAssertion(KEY, claimsOf('woonboog', bench.clock.now()))
    expect(await codeOf(bench.tokens.verifyToken(`Bearer ${assertion}`))).toBe('HB-104')
  })
})

describe('a disabled party', () => {
  test('loses access here at once and elsewhere within about a second', async () => {
    await bench.parties.add(draftOf('gone', KEY))
    const pool = openPool(bench.db.url)
    const second = openAccess(pool, bench.clock)
    const header = await bearer('gone')
    await second.tokens.verifyToken(header)
    await bench.tokens.verifyToken(header)
    await bench.parties.disable('gone')
    expect(await codeOf(bench.tokens.verifyToken(header))).toBe('HB-106')
    await new Promise(resolve => setTimeout(resolve, 1_100))
    expect(await codeOf(second.tokens.verifyToken(header))).toBe('HB-106')
    await second.tokens.close()
    await pool.end()
  })
})

describe('evidence', () => {
  test('every token is an entry, without the token', async () => {
    const before = await entriesOf(bench.db.pool, 'access.token')
    const { access_token: token } = await ask()
    const entries = await entriesOf(bench.db.pool, 'access.token')
    expect(entries).toHaveLength(before.length + 1)
    expect(entries.at(-1)).toMatchObject({
      actor: { party: 'woonboog', role: 'housing-company', client: 'woonboog' },
      decision: 'allowed',
    })
    expect(JSON.stringify(entries)).not.toContain(token.split('.')[2])
  })

  test('every refusal is counted, the many of one second in one entry', async () => {
    const own = await openBench()
    await own.parties.add(draftOf('woonboog', KEY))
    const bad = () => codeOf(own.tokens.issueToken(formOf('woonboog', 'x')))
    await bad()
    const first = await entriesOf(own.db.pool, 'access.refused')
    expect(first).toMatchObject([
      {
        code: 'HB-108',
        decision: 'refused',
        actor: { client: 'woonboog' },
        counts: { attempts: 1 },
      },
    ])
    expect(first[0]?.['actor']).not.toHaveProperty('party')
    await Promise.all(Array.from({ length: 20 }, bad))
    await codeOf(own.tokens.verifyToken(undefined))
    await own.tokens.close()
    const all = await entriesOf(own.db.pool, 'access.refused')
    const counts = all.map(entry => [entry['code'], entry['counts']])
    expect(counts).toContainEqual(['HB-108', { attempts: 20 }])
    expect(counts).toContainEqual(['HB-101', { attempts: 1 }])
    expect(all).toHaveLength(3)
    await own.close()
  })

  test('counted refusals are written by themselves after a second', async () => {
    const own = await openBench()
    for (let i = 0; i < 3; i += 1) await codeOf(own.tokens.verifyToken(undefined))
    expect(await entriesOf(own.db.pool, 'access.refused')).toHaveLength(1)
    const entries = await until(async () => {
      const found = await entriesOf(own.db.pool, 'access.refused')
      return found.length > 1 && found
    })
    expect(entries.map(entry => entry['counts'])).toEqual([{ attempts: 1 }, { attempts: 2 }])
    await own.close()
  })

  test('what a stranger types as client_id is not kept', async () => {
    const typed = '85.07.30-033.28'
    await codeOf(bench.tokens.issueToken(formOf(typed, 'x')))
    await codeOf(bench.tokens.issueToken(formOf('onbekende-partij', 'x')))
    await bench.tokens.close()
    const entries = JSON.stringify(await entriesOf(bench.db.pool, 'access.refused'))
    expect(entries).not.toContain(typed)
    expect(entries).not.toContain('onbekende-partij')
  })

  test('a refusal stands also where it cannot be written', async () => {
    await bench.db.pool.query('ALTER TABLE audit_pending RENAME TO hidden')
    try {
      expect(await codeOf(bench.tokens.verifyToken('Bearer a.b.c'))).toBe('HB-102')
    } finally {
      await bench.db.pool.query('ALTER TABLE hidden RENAME TO audit_pending')
    }
  })
})

describe('a published OAuth client', () => {
  test('oauth4webapi gets a token by the metadata (RFC 8414)', async () => {
    const metadata = authorizationServerMetadata(PUBLIC_URL)
    const issuer = new URL(PUBLIC_URL)
    const discovery = await oauth.processDiscoveryResponse(issuer, Response.json(metadata))
    const pair = generateKeyPairSync('ed25519')
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'published' }
    await bench.parties.add({ ...draftOf('published'), jwks: { set: { keys: [jwk] } } })
    // Node's own type knows more usages than that of browsers, which this package means.
    const key = pair.privateKey.toCryptoKey('Ed25519', true, ['sign']) as unknown as CryptoKey
    const skew = Math.round((bench.clock.now().getTime() - Date.now()) / 1000)
    const client = { client_id: 'published', [oauth.clockSkew]: skew }
    const authentication = oauth.PrivateKeyJwt(
      { key, kid: 'published' },
      {
        // It would name the issuer; this gateway wants the token URL.
        [oauth.modifyAssertion]: (_, payload) => {
          payload['aud'] = String(metadata['token_endpoint'])
        },
      },
    )
    const response = await oauth.clientCredentialsGrantRequest(
      discovery,
      client,
      authentication,
      { scope: 'messages:read' },
      { [oauth.customFetch]: async (_url, { body }) => answer(String(body)) },
    )
    const reply = await oauth.processClientCredentialsResponse(discovery, client, response)
    expect(reply).toMatchObject({ token_type: 'bearer', expires_in: 600, scope: 'messages:read' })
    const caller = await bench.tokens.verifyToken(`Bearer ${reply.access_token}`)
    expect(caller.party).toBe('published')
  })

  async function answer(body: string): Promise<Response> {
    return Response.json(
      await bench.tokens.issueToken(Object.fromEntries(new URLSearchParams(body))),
    )
  }
})
