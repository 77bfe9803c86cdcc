import { createHmac, randomBytes } from 'node:crypto'
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import * as client from 'openid-client'
import type { OidcSettings } from '../config-people.ts'
import { Refusal, refuse } from '../errors.ts'
import { nameOf, roleOf } from './oidc-claims.ts'
import { type ClientProof, clientAuthentication, readClientProof } from './oidc-client.ts'
import { checkLogoutToken, type SignedOut } from './oidc-logout.ts'
import type { SignedInPerson } from './session.ts'

// RSA with PKCS #1 or PSS, the three curves of ECDSA, Ed25519: never none, never a shared secret.
const ALGORITHMS = new Set([
  'RS256',
  'PS256',
  'ES256',
  'ES384',
  'PS384',
  'RS512',
  'EdDSA',
  'Ed25519',
])
const KEPT_MS = 10 * 60_000
const CLOCK_SECONDS = 10

/** Calls an address under the guard for addresses outside; rejects where there is no answer. */
export type GuardedCall = (request: {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body?: string
}) => Promise<{ status: number; headers: Record<string, string>; body: Buffer }>

export interface PeopleProviderParts {
  settings: OidcSettings
  publicUrl: string
  call: GuardedCall
  /** The key of the pseudonyms of people, 32 bytes. */
  pepper: () => Promise<Uint8Array>
  /** Whether the provider may be on this machine, by plain http. */
  allowLoopback: boolean
  log: { warn(message: string, facts: Record<string, unknown>): unknown }
}

/**
 * The identity provider of the people (OpenID Connect Core 1.0): authorization code with PKCE S256, state
 * and nonce, which all come from one random value that only the browser keeps. So nothing is stored before
 * somebody is signed in, and a callback fits no other browser and no other attempt.
 */
export class PeopleProvider {
  readonly #parts: PeopleProviderParts
  readonly #proof: ClientProof
  #found: { config: Promise<client.Configuration>; until: number } | undefined
  #keys: { of: string; get: JWTVerifyGetKey } | undefined

  /** @throws Error where the secret or key cannot be read */
  constructor(parts: PeopleProviderParts) {
    this.#parts = parts
    this.#proof = readClientProof(parts.settings.client)
  }

  /** A value for one attempt to sign in: 32 random bytes, base64url, for the browser alone. */
  newAttempt(): string {
    return randomBytes(32).toString('base64url')
  }

  /**
   * Where the browser goes to sign in.
   * @throws Refusal HB-118 the provider does not answer as it should
   */
  async start(attempt: string): Promise<URL> {
    const config = await this.#configuration()
    return client.buildAuthorizationUrl(config, {
      redirect_uri: this.#redirectUri(),
      scope: this.#parts.settings.scopes,
      response_type: 'code',
      code_challenge: await client.calculatePKCECodeChallenge(part(attempt, 'verifier')),
      code_challenge_method: 'S256',
      state: part(attempt, 'state'),
      nonce: part(attempt, 'nonce'),
    })
  }

  /**
   * Who came back. Checked of the id_token: signature, algorithm, iss, aud, azp, exp, iat, nonce.
   * @param query of the callback, attacker-controlled
   * @throws Refusal HB-117 this is no good answer to the attempt, HB-116 no role, HB-118 no answer
   */
  async finish(attempt: string, query: string): Promise<SignedInPerson> {
    const config = await this.#configuration()
    const claims = await this.#claimsOf(config, attempt, query)
    const holder = roleOf(claims, this.#parts.settings.mapping)
    if (!holder) throw refuse('HB-116', '', 'console: HUISBRUG_OIDC_ROLES')
    const { iss, sub, sid } = claims
    const person = await this.#pseudonym([iss, sub])
    const provider = typeof sid === 'string' ? await this.#pseudonym(['sid', iss, sid]) : undefined
    return { ...holder, person, provider, name: nameOf(claims) }
  }

  /**
   * Whom the provider says it signed out, as the pseudonyms by which sessions are found, with the token
   * that is to be used once.
   * @param token attacker-controlled
   * @throws Refusal HB-117 no such token, HB-118 no answer
   */
  async readLogout(
    token: string,
    now: Date,
  ): Promise<{ person: Buffer | null; provider: Buffer | null; token: SignedOut }> {
    const config = await this.#configuration()
    const server = config.serverMetadata()
    const { clientId } = this.#parts.settings
    const algorithms = server.id_token_signing_alg_values_supported ?? []
    const keys = this.#keysOf(server)
    const expected = { issuer: server.issuer, clientId, algorithms, keys, now }
    const out = await checkLogoutToken(token, expected)
    const { issuer, subject, session } = out
    const person = subject === undefined ? null : await this.#pseudonym([issuer, subject])
    const provider = session === undefined ? null : await this.#pseudonym(['sid', issuer, session])
    return { person, provider, token: out }
  }

  async #pseudonym(of: readonly unknown[]): Promise<Buffer> {
    const pepper = await this.#parts.pepper()
    return createHmac('sha256', pepper).update(JSON.stringify(of)).digest()
  }

  #keysOf({ jwks_uri: address = '' }: Readonly<client.ServerMetadata>): JWTVerifyGetKey {
    if (this.#keys?.of === address) return this.#keys.get
    const fetch = (url: string, { headers }: { headers: Headers }) =>
      this.#fetch(url, { method: 'GET', headers: Object.fromEntries(headers), body: null } as never)
    const get = createRemoteJWKSet(new URL(address), { [customFetch]: fetch as never })
    this.#keys = { of: address, get }
    return get
  }

