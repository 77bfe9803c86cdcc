import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { CompactSign, type JWK } from 'jose'
import { PartyStore } from '../../src/access/party.ts'
import type { PartyDraft } from '../../src/access/party-types.ts'
import { Signing } from '../../src/access/signing.ts'
import { AccessTokens } from '../../src/access/token.ts'
import type { Pool } from '../../src/db/pool.ts'
import { type ErrorCode, Refusal } from '../../src/errors.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { testLog } from '../support/log.ts'

export const PUBLIC_URL = 'https://gateway.example'
export const TOKEN_URL = `${PUBLIC_URL}/oauth/token`
export const MASTER_KEY = Buffer.alloc(32, 7)
export const KBO = '0123456749'
export const SILENT = testLog().log

export type Algorithm = 'EdDSA' | 'ES256' | 'PS256'

/** A party's own key pair, with real cryptography. */
export interface TestKey {
  alg: Algorithm
  privateKey: KeyObject
  jwk: JWK & { kid: string }
}

export function makeKey(
  kid: string = randomUUID(),
  alg: Algorithm = 'EdDSA',
  bits = 2048,
): TestKey {
  const pair = makePair(alg, bits)
  const jwk = { ...(pair.publicKey.export({ format: 'jwk' }) as JWK), kid }
  return { alg, privateKey: pair.privateKey, jwk }
}

function makePair(alg: Algorithm, bits: number): { publicKey: KeyObject; privateKey: KeyObject } {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (alg === 'PS256') return generateKeyPairSync('rsa', { modulusLength: bits })
  return generateKeyPairSync('ed25519')
}

export function jwksOf(...keys: TestKey[]): { keys: JWK[] } {
  return { keys: keys.map(key => key.jwk) }
}

/** A draft of a housing company; synthetic, as is its KBO number. */
export function draftOf(id: string, ...keys: TestKey[]): PartyDraft {
  return {
    id,
    kind: 'housing-company',
    name: `Woonmaatschappij ${id}`,
    kbo: KBO,
    jwks: { set: jwksOf(...keys) },
  }
}

/** The claims of a good assertion; a member set to undefined is left out. */
export function claimsOf(client: string, now: Date, changes: Record<string, unknown> = {}): object {
  const iat = Math.floor(now.getTime() / 1000)
  const good = { iss: client, sub: client, aud: TOKEN_URL, iat, exp: iat + 60, jti: randomUUID() }
  return { ...good, ...changes }
}

/** Signs an assertion; the header may be changed in any way that still lets it be signed. */
export async function signAssertion(
  key: TestKey,
  claims: object,
  header: Record<string, unknown> = {},
): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: key.alg, kid: key.jwk.kid, ...header })
    .sign(key.privateKey)
}

/** A JWT of any header and signature, for what no library would make. */
export function forge(header: object, claims: object, signature = ''): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode(header)}.${encode(claims)}.${signature}`
}

/** The form of a token request. */
export function formOf(client: string, assertion: string): Record<string, unknown> {
  return {
    grant_type: 'client_credentials',
    client_id: client,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }
}

/** A clock that only the test moves. */
export class TestClock {
  #now = new Date('2026-03-02T10:00:00.500Z')
  readonly now = (): Date => new Date(this.#now)

  pass(ms: number): void {
    this.#now = new Date(this.#now.getTime() + ms)
  }
}

/** One process of the gateway's access part on a database. */
export interface TestAccess {
  parties: PartyStore
  signing: Signing
  tokens: AccessTokens
  keys: KeyStore
}

export function openAccess(
  pool: Pool,
  clock: TestClock,
  fetchJwks: (url: string) => Promise<Uint8Array> = async () => {
    throw new Error('no key set address in this test')
  },
): TestAccess {
  const keys = new KeyStore(pool, MASTER_KEY)
  const now = clock.now
  const parties = new PartyStore({ pool, keys, log: SILENT, fetchJwks, allowLoopback: false, now })
  const signing = new Signing(keys)
  const tokens = new AccessTokens({
    pool,
    parties,
    signing,
    publicUrl: PUBLIC_URL,
    log: SILENT,
    now,
  })
  return { parties, signing, tokens, keys }
}

export interface Bench extends TestAccess {
  db: TestDatabase
  clock: TestClock
  close(): Promise<void>
}

/** A fresh database with one process on it. */
export async function openBench(fetchJwks?: (url: string) => Promise<Uint8Array>): Promise<Bench> {
  const db = await testDatabase()
  const clock = new TestClock()
  const access = openAccess(db.pool, clock, fetchJwks)
  const close = async () => {
    await access.tokens.close()
    await db.close()
  }
  return { ...access, db, clock, close }
}

/** The refusal that a promise ends in. */
export async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  const outcome = await promise.then(
    () => new Error('it was let through'),
    (error: unknown) => error,
  )
  if (outcome instanceof Refusal) return outcome
  throw outcome
}

export async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  return (await refusalOf(promise)).code
}

/** The entries written so far, oldest first, with their details. */
export async function entriesOf(pool: Pool, action: string): Promise<Record<string, unknown>[]> {
  const { rows } = await pool.query(
    `SELECT entry, details FROM audit_pending LEFT JOIN audit_detail USING (entry_id)
     WHERE action = $1 ORDER BY at`,
    [action],
  )
  return rows.map(row => ({
    ...JSON.parse(Buffer.from(row.entry).toString('utf8')),
    detailed: row.details === null ? undefined : JSON.parse(row.details),
  }))
}
