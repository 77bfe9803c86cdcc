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
import { type Confirmation, confirmationCheck, type Presented, proveBinding } from './binding.ts'
import { type Claims, faultsOf } from './check.ts'
import { TOKEN_SECONDS, tokenChecks } from './claims.ts'
import { type ProvenProof, proveProof, useProof } from './dpop.ts'
import { partyOf, TrustedIssuers } from './issuer.ts'
import { operationsOf } from './issuer-claims.ts'
import type { TrustedIssuer } from './issuer-settings.ts'
import { tokenUrlOf } from './metadata.ts'
import { assertMayCall, type Caller, type Operation } from './operations.ts'
import { RefusalEvidence } from './refusal-evidence.ts'
import type { Signing } from './signing.ts'
import { grantScope, readTokenRequest } from './token-request.ts'

const MAX_LENGTH = 8_192
const SWEEP_MS = 60_000
const NO_ISSUERS = new TrustedIssuers({ settings: [], fetch: async () => Buffer.alloc(0) })

/** The reply of the token endpoint (RFC 6749 section 5.1). */
export interface TokenReply {
  access_token: string
  token_type: 'Bearer' | 'DPoP'
  /** Seconds. */
  expires_in: number
  /** Operations, separated by a space. */
  scope: string
}

/** What a token says, once its signature is checked. */
interface CheckedToken {
  /** Undefined where it is of another issuer, for nobody who is registered. */
  party: string | undefined
  scopes: ReadonlySet<string>
  cnf?: Confirmation
}