  /** Where a person signs out at the provider too, where it offers that; nothing about who it is. */
  async signOutUrl(): Promise<string | undefined> {
    const config = await this.#configuration().catch(() => undefined)
    if (!config?.serverMetadata().end_session_endpoint) return undefined
    const back = `${this.#parts.publicUrl}/console/aanmelden`
    return client.buildEndSessionUrl(config, { post_logout_redirect_uri: back }).href
  }

  #redirectUri(): string {
    return `${this.#parts.publicUrl}/console/aanmelden/terug`
  }

  async #claimsOf(
    config: client.Configuration,
    attempt: string,
    query: string,
  ): Promise<Record<string, unknown>> {
    try {
      const back = new URL(`${this.#redirectUri()}?${query}`)
      const tokens = await client.authorizationCodeGrant(config, back, {
        pkceCodeVerifier: part(attempt, 'verifier'),
        expectedState: part(attempt, 'state'),
        expectedNonce: part(attempt, 'nonce'),
        idTokenExpected: true,
      })
      const claims = tokens.claims() ?? neverWithoutIdToken()
      return { ...(await this.#moreClaims(config, tokens.access_token, claims)), ...claims }
    } catch (error) {
      throw this.#refusalOf(error, 'HB-117')
    }
  }

  // Some providers tell groups at the userinfo endpoint only; what the signed token says goes first.
  async #moreClaims(
    config: client.Configuration,
    accessToken: string,
    claims: client.IDToken,
  ): Promise<Record<string, unknown>> {
    const first = this.#parts.settings.mapping.claim[0] ?? ''
    if (first in claims || !config.serverMetadata().userinfo_endpoint) return {}
    return client.fetchUserInfo(config, accessToken, claims.sub)
  }

  #configuration(): Promise<client.Configuration> {
    if (this.#found && this.#found.until > performance.now()) return this.#found.config
    const config = this.#discover()
    const found = { config, until: performance.now() + KEPT_MS }
    this.#found = found
    config.catch(() => {
      if (this.#found === found) this.#found = undefined
    })
    return config
  }

  async #discover(): Promise<client.Configuration> {
    const { settings, allowLoopback } = this.#parts
    const fetch = this.#fetch
    const insecure = allowLoopback ? [client.allowInsecureRequests] : []
    try {
      const issuer = new URL(settings.issuer)
      const options = { [client.customFetch]: fetch, execute: insecure }
      const found = await client.discovery(issuer, settings.clientId, {}, client.None(), options)
      return await this.#configure(found.serverMetadata())
    } catch (error) {
      throw this.#refusalOf(error, 'HB-118')
    }
  }

  async #configure(found: Readonly<client.ServerMetadata>): Promise<client.Configuration> {
    const { settings, allowLoopback } = this.#parts
    const offered = found.id_token_signing_alg_values_supported ?? ['RS256']
    const algorithms = offered.filter(it => ALGORITHMS.has(it))
    const server = { ...found, id_token_signing_alg_values_supported: algorithms }
    const way = await clientAuthentication(this.#proof, found)
    const metadata = { [client.clockTolerance]: CLOCK_SECONDS }
    const config = new client.Configuration(server, settings.clientId, metadata, way)
    if (allowLoopback) client.allowInsecureRequests(config)
    config[client.customFetch] = this.#fetch
    // Without this the signature of an id_token that came over TLS would be taken on trust.
    client.enableNonRepudiationChecks(config)
    return config
  }

  readonly #fetch: client.CustomFetch = async (url, { method, headers, body }) => {
    const text = body === undefined || body === null ? {} : { body: String(body) }
    const way = method === 'POST' ? 'POST' : 'GET'
    const answer = await this.#parts.call({ method: way, url, headers, ...text }).catch(error => {
      this.#note(error)
      throw new TypeError('no answer', { cause: refuse('HB-118', '', 'OpenID Connect') })
    })
    const { status, headers: given } = answer
    const hasBody = status !== 204 && status !== 304
    const bytes = hasBody ? new Uint8Array(answer.body) : null
    return new Response(bytes, { status, headers: given })
  }

  #refusalOf(error: unknown, code: 'HB-117' | 'HB-118'): Refusal {
    const { cause } = error as { cause?: unknown }
    if (error instanceof Refusal) return error
    if (cause instanceof Refusal) return cause
    this.#note(error)
    return refuse(code, '', 'OpenID Connect')
  }

  // Its message may quote what came from outside; its code names what was wrong.
  #note(error: unknown): void {
    const { code, name, error: said } = error as { code?: unknown; name?: unknown; error?: unknown }
    const facts = { code: String(code ?? name ?? ''), ...(isErrorCode(said) && { error: said }) }
    this.#parts.log.warn('signing in by OpenID Connect did not work', facts)
  }
}

// RFC 6749 section 5.2 and OpenID Connect Core 3.1.2.6: words of a fixed list, no text of a person.
function isErrorCode(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z_]{1,40}$/.test(value)
}

function part(attempt: string, what: 'verifier' | 'state' | 'nonce'): string {
  return createHmac('sha256', attempt).update(what).digest('base64url')
}

function neverWithoutIdToken(): never {
  throw new Error('an id_token was expected')
}
