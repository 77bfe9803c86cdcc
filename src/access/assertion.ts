import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import type { Queryable } from '../db/pool.ts'
import { Refusal, refuse } from '../errors.ts'
import { type Claims, faultsOf } from './check.ts'
import { assertionClaimChecks, assertionHeaderChecks, LEEWAY_SECONDS } from './claims.ts'
import type { Party } from './party-types.ts'
import type { PublicKey, SigningAlgorithm } from './public-jwks.ts'

const MAX_LENGTH = 8_192

/** What the check needs to know of parties; PartyStore gives it. */
export interface PartyLookup {
  find(id: string): Promise<Party | undefined>
  /** Without what is remembered of a moment ago: as slow for every id. */
  findNow(id: string): Promise<Party | undefined>
  findKey(party: Party, kid: string): Promise<PublicKey | undefined>
  /** Notes that a signature by that key was found good. */
  noteUse?(party: string, key: PublicKey): Promise<void>
}

/** An assertion that verified; it counts only once `useAssertion` has taken its jti. */
export interface ProvenAssertion {
  party: Party
  jti: string
  expiresAt: Date
}

/**
 * Checks a client assertion (private_key_jwt, RFC 7523): signed by a registered key of the client,
 * for this token URL, short-lived. An unknown client, an unknown key and a wrong signature give the
 * same refusal after the same work, so that nobody learns who is registered.
 * @throws Refusal HB-108 with every fault found, HB-106 where the party is disabled; none repeats
 * anything of the assertion
 */
export async function proveAssertion(
  parties: PartyLookup,
  presented: { assertion: string; client: string | undefined },
  expected: { tokenUrl: string; now: Date },
): Promise<ProvenAssertion> {
  const { header, claims } = decodeAssertion(presented.assertion)
  const faults = faultsOf(assertionHeaderChecks(header), 'HB-108', '/client_assertion')
  if (faults.length > 0) throw new Refusal(faults)
  const party = await parties.findNow(presented.client ?? String(claims['sub']))
  const { alg, kid } = header as { alg: SigningAlgorithm; kid: string }
  const found = party && (await parties.findKey(party, kid))
  const key = found?.algorithms.includes(alg) ? found.key : undefined
  const signed = await isSignedBy(presented.assertion, key ?? decoyKey(alg), alg)
  if (!party || !key || !signed) throw wrongSignature()
  const checks = assertionClaimChecks(claims, { client: party.id, ...expected })
  const wrong = faultsOf(checks, 'HB-108', '/client_assertion')
  if (wrong.length > 0) throw new Refusal(wrong)
  if (party.disabledAt) throw refuse('HB-106', '/client_id', 'access: party')
  if (found) await parties.noteUse?.(party.id, found)
  const { jti, exp } = claims as { jti: string; exp: number }
  return { party, jti, expiresAt: new Date((Math.ceil(exp) + LEEWAY_SECONDS) * 1000) }
}

/**
 * Takes the jti of a proven assertion, once over all processes: of two at the same instant one waits
 * for the other's commit and then finds it taken. Fails closed: no row, no token.
 * @throws Refusal HB-105
 */
export async function useAssertion(tx: Queryable, proven: ProvenAssertion): Promise<void> {
  const { rowCount } = await tx.query(
    `INSERT INTO used_assertion (party_id, jti, expires_at) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING`,
    [proven.party.id, digestOf(proven.jti), proven.expiresAt],
  )
  if (rowCount !== 1) throw refuse('HB-105', '/client_assertion', 'RFC 7523 3 (7): jti')
}

/**
 * Removes assertions that expired well over a clock difference ago.
 * @returns how many rows went
 */
export async function sweepAssertions(db: Queryable, now: Date): Promise<number> {
  const { rowCount } = await db.query('DELETE FROM used_assertion WHERE expires_at < $1', [
    new Date(now.getTime() - 5 * 60_000),
  ])
  return rowCount ?? 0
}

function decodeAssertion(assertion: string): { header: Claims; claims: Claims } {
  if (assertion.length <= MAX_LENGTH) {
    try {
      return { header: decodeProtectedHeader(assertion), claims: decodeJwt(assertion) }
    } catch {
      // Falls through: what it could not be read as may not show.
    }
  }
  throw refuse(
    'HB-108',
    '/client_assertion',
    'RFC 7519 7.2: JWT',
    'Send a signed JWT in compact form.',
  )
}

async function isSignedBy(assertion: string, key: KeyObject, alg: string): Promise<boolean> {
  try {
    await compactVerify(assertion, key, { algorithms: [alg] })
    return true
  } catch {
    return false
  }
}

function wrongSignature(): Refusal {
  return refuse(
    'HB-108',
    '/client_assertion',
    'RFC 7523 3 (9): signature',
    'Sign with the private key whose kid is registered for client_id.',
  )
}

function digestOf(jti: string): string {
  return createHash('sha256').update(jti).digest('base64url')
}

const decoys = new Map<string, KeyObject>()

/** A key that no one has, to verify against where there is none. */
export function decoyKey(alg: SigningAlgorithm): KeyObject {
  const known = decoys.get(alg) ?? makeDecoy(alg)
  decoys.set(alg, known)
  return known
}

function makeDecoy(alg: SigningAlgorithm): KeyObject {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  if (alg !== 'PS256') return generateKeyPairSync('ed25519').publicKey
  // A random odd number verifies as slowly as a real modulus, without the search for primes.
  const modulus = randomBytes(256)
  modulus[0] = 0x80 | (modulus[0] ?? 0)
  modulus[255] = 1 | (modulus[255] ?? 0)
  const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' }
  return createPublicKey({ key: jwk, format: 'jwk' })
}
