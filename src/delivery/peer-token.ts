import { randomUUID } from 'node:crypto'
import type { Signing } from '../access/signing.ts'
import type { Outbound } from './outbound.ts'

const ASSERTION_SECONDS = 60
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
// Fetch again this long before the end; and where the peer does not say how long, trust it briefly.
const EARLY_MS = 30_000
const UNSTATED_SECONDS = 60
const MAX_SECONDS = 86_400

/** A peer whose token endpoint answered, but gave no token. */
export class PeerTokenError extends Error {
  override readonly name = 'PeerTokenError'
  /** HTTP status of its answer. */
  readonly status: number

  constructor(status: number) {
    super(`the peer gave no access token: ${status}`)
    this.status = status
  }
}

/** The peer to be called: its id and token endpoint. */
export interface TokenPeer {
  id: string
  tokenUrl: string
  /** Private networks in which that may be. */
  networks?: readonly string[]
}

interface Held {
  token: Promise<string>
  /** Milliseconds since 1970; undefined while it is being fetched. */
  until: number | undefined
}

/**
 * Access tokens for calling peers: fetched by private_key_jwt as this gateway (iss = sub = its public
 * URL), kept until shortly before they end, fetched once however many calls wait for it.
 */
export class PeerTokens {
  readonly #outbound: Outbound
  readonly #signing: Signing
  readonly #publicUrl: string
  readonly #now: () => Date
  readonly #held = new Map<string, Held>()

  constructor(parts: {
    outbound: Outbound
    signing: Signing
    publicUrl: string
    now?: () => Date
  }) {
    this.#outbound = parts.outbound
    this.#signing = parts.signing
    this.#publicUrl = parts.publicUrl
    this.#now = parts.now ?? (() => new Date())
  }

  /**
   * A token for the peer's API.
   * @throws OutboundError where its token endpoint does not answer, PeerTokenError where it refuses
   */
  async token(peer: TokenPeer): Promise<string> {
    const id = `${peer.id} ${peer.tokenUrl}`
    const held = this.#held.get(id)
    if (held && (held.until === undefined || held.until > this.#now().getTime())) return held.token
    const fresh: Held = { token: Promise.resolve(''), until: undefined }
    fresh.token = this.#fetch(peer, fresh).catch(error => {
      if (this.#held.get(id) === fresh) this.#held.delete(id)
      throw error
    })
    this.#held.set(id, fresh)
    return fresh.token
  }

  /** Forgets a token that the peer answered with 401; a newer one stays. */
  async drop(peer: TokenPeer, token: string): Promise<void> {
    const id = `${peer.id} ${peer.tokenUrl}`
    const held = this.#held.get(id)
    if (held?.until !== undefined && (await held.token) === token) this.#held.delete(id)
  }

  async #fetch({ tokenUrl, networks }: TokenPeer, held: Held): Promise<string> {
    const { status, body } = await this.#outbound.request({
      method: 'POST',
      url: tokenUrl,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: await this.#form(tokenUrl),
      maxBytes: 64 * 1024,
      networks,
    })
    const { token, seconds } = readReply(status, body)
    held.until = this.#now().getTime() + Math.max(seconds * 1000 - EARLY_MS, (seconds * 1000) / 2)
    return token
  }

  async #form(tokenUrl: string): Promise<string> {
    const iat = Math.floor(this.#now().getTime() / 1000)
    const client = { iss: this.#publicUrl, sub: this.#publicUrl, aud: tokenUrl, jti: randomUUID() }
    const assertion = await this.#signing.signAssertion({
      ...client,
      iat,
      exp: iat + ASSERTION_SECONDS,
    })
    return new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: this.#publicUrl,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
    }).toString()
  }
}

function readReply(status: number, body: Buffer): { token: string; seconds: number } {
  const reply = status === 200 ? parseObject(body) : {}
  const { access_token: token, token_type: type, expires_in: given } = reply
  // A header value: visible ASCII only, as RFC 6750 2.1 has it.
  const usable = typeof token === 'string' && /^[\x21-\x7e]{1,16384}$/.test(token)
  if (!usable || String(type).toLowerCase() !== 'bearer') throw new PeerTokenError(status)
  const stated = typeof given === 'number' && given > 0
  return { token, seconds: Math.min(stated ? given : UNSTATED_SECONDS, MAX_SECONDS) }
}

function parseObject(body: Buffer): Record<string, unknown> {
  try {
    return Object(JSON.parse(body.toString('utf8')))
  } catch {
    return {}
  }
}
