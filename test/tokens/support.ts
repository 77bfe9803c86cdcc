import { createHash, createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CompactSign, calculateJwkThumbprint } from 'jose'
import type { AccessTokens } from '../../src/access/token.ts'
import {
  type Bench,
  claimsOf,
  formOf,
  jwksOf,
  signAssertion,
  type TestKey,
  TOKEN_URL,
} from '../access/support.ts'

/** Signs claims as a JWT, with any header. */
export async function sign(
  key: TestKey,
  claims: object,
  header: Record<string, unknown> = {},
): Promise<string> {
  return signAssertion(key, claims, header)
}

/** The call that a proof is made for. */
export interface ProofFor {
  method?: string
  url?: string
  token?: string
  now: Date
}

/** Header and claims of a good proof, each to be changed; a member set to undefined is left out. */
export async function proofOf(
  key: TestKey,
  call: ProofFor,
  changes: { header?: Record<string, unknown>; claims?: Record<string, unknown> } = {},
): Promise<string> {
  const { kid: _, ...jwk } = key.jwk
  const { method = 'POST', url = TOKEN_URL, token, now } = call
  const claims = {
    jti: randomUUID(),
    htm: method,
    htu: url,
    iat: Math.floor(now.getTime() / 1000),
    ...(token !== undefined && { ath: sha256(token) }),
    ...changes.claims,
  }
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: key.alg, typ: 'dpop+jwt', jwk, ...changes.header } as never)
    .sign(key.privateKey, { crit: { exp: true } })
}

/** A JWS of any header, made by hand: for headers that no library would sign. */
export function byHand(header: object, claims: object, mac?: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode(header)}.${encode(claims)}`
  const signature =
    mac === undefined ? '' : createHmac('sha256', mac).update(input).digest('base64url')
  return `${input}.${signature}`
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

export function thumbprintOf(key: TestKey): Promise<string> {
  return calculateJwkThumbprint(key.jwk)
}

/** A token of a party, bound to the key of a proof where one is given. */
export async function fetchToken(
  bench: Pick<Bench, 'clock'> & { tokens: AccessTokens },
  signer: TestKey,
  party: string,
  presented: { dpop?: string; certificate?: string } = {},
): Promise<string> {
  const assertion = await signAssertion(signer, claimsOf(party, bench.clock.now()))
  const call = { method: 'POST', url: TOKEN_URL, ...presented }
  const reply = await bench.tokens.issueToken(formOf(party, assertion), call)
  return reply.access_token
}

/** An issuer of tokens on loopback, as others run one: metadata, keys, and nothing else. */
export interface TestIssuer {
  url: string
  /** The keys that it publishes; may be changed while it runs. */
  keys: TestKey[]
  /** What its metadata says beside or instead of the truth. */
  metadata: Record<string, unknown>
  /** Paths that were asked for. */
  asked: string[]
  /** While true every answer is 503. */
  away: boolean
  token(
    claims?: Record<string, unknown>,
    options?: { key?: TestKey; header?: object },
  ): Promise<string>
  close(): Promise<void>
}

/** Starts one. @param now the clock of its tokens */
export async function startIssuer(
  key: TestKey,
  options: { now: () => Date; audience: string; path?: string; openid?: boolean },
): Promise<TestIssuer> {
  const { now, audience, path = '', openid = false } = options
  const server = createServer((request, response) => answer(issuer, request, response, place))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const place = openid
    ? `${path}/.well-known/openid-configuration`
    : `/.well-known/oauth-authorization-server${path}`
  const issuer: TestIssuer = {
    url: `${origin}${path}`,
    keys: [key],
    metadata: {},
    asked: [],
    away: false,
    token: (claims = {}, { key: other = key, header = {} } = {}) => {
      const iat = Math.floor(now().getTime() / 1000)
      const who = { vo_orgcode: '0123456749', client_id: 'app-1', scope: 'huisbrug_messages' }
      const good = {
        iss: issuer.url,
        aud: audience,
        iat,
        exp: iat + 300,
        jti: randomUUID(),
        ...who,
      }
      return sign(other, { ...good, ...claims }, { typ: 'at+jwt', ...header })
    },
    close: () => new Promise(resolve => server.close(() => resolve())),
  }
  return issuer
}

function answer(
  issuer: TestIssuer,
  request: IncomingMessage,
  response: ServerResponse,
  place: string,
): void {
  const path = request.url ?? ''
  issuer.asked.push(path)
  const documents: Record<string, object> = {
    [place]: { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks`, ...issuer.metadata },
    [`${new URL(issuer.url).pathname.replace(/\/$/, '')}/jwks`]: jwksOf(...issuer.keys),
  }
  const document = documents[path]
  response.setHeader('content-type', 'application/json').setHeader('connection', 'close')
  response.statusCode = issuer.away ? 503 : document ? 200 : 404
  response.end(JSON.stringify(issuer.away ? {} : (document ?? {})))
}
