import type { KeyObject } from 'node:crypto'
import {
  CompactSign,
  calculateJwkThumbprint,
  compactVerify,
  decodeProtectedHeader,
  type JWK,
} from 'jose'
import type { ExpectedStatement, StatementFault, VerifiedStatement } from './notes.ts'

/** Media type of a statement, in its `typ`: no other JWS of the same key can pass for one. */
export const STATEMENT_TYPE = 'protocol-statement+jwt'
/** JOSE algorithms of a statement: those that parties may register keys for. */
export const STATEMENT_ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'PS256'] as const
export type StatementAlgorithm = (typeof STATEMENT_ALGORITHMS)[number]

const MAX_LENGTH = 8_192
const LEEWAY_SECONDS = 60

/** What a party states over a document. */
export interface StatementClaims {
  /** The party. */
  iss: string
  protocol: string
  version: string
  /** SHA-256 of the document, base64url. */
  digest: string
  statement: 'accept' | 'reject' | 'revoke'
  signer: string
  function: string
  /** YYYY-MM-DD. */
  date: string
  /** Instant of signing, whole seconds since 1970. */
  iat: number
}

/** A public key to verify with. */
export interface VerifyingKey {
  kid: string
  algorithms: readonly string[]
  key: KeyObject
}

/** A statement as it reads before its signature is checked. Attacker-controlled. */
export interface UnverifiedStatement {
  alg: StatementAlgorithm
  kid: string
  claims: StatementClaims
}

/**
 * Signs a statement: a compact JWS (RFC 7515) with `typ` protocol-statement+jwt.
 * @param alg must fit the key: EdDSA, ES256 or PS256
 */
export function signStatement(
  privateKey: KeyObject,
  kid: string,
  alg: StatementAlgorithm,
  claims: StatementClaims,
): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg, kid, typ: STATEMENT_TYPE })
    .sign(privateKey)
}

/**
 * Checks a statement that lies beside a document. Everything in it is attacker-controlled until its
 * signature verifies, and nothing of it is in a fault.
 * @param keys the party's registered keys that count now
 * @returns the statement, or why it does not count
 */
export async function verifyStatement(
  jws: string,
  expected: ExpectedStatement,
  keys: readonly VerifyingKey[],
  now: Date,
): Promise<VerifiedStatement | StatementFault> {
  const read = readStatement(jws)
  if (typeof read === 'string') return read
  const { claims, kid, alg } = read
  const mismatch = mismatchOf(claims, expected)
  if (mismatch) return mismatch
  const found = keys.find(key => key.kid === kid)
  if (!found?.algorithms.includes(alg)) return 'unknown-key'
  if (!(await isSignedBy(jws, found.key, alg))) return 'bad-signature'
  if (isFuture(claims, now)) return 'future'
  const { iss: party, iat, ...stated } = claims
  const thumbprint = await calculateJwkThumbprint(found.key.export({ format: 'jwk' }) as JWK)
  return { ...stated, party, at: new Date(iat * 1000), thumbprint }
}

/** Reads a statement without any trust in it. */
export function readStatement(jws: string): UnverifiedStatement | 'malformed' {
  if (jws.length > MAX_LENGTH) return 'malformed'
  try {
    const { alg, kid, typ, crit } = decodeProtectedHeader(jws)
    const known = STATEMENT_ALGORITHMS.find(one => one === alg)
    const claims: unknown = JSON.parse(payloadOf(jws))
    if (!known || typeof kid !== 'string' || typ !== STATEMENT_TYPE || crit) return 'malformed'
    return isClaims(claims) ? { alg: known, kid, claims } : 'malformed'
  } catch {
    return 'malformed'
  }
}

/** What keeps a statement from fitting its place, its signature aside. */
export function mismatchOf(
  claims: StatementClaims,
  expected: ExpectedStatement,
): StatementFault | undefined {
  const { copies } = expected
  if (claims.iss !== expected.party) return 'wrong-party'
  if (claims.protocol !== expected.protocol) return 'other-protocol'
  if (claims.digest !== expected.digest) return 'other-digest'
  if (claims.version !== expected.version) return 'other-protocol'
  const same =
    claims.statement === copies.statement &&
    claims.function === copies.function &&
    claims.date === copies.date &&
    (copies.name === undefined || claims.signer === copies.name)
  return same ? undefined : 'differs'
}

function payloadOf(jws: string): string {
  const bytes = Buffer.from(jws.split('.')[1] ?? '', 'base64url')
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

async function isSignedBy(jws: string, key: KeyObject, alg: string): Promise<boolean> {
  try {
    await compactVerify(jws, key, { algorithms: [alg] })
    return true
  } catch {
    return false
  }
}

// Dated after it was made, or made after now: a date in advance would be no date of signing.
function isFuture({ date, iat }: StatementClaims, now: Date): boolean {
  const latest = Math.min(iat, now.getTime() / 1000) + LEEWAY_SECONDS
  return iat > now.getTime() / 1000 + LEEWAY_SECONDS || date > dayOf(latest)
}

function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}

const SHAPES: Record<Exclude<keyof StatementClaims, 'iat'>, RegExp> = {
  iss: /^[A-Za-z0-9._-]{1,64}$/,
  protocol: /^[A-Za-z0-9._-]{1,64}$/,
  version: /^\d{1,4}\.\d{1,4}\.\d{1,4}$/,
  digest: /^[A-Za-z0-9_-]{43}$/,
  statement: /^(accept|reject|revoke)$/,
  signer: /^\P{Cc}{1,200}$/u,
  function: /^\P{Cc}{1,200}$/u,
  date: /^(19|20|21)\d\d-\d\d-\d\d$/,
}

function isClaims(value: unknown): value is StatementClaims {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const claims = value as Record<string, unknown>
  const shaped = Object.entries(SHAPES).every(([name, shape]) => {
    const text = claims[name]
    return typeof text === 'string' && shape.test(text)
  })
  const { iat, date } = claims
  const timed = Number.isSafeInteger(iat) && Number(iat) > 0 && Number(iat) < 1e11
  return shaped && timed && isDay(String(date)) && Object.keys(claims).length === 9
}

function isDay(date: string): boolean {
  const time = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date)
}
