import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import type { Queryable } from '../db/pool.ts'
import { Refusal, refuse } from '../errors.ts'
import { type Check, type Claims, faultsOf, isText, isTime, mediaType } from './check.ts'
import { critCheck, isSigningAlgorithm, LEEWAY_SECONDS } from './claims.ts'
import { importKeys, type PublicKey, parsePublicJwks, SIGNING_ALGORITHMS } from './public-jwks.ts'

/** How old a proof may be, in seconds. */
export const PROOF_SECONDS = 60
const MAX_LENGTH = 8_192

/** What a proof has to be for. */
export interface ProofPurpose {
  /** Method and address of the call, the address without query and fragment. */
  method: string
  url: string
  now: Date
  /** The access token that comes with it; undefined at the token endpoint. */
  token?: string | undefined
}

/** A proof that verified; it counts only once `useProof` has taken its jti. */
export interface ProvenProof {
  /** RFC 7638 thumbprint of its key: `jkt`. */
  thumbprint: string
  jti: string
  expiresAt: Date
}

/**
 * Checks a DPoP proof (RFC 9449 section 4.3), all but its jti. The key that it brings proves only that
 * who calls is who fetched the token: it opens nothing by itself.
 * @throws Refusal HB-120 with every fault found; none repeats anything of the proof
 */
export async function proveProof(
  dpop: string | undefined,
  purpose: ProofPurpose,
): Promise<ProvenProof> {
  const decoded = dpop === undefined ? undefined : decodeProof(dpop)
  if (dpop === undefined || !decoded) throw refuse('HB-120', '', 'RFC 9449 4.3 (1), (2): DPoP')
  const { header, claims } = decoded
  const faults = faultsOf(
    [...proofHeaderChecks(header), ...proofClaimChecks(claims, purpose)],
    'HB-120',
  )
  if (faults.length > 0) throw new Refusal(faults)
  const thumbprint = await proofKeyOf(dpop, header)
  if (thumbprint === undefined) throw refuse('HB-120', '', 'RFC 9449 4.3 (6), (7): jwk, signature')
  const { jti, iat } = claims as { jti: string; iat: number }
  return { thumbprint, jti, expiresAt: new Date((Math.ceil(iat) + PROOF_SECONDS) * 1000) }
}

/**
 * Takes the jti of a proof, once over all processes, as with assertions. Fails closed.
 * @param party whom the token is for
 * @throws Refusal HB-121
 */
export async function useProof(db: Queryable, party: string, proof: ProvenProof): Promise<void> {
  const { thumbprint, jti, expiresAt } = proof
  // A thumbprint has one length, so no two pairs make one text; no assertion's jti has this form.
  const digest = createHash('sha256').update(`dpop ${thumbprint} ${jti}`).digest('base64url')
  const { rowCount } = await db.query(
    `INSERT INTO used_assertion (party_id, jti, expires_at) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING`,
    [party, `dpop.${digest}`, expiresAt],
  )
  if (rowCount !== 1) throw refuse('HB-121', '', 'RFC 9449 11.1: jti')
}

/** Header and claims of a proof, or undefined where it is not one JWT in compact form. */
export function decodeProof(dpop: string): { header: Claims; claims: Claims } | undefined {
  if (dpop.length > MAX_LENGTH) return undefined
  try {
    return { header: decodeProtectedHeader(dpop), claims: decodeJwt(dpop) }
  } catch {
    return undefined
  }
}

/**
 * The thumbprint of the key that a proof brings and is signed with.
 * @returns undefined where that is no public key for `alg`, or did not make the signature
 */
export async function proofKeyOf(dpop: string, header: Claims): Promise<string | undefined> {
  const { alg } = header
  const key = await readKey(header['jwk'])
  if (!key?.algorithms.some(one => one === alg)) return undefined
  return compactVerify(dpop, key.key, { algorithms: [...key.algorithms] }).then(
    () =>
      calculateJwkThumbprint(
        key.key.export({ format: 'jwk' }) as Parameters<typeof calculateJwkThumbprint>[0],
      ),
    () => undefined,
  )
}

/** What the header of a proof is held against; its key is checked with the signature. */
export function proofHeaderChecks(header: Claims): Check[] {
  const { alg, typ } = header
  return [
    {
      holds: mediaType(typ) === 'dpop+jwt',
      rule: 'RFC 9449 4.3 (4): typ',
      expected: 'dpop+jwt',
      found: typ,
      remedy: 'Set typ to dpop+jwt.',
    },
    {
      holds: isSigningAlgorithm(alg),
      rule: 'RFC 9449 4.3 (5): alg',
      expected: `one of ${SIGNING_ALGORITHMS.join(', ')}`,
      found: alg,
      remedy: `Sign with one of ${SIGNING_ALGORITHMS.join(', ')}.`,
    },
    critCheck(header),
  ]
}

/** What the claims of a proof are held against (RFC 9449 section 4.3, 8 to 12). */
export function proofClaimChecks(claims: Claims, purpose: ProofPurpose): Check[] {
  const now = purpose.now.getTime() / 1000
  const { htm, htu, iat, jti, ath } = claims
  return [
    {
      holds: htm === purpose.method,
      rule: 'RFC 9449 4.3 (8): htm',
      expected: purpose.method,
      found: htm,
      remedy: 'Set htm to the method of the call, in capitals.',
    },
    {
      holds: isSameAddress(htu, purpose.url),
      rule: 'RFC 9449 4.3 (9): htu',
      expected: purpose.url,
      found: htu,
      remedy: 'Set htu to the address of the call at the public URL of the gateway, without query.',
    },
    {
      holds: isText(jti),
      rule: 'RFC 9449 4.2: jti',
      expected: 'a text of 1 to 256 characters, used once',
      found: jti,
      remedy: 'Set jti to a new random text of 1 to 256 characters for every call.',
    },
    {
      holds: isTime(iat) && iat <= now + LEEWAY_SECONDS && iat > now - PROOF_SECONDS,
      rule: 'RFC 9449 4.3 (11): iat',
      expected: `${Math.floor(now - PROOF_SECONDS)} to ${Math.floor(now + LEEWAY_SECONDS)}`,
      found: iat,
      remedy: `Make a proof for each call, and check the clock: it counts for ${PROOF_SECONDS} seconds.`,
    },
    {
      holds: purpose.token === undefined || ath === tokenDigest(purpose.token),
      rule: 'RFC 9449 4.3 (12): ath',
      expected: purpose.token === undefined ? 'not checked' : tokenDigest(purpose.token),
      found: ath,
      remedy: 'Set ath to the SHA-256 digest of the access token, in base64url.',
    },
  ]
}

/** The `ath` of a token: what a proof names it by. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

async function readKey(jwk: unknown): Promise<PublicKey | undefined> {
  try {
    return importKeys(await parsePublicJwks({ keys: [jwk] }))[0]
  } catch {
    return undefined
  }
}

// RFC 9449 4.3: as RFC 3986 6.2.2 and 6.2.3 have it, without query and fragment.
function isSameAddress(htu: unknown, url: string): boolean {
  if (typeof htu !== 'string' || htu.length > 2_048 || !URL.canParse(htu)) return false
  const given = new URL(htu)
  const wanted = new URL(url)
  const plain = given.username === '' && given.password === ''
  return plain && given.origin === wanted.origin && given.pathname === wanted.pathname
}
