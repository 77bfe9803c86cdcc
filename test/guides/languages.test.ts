import { createPrivateKey, type JsonWebKey, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalJWKSet } from 'jose'
import * as oidc from 'openid-client'
import { Webhook } from 'standardwebhooks'
import { verifyAssertion } from '../../src/client/index.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { KEY, webhookVectors } from '../vectors/make.ts'
import { ask, isThere, LANGUAGES } from './languages/programs.ts'

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'))
const webhooks: ReturnType<typeof webhookVectors> = read('webhook')
const signIn = read('assertion')
const pseudonyms = read('pseudonym')

describe('the shared vectors', () => {
  test('of webhooks are what our code makes, and what the standardwebhooks package makes', () => {
    expect(webhookVectors()).toEqual(webhooks)
    for (const {
      secrets,
      id,
      timestamp,
      signature,
      body,
      expect: answer,
      name,
    } of webhooks.cases) {
      const at = new Date(Number(timestamp) * 1000)
      const signed = secrets.some(
        secret => at.getTime() > 0 && signature.includes(new Webhook(secret).sign(id, at, body)),
      )
      const isOfTime = name.startsWith('more than')
      expect([name, signed && !isOfTime]).toEqual([name, answer !== 'refused'])
    }
  })

  test('of assertions are good for the gateway, and their signature is the one of node:crypto', async () => {
    const { assertion, clientId, audience, iat, jti, privateKey } = signIn
    const { d: _, ...publicKey } = { ...privateKey, alg: 'EdDSA', use: 'sig' }
    const keys = createLocalJWKSet({ keys: [publicKey] })
    const given = { clientId, keys, audience, at: new Date(iat * 1000) }
    expect(await verifyAssertion(assertion, given)).toMatchObject({ jti })
    const [text, signature] = [
      assertion.slice(0, assertion.lastIndexOf('.')),
      assertion.split('.')[2],
    ]
    const key = createPrivateKey({ key: KEY, format: 'jwk' })
    expect(sign(null, Buffer.from(text), key).toString('base64url')).toBe(signature)
  })
})

const folder = mkdtempSync(join(tmpdir(), 'huisbrug-languages-'))
let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway({ webhooks: false })
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await gateway.close()
})

/** What a language is asked, and what is right. */
function pseudonymLines(): [string[], string][] {
  const { domain, keys, people, blindEvaluation } = pseudonyms
  const { blinds, blinded, evaluated, proof } = blindEvaluation
  const each = people.flatMap(({ insz, tag, secret }: Record<string, string>, i: number) => [
    [['blind', insz, blinds[i]], blinded[i]],
    [['finish', insz, blinds[i], evaluated[i], domain], `${tag},${secret}`],
  ])
  const check = (publicKey: string, from: string[], to: string[], by: string) =>
    ['check', publicKey, from.join(), to.join(), by] as string[]
  const swapped = [evaluated[1], evaluated[0], evaluated[2]]
  const noElement = [Buffer.alloc(32, 255).toString('base64url'), evaluated[1], evaluated[2]]
  const { domainPublic, subjectPublic } = keys
  return [
    ...each,
    [check(domainPublic, blinded, evaluated, proof), 'good'],
    [check(subjectPublic, blinded, evaluated, proof), 'refused'],
    [check(domainPublic, blinded, swapped, proof), 'refused'],
    [check(domainPublic, blinded, evaluated, `A${proof.slice(1)}`), 'refused'],
    [check(domainPublic, blinded, evaluated.slice(1), proof), 'refused'],
    [check(domainPublic, blinded, noElement, proof), 'refused'],
  ]
}

const webhookLines = webhooks.cases.map(
  ({ secrets, id, timestamp, signature, now, body, expect: answer }): [string[], string] => {
    const raw = Buffer.from(body).toString('base64url')
    return [['webhook', secrets.join(), id, timestamp, signature, String(now), raw], answer]
  },
)

describe.each(LANGUAGES.map(language => [language.name, language] as const))(
  '%s',
  (name, language) => {
    const onlyWithTools = isThere(language) ? test : test.skip

    onlyWithTools('gives what the vectors say, and a token of a running gateway', async () => {
      const { clientId, audience, privateKey, iat, jti, assertion } = signIn
      const own = gateway.keys.woonboog.privateKey
      const live = [`${gateway.url}/oauth/token`, String(own.kid), String(own.d), '', '', '']
      const fixed = [audience, privateKey.kid, privateKey.d, '', String(iat), jti]
      // Mono has no ECDsa: the assertion in C# is compiled only.
      const signing =
        name === 'csharp'
          ? []
          : [
              [clientId, ...fixed],
              ['woonboog', ...live],
            ]
      const lines = [...webhookLines, ...pseudonymLines()]
      const asked = [...lines.map(([line]) => line), ...signing.map(line => ['assertion', ...line])]
      const answers = ask(language, folder, asked)
      expect(answers.slice(0, lines.length)).toEqual(lines.map(([, right]) => right))
      if (signing.length === 0) return
      const [vector, fresh = ''] = answers.slice(lines.length)
      expect(vector).toBe(assertion)
      expect(await fetchToken(fresh)).toMatchObject({ token_type: 'Bearer' })
    })
  },
)