/** Access tokens: given for a client assertion, checked on every call. */
export class AccessTokens {
  readonly #pool: Pool
  readonly #parties: PartyLookup
  readonly #signing: Signing
  readonly #issuers: TrustedIssuers
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
    /** Whose tokens count beside its own; none where it is left out. */
    issuers?: TrustedIssuers
  }) {
    this.#pool = parts.pool
    this.#admit = parts.admit ?? (async () => {})
    this.#parties = parts.parties
    this.#signing = parts.signing
    this.#issuers = parts.issuers ?? NO_ISSUERS
    this.#publicUrl = parts.publicUrl
    this.#log = parts.log
    this.#now = parts.now ?? (() => new Date())
    this.#refusals = new RefusalEvidence({ ...parts, now: this.#now })
  }

  /**
   * Answers a token request: the parsed form of POST /oauth/token (RFC 6749 4.4, RFC 7523 2.2). With a
   * DPoP proof (RFC 9449 5) or a client certificate (RFC 8705 3) the token is bound to that.
   * The assertion is used up and the entry written in one transaction, before there is a token.
   * @throws Refusal HB-105 to HB-109, HB-120, HB-121, HB-601
   */
  async issueToken(
    form: Readonly<Record<string, unknown>>,
    presented?: Presented,
  ): Promise<TokenReply> {
    return this.#evidenced(claimedClient(form['client_id']), async () => {
      const request = readTokenRequest(form)
      const now = this.#now()
      const tokenUrl = tokenUrlOf(this.#publicUrl)
      const proven = await proveAssertion(this.#parties, request, { tokenUrl, now })
      const { dpop, certificate } = presented ?? {}
      const proof =
        dpop === undefined
          ? undefined
          : await proveProof(dpop, { method: 'POST', url: tokenUrl, now })
      await this.#admit(proven.party.id)
      const scope = grantScope(proven.party.kind, request.scope)
      await this.#spend(proven, proof, now)
      await this.#sweep(now)
      const cnf = confirmationOf(proof, certificate)
      const claims = accessClaims(this.#publicUrl, proven.party.id, scope, now)
      const token = await this.#signing.signToken({ ...claims, ...(cnf && { cnf }) })
      const type = proof ? 'DPoP' : 'Bearer'
      return { access_token: token, token_type: type, expires_in: TOKEN_SECONDS, scope }
    })
  }

  /**
   * Checks the value of an Authorization header, that who calls is who its token is bound to, and that
   * it may do the operation. A token is one of this gateway or of a trusted issuer.
   * @throws Refusal HB-101 to HB-104, HB-106, HB-107, HB-120 to HB-122, HB-124 to HB-126
   */
  async verifyToken(
    authorization: string | undefined,
    operation?: Operation,
    presented?: Presented,
  ): Promise<Caller> {
    let proven: string | undefined
    return this.#evidenced(
      () => proven,
      async () => {
        const { scheme, token } = readAuthorization(authorization)
        const now = this.#now()
        const checked = await this.#checkToken(token, now, client => {
          proven = client
        })
        const party =
          checked.party === undefined ? undefined : await this.#parties.find(checked.party)
        if (!party || party.disabledAt) throw refuse('HB-106', '', 'access: party')
        const shown = { scheme, token, presented, now }
        const { bindings, proof } = await proveBinding(checked, shown)
        const bound = bindings.size > 0 && { bindings }
        const caller = { party: party.id, kind: party.kind, scopes: checked.scopes, ...bound }
        if (operation) assertMayCall(caller, operation)
        if (proof) await useProof(this.#pool, party.id, proof)
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
    now: Date,
    onProven: (client: string | undefined) => void,
  ): Promise<CheckedToken> {
    const decoded = decodeToken(token)
    const issuer = this.#issuers.find(decoded.claims['iss'])
    if (issuer) return this.#checkForeign(token, decoded, issuer, now, onProven)
    const { header, claims } = decoded
    const checks = [
      ...tokenChecks(header, claims, { publicUrl: this.#publicUrl, now }),
      confirmationCheck(claims),
    ]
    const faults = faultsOf(checks, 'HB-102')
    // A token for or of someone else is named as such, though we cannot check who signed it.
    const elsewhere = faults.find(({ code }) => code === 'HB-104' || code === 'HB-124')
    if (elsewhere) throw new Refusal(elsewhere)
    if (!(await this.#signing.isOwnToken(token)))
      throw refuse('HB-102', '', 'RFC 9068 4: signature')
    const { sub, scope, cnf } = claims as { sub: string; scope: string; cnf?: Confirmation }
    onProven(sub)
    if (faults.length > 0) throw new Refusal(faults)
    return { party: sub, scopes: new Set(scope.split(' ')), ...(cnf && { cnf }) }
  }

  async #checkForeign(
    token: string,
    decoded: { header: Claims; claims: Claims },
    issuer: TrustedIssuer,
    now: Date,
    onProven: (client: string | undefined) => void,
  ): Promise<CheckedToken> {
    await this.#issuers.verify(issuer, token, decoded, now)
    const party = await partyOf(this.#pool, decoded.claims, issuer)
    onProven(party)
    const { cnf } = decoded.claims as { cnf?: Confirmation }
    return { party, scopes: operationsOf(decoded.claims, issuer), ...(cnf && { cnf }) }
  }

  async #spend(proven: ProvenAssertion, proof: ProvenProof | undefined, at: Date): Promise<void> {
    const { id, kind } = proven.party
    await inTransaction(this.#pool, async tx => {
      await useAssertion(tx, proven)
      if (proof) await useProof(tx, id, proof)
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
  if (code === 'HB-120' || code === 'HB-121') return 'invalid_dpop_proof'
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

function confirmationOf(
  proof: ProvenProof | undefined,
  certificate: string | undefined,
): Confirmation | undefined {
  if (!proof && certificate === undefined) return undefined
  return {
    ...(proof && { jkt: proof.thumbprint }),
    ...(certificate !== undefined && { 'x5t#S256': certificate }),
  }
}

function readAuthorization(authorization: string | undefined): {
  scheme: 'Bearer' | 'DPoP'
  token: string
} {
  const [, scheme, token] = /^(Bearer|DPoP) +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (token === undefined) throw refuse('HB-101', '', 'RFC 6750 2.1: Authorization')
  return { scheme: scheme?.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token }
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
