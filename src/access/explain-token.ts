import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { ErrorCode, Reason } from '../errors.ts'
import { confirmationCheck } from './binding.ts'
import { type Check, type Claims, faultsOf, mediaType } from './check.ts'
import { assertionClaimChecks, assertionHeaderChecks, tokenChecks } from './claims.ts'
import { proofClaimChecks, proofHeaderChecks } from './dpop.ts'
import { foreignClaimChecks, foreignHeaderChecks } from './issuer-claims.ts'
import type { TrustedIssuer } from './issuer-settings.ts'
import { tokenUrlOf } from './metadata.ts'

export type TokenKind = 'client assertion' | 'access token' | 'external access token' | 'DPoP proof'

/** What a token says and what is wrong with it, without its signature and without secrets. */
export interface TokenExplanation {
  kind: TokenKind
  header: Claims
  claims: Claims
  /** All that it is held against, in order. */
  checks: Check[]
  /** What this gateway would refuse it for, the signature apart; empty if nothing. */
  faults: Reason[]
}

/** What a token is held against. */
export interface Expectations {
  publicUrl: string
  now: Date
  issuers?: readonly TrustedIssuer[]
  /** The call that a DPoP proof is for; a proof for a token request where it is left out. */
  call?: { method: string; url: string; token?: string | undefined } | undefined
}

/**
 * Reads a token without checking its signature and tells what the gateway would say of the rest.
 * @returns undefined where it is not a JWT in compact form
 */
export function explainToken(jwt: string, expected: Expectations): TokenExplanation | undefined {
  const decoded = decode(jwt)
  if (!decoded) return undefined
  const { kind, checks, code, pointer } = held(decoded, expected)
  const faults = faultsOf(checks, code, pointer)
  return { kind, ...withoutSecrets(decoded), checks, faults }
}

interface Decoded {
  header: Claims
  claims: Claims
}

interface Held {
  kind: TokenKind
  checks: Check[]
  code: ErrorCode
  pointer?: string
}

function held({ header, claims }: Decoded, expected: Expectations): Held {
  const type = mediaType(header['typ'])
  if (type === 'dpop+jwt') return heldAsProof({ header, claims }, expected)
  const { publicUrl, now } = expected
  const issuer = expected.issuers?.find(one => one.issuer === claims['iss'])
  if (issuer) {
    const checks = [
      ...foreignHeaderChecks(header, issuer),
      ...foreignClaimChecks(claims, issuer, now),
    ]
    return { kind: 'external access token', checks, code: 'HB-125' }
  }
  if (type === 'at+jwt') {
    const checks = [...tokenChecks(header, claims, { publicUrl, now }), confirmationCheck(claims)]
    return { kind: 'access token', checks, code: 'HB-102' }
  }
  const client = typeof claims['sub'] === 'string' ? claims['sub'] : ''
  const tokenUrl = tokenUrlOf(publicUrl)
  const checks = [
    ...assertionHeaderChecks(header),
    ...assertionClaimChecks(claims, { client, tokenUrl, now }),
  ]
  return { kind: 'client assertion', checks, code: 'HB-108', pointer: '/client_assertion' }
}

function heldAsProof({ header, claims }: Decoded, { publicUrl, now, call }: Expectations): Held {
  const purpose = { method: 'POST', url: tokenUrlOf(publicUrl), ...call, now }
  const checks = [...proofHeaderChecks(header), ...proofClaimChecks(claims, purpose)]
  return { kind: 'DPoP proof', checks, code: 'HB-120' }
}

const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** A key in a header should be public; where it is not, it is not shown once more. */
function withoutSecrets({ header, claims }: Decoded): Decoded {
  const { jwk } = header
  if (typeof jwk !== 'object' || jwk === null) return { header, claims }
  const shown = Object.entries(jwk).map(([name, value]) => [
    name,
    SECRET_MEMBERS.includes(name) ? '(secret, not shown)' : value,
  ])
  return { header: { ...header, jwk: Object.fromEntries(shown) }, claims }
}

function decode(jwt: string): Decoded | undefined {
  try {
    return { header: decodeProtectedHeader(jwt), claims: decodeJwt(jwt) }
  } catch {
    return undefined
  }
}
