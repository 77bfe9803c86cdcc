import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { Reason } from '../errors.ts'
import { assertionClaimFaults, assertionHeaderFaults, type Claims, tokenFaults } from './claims.ts'
import { tokenUrlOf } from './metadata.ts'

/** What a token says and what is wrong with it, without its signature. */
export interface TokenExplanation {
  kind: 'client assertion' | 'access token'
  header: Claims
  claims: Claims
  /** What this gateway would refuse it for, the signature apart; empty if nothing. */
  faults: Reason[]
}

/**
 * Reads a token without checking its signature and tells what the gateway would say of the rest.
 * @returns undefined where it is not a JWT in compact form
 */
export function explainToken(
  jwt: string,
  expected: { publicUrl: string; now: Date },
): TokenExplanation | undefined {
  const decoded = decode(jwt)
  if (!decoded) return undefined
  const { header, claims } = decoded
  if (String(header['typ']).toLowerCase().endsWith('at+jwt')) {
    return { kind: 'access token', header, claims, faults: tokenFaults(header, claims, expected) }
  }
  const client = typeof claims['sub'] === 'string' ? claims['sub'] : ''
  const tokenUrl = tokenUrlOf(expected.publicUrl)
  const wrong = assertionClaimFaults(claims, { client, tokenUrl, now: expected.now })
  const faults = [...assertionHeaderFaults(header), ...wrong]
  return { kind: 'client assertion', header, claims, faults }
}

function decode(jwt: string): { header: Claims; claims: Claims } | undefined {
  try {
    return { header: decodeProtectedHeader(jwt), claims: decodeJwt(jwt) }
  } catch {
    return undefined
  }
}