async function fetchToken(assertion: string): Promise<unknown> {
  const form = {
    grant_type: 'client_credentials',
    client_id: 'woonboog',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }
  const body = new URLSearchParams(form)
  const response = await fetch(`${gateway.url}/oauth/token`, { method: 'POST', body })
  return response.json()
}

describe('packages that are not ours', () => {
  test('openid-client finds the token endpoint, and gets a bearer token and one bound by DPoP', async () => {
    const config = await signedIn('woonboog')
    const bearer = await oidc.clientCredentialsGrant(config, { scope: 'inbox:read' })
    expect(bearer).toMatchObject({ token_type: 'bearer', scope: 'inbox:read' })
    const inbox = new URL('/v1/inbox', gateway.url)
    const read = await oidc.fetchProtectedResource(config, bearer.access_token, inbox, 'GET')
    expect([read.status, await read.json()]).toEqual([200, { items: [], next: null }])

    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'))
    const { access_token: bound } = await oidc.clientCredentialsGrant(config, {}, { DPoP })
    const call = [config, bound, inbox, 'GET', undefined, undefined] as const
    expect(await oidc.fetchProtectedResource(...call, { DPoP })).toMatchObject({ status: 200 })
    const headers = { authorization: `Bearer ${bound}` }
    expect(await fetch(inbox, { headers })).toMatchObject({ status: 401 })
  })

  test('a receiver with standardwebhooks takes what the gateway sends, and nothing that was changed', async () => {
    const config = await signedIn('leefgoed')
    const { access_token: token } = await oidc.clientCredentialsGrant(config)
    const call = (method: string, path: string, body?: object) =>
      oidc.fetchProtectedResource(
        ...([config, token, new URL(path, gateway.url), method] as const),
        ...([
          body && JSON.stringify(body),
          new Headers({ 'content-type': 'application/json' }),
        ] as const),
      )
    const taken: unknown[] = []
    const requests: { body: string; headers: Record<string, string> }[] = []
    let secret = ''
    const receiver = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const headers = request.headers as Record<string, string>
      requests.push({ body, headers })
      try {
        taken.push(new Webhook(secret).verify(body, headers))
        response.writeHead(204).end()
      } catch {
        response.writeHead(401).end()
      }
    })
    receiver.listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const { port } = receiver.address() as AddressInfo
    try {
      const set = await call('PUT', '/v1/webhook', { url: `http://127.0.0.1:${port}/events` })
      secret = ((await set.json()) as { secret: string }).secret
      expect(await call('POST', '/v1/webhook/test')).toMatchObject({ status: 202 })
      await until('the test event', () => taken.length > 0)
      expect(taken[0]).toMatchObject({ specversion: '1.0', type: 'be.huisbrug.test' })
      const { body = '', headers = {} } = requests[0] ?? {}
      expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow('No matching signature')
    } finally {
      receiver.closeAllConnections()
      receiver.close()
    }
  })
})

/** A configuration of openid-client for a party, found by discovery (RFC 8414). */
async function signedIn(party: 'woonboog' | 'leefgoed'): Promise<oidc.Configuration> {
  const jwk = gateway.keys[party].privateKey
  const secret = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  // Node's own type knows more usages than that of browsers, which this package means.
  const key = secret.toCryptoKey('Ed25519', false, ['sign']) as unknown as oidc.CryptoKey
  const proof = oidc.PrivateKeyJwt(
    { key, kid: String(jwk.kid) },
    {
      // It would name the issuer; this gateway wants the token URL.
      [oidc.modifyAssertion]: (_, claims) => {
        claims['aud'] = `${gateway.url}/oauth/token`
      },
    },
  )
  const options = { algorithm: 'oauth2' as const, execute: [oidc.allowInsecureRequests] }
  return oidc.discovery(new URL(gateway.url), party, undefined, proof, options)
}

test('the page shows every file of every language, and each language has the same', () => {
  const page = readFileSync(new URL('../../docs/integration/README.md', import.meta.url), 'utf8')
  for (const { name } of LANGUAGES) {
    const files = readdirSync(new URL(`../../docs/integration/${name}/`, import.meta.url))
    const topics = files.map(file => file.split('.')[0]?.toLowerCase())
    expect(topics).toEqual(expect.arrayContaining(['assertion', 'pseudonym', 'webhook']))
    for (const file of files) expect(page).toContain(`(${name}/${file})`)
  }
})
