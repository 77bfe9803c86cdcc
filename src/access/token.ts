import { randomUUID } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { recordEntry } from '../audit/record.ts'
import { inTransaction, type Pool } from '../db/pool.ts'
import { type ErrorCode, Refusal, refuse } from '../errors.ts'
import type { Logger } from '../log.ts'
import {
  type PartyLookup,
  type ProvenAssertion,
  proveAssertion,
  sweepAssertions,
  useAssertion,
} from './assertion.ts'
import { type Claims, TOKEN_SECONDS, tokenFaults } from './claims.ts'
import { tokenUrlOf } from './metadata.ts'
import { assertMayCall, type Caller, type Operation } from './operations.ts'
import { RefusalEvidence } from './refusal-evidence.ts'
import type { Signing } from './signing.ts'
import { grantScope, readTokenRequest } from './token-request.ts'

const MAX_LENGTH = 8_192
const SWEEP_MS = 60_000

/** The reply of the token endpoint (RFC 6749 section 5.1). */
export interface TokenReply {
  access_token: string
  token_type: 'Bearer'
  /** Seconds. */
  expires_in: number
  /** Operations, separated by a space. */
  scope: string
}

/** Access tokens: given for a client assertion, checked on every call. */
export class AccessTokens {
  readonly #pool: Pool
  readonly #parties: PartyLookup
  readonly #signing: Signing
  readonly #publicUrl: string
  readonly #log: Logger
  readonly #now: () => Date
  readonly #refusals: RefusalEvidence
  readonly #admit: (party: string) => Promise<unknown>
  #sweptAt = 0

  constructor(parts: {
    pool: Pool
    parties: PartyLookup
    signing: Signing
    publicUrl: string
    log: Logger
    now?: () => Date
    /** Whether a party that has proven itself may have one more now; throws where not. */
    admit?: (party: string) => Promise<unknown>
  }) {
    this.#pool = parts.pool
    this.#admit = parts.admit ?? (async () => {})
    this.#parties = parts.parties
    this.#signing = parts.signing
    this.#publicUrl = parts.publicUrl
    this.#log = parts.log
    this.#now = parts.now ?? (() => new Date())
    this.#refusals = new RefusalEvidence({ ...parts, now: this.#now })
  }

