import { type Reason, Refusal, reason, refuse } from '../errors.ts'
import { type Check, type Claims, faultsOf } from './check.ts'
import { type ProvenProof, proveProof } from './dpop.ts'

/** How a token is bound to who fetched it: by a key (RFC 9449) or a client certificate (RFC 8705). */
export type TokenBinding = 'dpop' | 'mtls'

/** What comes with a call beside its Authorization header; attacker-controlled. */
export interface Presented {
  /** The DPoP header. */
  dpop?: string | undefined
  /** `x5t#S256` of the client certificate of the connection, as far as that is known here. */
  certificate?: string | undefined
  /** Method, and address at the public URL without query. */
  method: string
  url: string
}

/** What a token is bound to: its `cnf` claim (RFC 7800). */
export interface Confirmation {
  jkt?: string
  'x5t#S256'?: string
}

const MEMBERS: readonly string[] = ['jkt', 'x5t#S256']

/** What the `cnf` of a token is held against: one that is not understood must not pass as unbound. */
export function confirmationCheck({ cnf }: Claims): Check {
  return {
    holds: cnf === undefined || isConfirmation(cnf),
    rule: 'RFC 7800 3.1: cnf',
    expected: 'nothing, jkt or x5t#S256',
    found: cnf,
    remedy: 'Use a token that is bound by DPoP or by a client certificate, or not at all.',
  }
}

/**
 * Checks that who calls is who the token is bound to.
 * @param claims of a token whose signature is checked
 * @returns how it is bound, and the proof whose jti is still to be taken
 * @throws Refusal HB-120, HB-122
 */
export async function proveBinding(
  { cnf = {} }: { cnf?: Confirmation },
  shown: { scheme: 'Bearer' | 'DPoP'; token: string; presented: Presented | undefined; now: Date },
): Promise<{ bindings: ReadonlySet<TokenBinding>; proof: ProvenProof | undefined }> {
  const { jkt, 'x5t#S256': certificate } = cnf
  const wrong = faultsOf([schemeCheck(jkt, shown.scheme)], 'HB-120')
  if (wrong.length > 0) throw new Refusal(wrong)
  if (certificate !== undefined && certificate !== shown.presented?.certificate)
    throw refuse('HB-122', '', 'RFC 8705 3: cnf, x5t#S256')
  const proof = jkt === undefined ? undefined : await proveHolder(jkt, shown)
  const bindings = new Set<TokenBinding>()
  if (proof) bindings.add('dpop')
  if (certificate !== undefined) bindings.add('mtls')
  return { bindings, proof }
}

async function proveHolder(
  jkt: string,
  { token, presented, now }: { token: string; presented: Presented | undefined; now: Date },
): Promise<ProvenProof> {
  const { dpop, method = '', url = '' } = presented ?? {}
  const proof = await proveProof(dpop, { method, url, now, token })
  if (proof.thumbprint !== jkt) throw new Refusal(otherKey())
  return proof
}

function otherKey(): Reason {
  return reason(
    'HB-120',
    '',
    'RFC 9449 6: cnf, jkt',
    'Sign the proof with the key that the token was fetched with.',
  )
}

function schemeCheck(jkt: string | undefined, scheme: string): Check {
  const expected = jkt === undefined ? 'Bearer' : 'DPoP'
  return {
    holds: scheme === expected,
    rule: 'RFC 9449 7: scheme',
    expected,
    found: scheme,
    remedy: `Send this token as "Authorization: ${expected} …".`,
  }
}

function isConfirmation(cnf: unknown): boolean {
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return false
  const entries = Object.entries(cnf)
  const known = entries.every(
    ([name, value]) => MEMBERS.includes(name) && /^[A-Za-z0-9_-]{43}$/.test(String(value)),
  )
  return known && entries.length > 0
}