  /**
   * Answers a token request: the parsed form of POST /oauth/token (RFC 6749 4.4, RFC 7523 2.2).
   * The assertion is used up and the entry written in one transaction, before there is a token.
   * @throws Refusal HB-105 to HB-109, HB-601
   */
  async issueToken(form: Readonly<Record<string, unknown>>): Promise<TokenReply> {
    return this.#evidenced(claimedClient(form['client_id']), async () => {
      const request = readTokenRequest(form)
      const now = this.#now()
      const expected = { tokenUrl: tokenUrlOf(this.#publicUrl), now }
      const proven = await proveAssertion(this.#parties, request, expected)
      await this.#admit(proven.party.id)
      const scope = grantScope(proven.party.kind, request.scope)
      await this.#spend(proven, now)
      await this.#sweep(now)
      const claims = accessClaims(this.#publicUrl, proven.party.id, scope, now)
      const token = await this.#signing.signToken(claims)
      return { access_token: token, token_type: 'Bearer', expires_in: TOKEN_SECONDS, scope }
    })
  }

  /**
   * Checks the value of an Authorization header, and that its caller may do the operation.
   * @throws Refusal HB-101 to HB-104, HB-106, HB-107
   */
  async verifyToken(authorization: string | undefined, operation?: Operation): Promise<Caller> {
    let proven: string | undefined
    return this.#evidenced(
      () => proven,
      async () => {
        const token = readBearer(authorization)
        const claims = await this.#checkToken(token, client => {
          proven = client
        })
        const party = await this.#parties.find(claims.sub)
        if (!party || party.disabledAt) throw refuse('HB-106', '', 'access: party')
        const scopes = new Set(claims.scope.split(' '))
        const caller = { party: party.id, kind: party.kind, scopes }
        if (operation) assertMayCall(caller, operation)
        return caller
      },
    )
  }

  /**
   * Notes as evidence that a party or person that is known was not let in; many in a second are one entry.
   * @param client id of the party or session; absent where it is not known who it is
   * @param role of the person
   */
  noteRefusal(code: ErrorCode, client?: string, role?: string): Promise<void> {
    return this.#refusals.note(code, client, role)
  }

  /** Writes what evidence is still counted; call it before the pool ends. */
  async close(): Promise<void> {
    await this.#refusals.flush()
  }

  async #checkToken(
    token: string,
    onProven: (client: string) => void,
  ): Promise<{ sub: string; scope: string }> {
    const { header, claims } = decodeToken(token)
    const faults = tokenFaults(header, claims, { publicUrl: this.#publicUrl, now: this.#now() })
    // A token for someone else is named as such, though we cannot check who signed it.
    const elsewhere = faults.find(fault => fault.code === 'HB-104')
    if (elsewhere) throw new Refusal(elsewhere)
    if (!(await this.#signing.isOwnToken(token)))
      throw refuse('HB-102', '', 'RFC 9068 4: signature')
    const checked = claims as { sub: string; scope: string }
    onProven(checked.sub)
    if (faults.length > 0) throw new Refusal(faults)
    return checked
  }

  async #spend(proven: ProvenAssertion, at: Date): Promise<void> {
    const { id, kind } = proven.party
    await inTransaction(this.#pool, async tx => {
      await useAssertion(tx, proven)
      const actor = { party: id, role: kind, client: id }
      await recordEntry(tx, { action: 'access.token', at, actor, decision: 'allowed' })
    })
  }

  async #sweep(now: Date): Promise<void> {
    if (now.getTime() - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = now.getTime()
    await sweepAssertions(this.#pool, now).catch(() => {
      this.#log.warn('used assertions could not be swept')
    })
  }

  async #evidenced<T>(client: () => string | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Refusal) await this.#noteRefusal(error.code, client())
      throw error
    }
  }

  // Only a registered id goes into the log: anything else a stranger may have typed.
  async #noteRefusal(code: ErrorCode, client: string | undefined): Promise<void> {
    const party =
      client === undefined ? undefined : await this.#parties.find(client).catch(() => undefined)
    await this.#refusals.note(code, party?.id)
  }
}

/** The OAuth error (RFC 6749 section 5.2) that goes with a code, for the token endpoint's reply. */
export function oauthErrorOf(code: ErrorCode): string {
  if (code === 'HB-109') return 'invalid_request'
  if (code === 'HB-601' || code === 'HB-605' || code.startsWith('HB-9'))
    return 'temporarily_unavailable'
  return code === 'HB-107' ? 'invalid_scope' : 'invalid_client'
}

function claimedClient(client: unknown): () => string | undefined {
  return () => (typeof client === 'string' ? client : undefined)
}

function accessClaims(publicUrl: string, client: string, scope: string, now: Date): object {
  const iat = Math.floor(now.getTime() / 1000)
  const subject = { sub: client, client_id: client, scope, jti: randomUUID() }
  return { iss: publicUrl, aud: publicUrl, ...subject, iat, exp: iat + TOKEN_SECONDS }
}

function readBearer(authorization: string | undefined): string {
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (token === undefined) throw refuse('HB-101', '', 'RFC 6750 2.1: Authorization')
  return token
}

function decodeToken(token: string): { header: Claims; claims: Claims } {
  if (token.length <= MAX_LENGTH) {
    try {
      return { header: decodeProtectedHeader(token), claims: decodeJwt(token) }
    } catch {
      // Falls through: what it could not be read as may not show.
    }
  }
  throw refuse('HB-102', '', 'RFC 9068 2: JWT')
}
