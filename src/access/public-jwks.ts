import {
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'

export type JwksFault = 'shape' | 'private' | 'symmetric' | 'weak' | 'unsupported' | 'kid'

/** Why a key set is refused; the message is for the operator and holds no key material. */
export class JwksError extends Error {
  override readonly name = 'JwksError'
  readonly code: JwksFault

  constructor(code: JwksFault, message: string) {
    super(message)
    this.code = code
  }
}

/** A key as it is kept: public members only, plus `exp` (NumericDate) once it is on its way out. */
export interface StoredKey {
  kty: 'OKP' | 'EC' | 'RSA'
  kid: string
  /** `enc`: only to seal what goes to the party, never to check what comes from it. */
  use: 'sig' | 'enc'
  crv?: string
  x?: string
  y?: string
  n?: string
  e?: string
  exp?: number
}

export interface PublicJwks {
  keys: StoredKey[]
}

/** A registered key, ready to verify with. */
export interface PublicKey {
  kid: string
  /** JOSE algorithms that this key may be used with: never more than its type allows. */
  algorithms: readonly SigningAlgorithm[]
  key: KeyObject
  /** After this the key counts no more; undefined while it is not being replaced. */
  until: Date | undefined
}

/** A registered key that what goes to the party is sealed for (RFC 7518 section 4.6, ECDH-ES). */
export interface EncryptionKey {
  kid: string
  key: KeyObject
  /** After this the key counts no more; undefined while it is not being replaced. */
  until: Date | undefined
}

/** The JOSE algorithms accepted from parties. Ed25519 is the name of EdDSA with that curve (RFC 9864). */
export const SIGNING_ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'PS256'] as const
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number]

const MAX_KEYS = 20
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv']
const MEMBERS = { OKP: ['crv', 'x'], EC: ['crv', 'x', 'y'], RSA: ['n', 'e'] } as const
const SIGNING = {
  OKP: { crv: 'Ed25519', algorithms: ['EdDSA', 'Ed25519'] },
  EC: { crv: 'P-256', algorithms: ['ES256'] },
  RSA: { crv: undefined, algorithms: ['PS256'] },
} as const
const AGREEMENT = 'ECDH-ES'
/** The curve of a key for encryption, by its type. */
const AGREEING: Readonly<Record<string, string>> = { OKP: 'X25519', EC: 'P-256' }

// The y coordinates of the points of small order on edwards25519, also in their non-canonical forms
// (libsodium's list). With such a key, an all-zero placeholder among them, anyone can make a
// signature that verifies.
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

/**
 * Reads a JWK set (RFC 7517) of public keys: at least one to sign with (Ed25519, P-256, or RSA of at
 * least 2048 bits), and those marked for encryption (X25519 or P-256 with `use` enc, `alg` ECDH-ES or
 * `key_ops` deriveBits, deriveKey). A key without such a mark is one to sign with. Members that are not
 * needed are dropped; a key without `kid` gets its RFC 7638 thumbprint. Attacker-controlled where it
 * comes from a URL.
 * @throws JwksError
 */
export async function parsePublicJwks(value: unknown): Promise<PublicJwks> {
  const keys = isObject(value) ? value['keys'] : undefined
  if (!Array.isArray(keys)) throw new JwksError('shape', 'not a JWK set: it has no list "keys"')
  if (keys.length === 0) throw new JwksError('shape', 'the key set is empty')
  if (keys.length > MAX_KEYS) throw new JwksError('shape', `the key set has over ${MAX_KEYS} keys`)
  const stored: StoredKey[] = []
  for (const [index, key] of keys.entries()) stored.push(await parseKey(key, `key ${index + 1}`))
  assertDistinct(stored)
  if (!stored.some(({ use }) => use === 'sig')) {
    throw new JwksError('shape', 'the key set has no key to sign with; a party signs in with one')
  }
  return { keys: stored }
}

/** Makes the signing keys of a checked set ready to verify with. */
export function importKeys(jwks: PublicJwks): PublicKey[] {
  return jwks.keys
    .filter(({ use }) => use === 'sig')
    .map(stored => ({ ...imported(stored), algorithms: SIGNING[stored.kty].algorithms }))
}

/** Makes the encryption keys of a checked set ready to seal for, in the order of the set. */
export function importEncryptionKeys(jwks: PublicJwks): EncryptionKey[] {
  return jwks.keys.filter(({ use }) => use === 'enc').map(imported)
}

function imported(stored: StoredKey): EncryptionKey {
  const { kid, exp } = stored
  const until = exp === undefined ? undefined : new Date(exp * 1000)
  return {
    kid,
    key: createPublicKey({ key: stored as unknown as JsonWebKey, format: 'jwk' }),
    until,
  }
}

/** Whether two stored keys are the same key, whatever their end. */
export function isSameKey(a: StoredKey, b: StoredKey): boolean {
  return a.use === b.use && hasSameMaterial(a, b)
}

function hasSameMaterial(a: StoredKey, b: StoredKey): boolean {
  return [...MEMBERS[a.kty], 'kty' as const].every(member => a[member] === b[member])
}

async function parseKey(value: unknown, place: string): Promise<StoredKey> {
  if (!isObject(value)) throw new JwksError('shape', `${place} is not an object`)
  assertPublic(value, place)
  const kty = value['kty']
  if (kty !== 'OKP' && kty !== 'EC' && kty !== 'RSA') throw unsupported(place)
  const use = isForEncryption(value) ? 'enc' : 'sig'
  if (use === 'enc') assertForEncryption(value, place)
  else assertForSigning(value, SIGNING[kty], place)
  const material = pickStrings(value, MEMBERS[kty], place)
  const kid = value['kid'] ?? (await calculateJwkThumbprint({ kty, ...material } as JWK))
  if (typeof kid !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(kid)) {
    throw new JwksError('kid', `${place}: kid must be 1 to 128 visible ASCII characters`)
  }
  const stored: StoredKey = { kty, kid, use, ...material, ...readExpiry(value, material, place) }
  assertStrong(stored, place)
  return stored
}

function assertPublic(key: Record<string, unknown>, place: string): void {
  if (key['kty'] === 'oct' || 'k' in key) {
    throw new JwksError('symmetric', `${place} is a shared secret; register public keys only`)
  }
  if (PRIVATE_MEMBERS.some(member => member in key)) {
    throw new JwksError(
      'private',
      `${place} holds a private key; it is no longer secret: make a new pair, register the public part`,
    )
  }
}

const AGREES = ['deriveBits', 'deriveKey']

/** A key without any mark stays a signing key, so that registering one more never weakens another. */
function isForEncryption({ use, alg, key_ops: operations }: Record<string, unknown>): boolean {
  const agrees = Array.isArray(operations) && operations.some(one => AGREES.includes(one))
  return use === 'enc' || alg === AGREEMENT || agrees
}

function assertForEncryption(key: Record<string, unknown>, place: string): void {
  const { kty, alg, use, key_ops: operations, crv } = key
  const curve = AGREEING[String(kty)]
  if (!curve || curve !== crv || (alg ?? AGREEMENT) !== AGREEMENT) {
    throw new JwksError(
      'unsupported',
      `${place}: for encryption use X25519 or P-256 with ECDH-ES, not another type or algorithm`,
    )
  }
  const verifies = Array.isArray(operations) && operations.includes('verify')
  if ((use !== undefined && use !== 'enc') || verifies) {
    throw new JwksError(
      'unsupported',
      `${place} is meant for signatures and for encryption: make two`,
    )
  }
}

function assertForSigning(
  key: Record<string, unknown>,
  form: (typeof SIGNING)[keyof typeof SIGNING],
  place: string,
): void {
  const { alg, use, key_ops: operations, crv } = key
  if (form.crv !== crv) throw unsupported(place)
  if (alg !== undefined && !(form.algorithms as readonly unknown[]).includes(alg))
    throw unsupported(place)
  const verifies =
    operations === undefined || (Array.isArray(operations) && operations.includes('verify'))
  if ((use !== undefined && use !== 'sig') || !verifies) {
    throw new JwksError('unsupported', `${place} is not meant for signatures (use, key_ops)`)
  }
}

function unsupported(place: string): JwksError {
  return new JwksError(
    'unsupported',
    `${place}: use Ed25519 (EdDSA), P-256 (ES256) or RSA (PS256), or mark it for encryption (use enc)`,
  )
}

function pickStrings(
  key: Record<string, unknown>,
  members: readonly string[],
  place: string,
): Record<string, string> {
  return Object.fromEntries(
    members.map(member => {
      const text = key[member]
      if (typeof text === 'string' && /^[A-Za-z0-9_-]{1,1400}$/.test(text)) return [member, text]
      throw new JwksError('shape', `${place}: member ${member} is missing or not base64url`)
    }),
  )
}

/** When a key ends: its `exp`, or the end of its certificate where that comes first. */
function readExpiry(
  key: Record<string, unknown>,
  material: Record<string, string>,
  place: string,
): { exp?: number } {
  const { exp, x5c } = key
  if (exp !== undefined && !(Number.isSafeInteger(exp) && Number(exp) < 1e11)) {
    throw new JwksError('shape', `${place}: exp must be a number of seconds`)
  }
  const ends = [exp, x5c === undefined ? undefined : readCertificateEnd(x5c, material, place)]
  const earliest = Math.min(...ends.map(end => (end === undefined ? Infinity : Number(end))))
  return earliest === Infinity ? {} : { exp: earliest }
}

// Of the key itself (RFC 7517 section 4.7); who issued it does not matter, for the key was registered.
function readCertificateEnd(x5c: unknown, material: Record<string, string>, place: string): number {
  const wrong = new JwksError('shape', `${place}: x5c is not a certificate of that key`)
  const first: unknown = Array.isArray(x5c) ? x5c[0] : undefined
  if (typeof first !== 'string' || first.length > 16_384) throw wrong
  try {
    const { publicKey, validToDate } = new X509Certificate(Buffer.from(first, 'base64'))
    const own: Record<string, unknown> = { ...publicKey.export({ format: 'jwk' }) }
    const end = Math.floor(validToDate.getTime() / 1000)
    const same = Object.entries(material).every(([member, value]) => own[member] === value)
    if (same && end < 1e11) return end
  } catch {
    throw wrong
  }
  throw wrong
}

function assertStrong(stored: StoredKey, place: string): void {
  const key = tryImport(stored, place)
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (stored.kty === 'RSA' && (modulusLength < 2048 || modulusLength > 8192)) {
    throw new JwksError('weak', `${place}: an RSA key must have 2048 to 8192 bits`)
  }
  if (stored.kty === 'RSA' && publicExponent !== 65537n) {
    throw new JwksError('weak', `${place}: the exponent of an RSA key must be 65537`)
  }
  const weak = stored.use === 'enc' ? !canAgree(key) : stored.kty === 'OKP' && hasSmallOrder(stored)
  if (weak) {
    throw new JwksError('weak', `${place} is not a real key (a point of small order)`)
  }
}

function tryImport(stored: StoredKey, place: string): KeyObject {
  try {
    return createPublicKey({ key: stored as unknown as JsonWebKey, format: 'jwk' })
  } catch {
    throw new JwksError('shape', `${place} is not a valid key`)
  }
}

/** Whether a secret can be agreed with a key: of a point of small order the outcome is zero (RFC 7748). */
function canAgree(publicKey: KeyObject): boolean {
  try {
    const { privateKey } =
      publicKey.asymmetricKeyType === 'x25519'
        ? generateKeyPairSync('x25519')
        : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return diffieHellman({ privateKey, publicKey }).some(byte => byte !== 0)
  } catch {
    return false
  }
}

function hasSmallOrder({ x = '' }: StoredKey): boolean {
  const y = Buffer.from(x, 'base64url')
  y[31] = (y[31] ?? 0) & 0x7f
  return SMALL_ORDER.has(y.toString('hex'))
}

function assertDistinct(keys: StoredKey[]): void {
  if (new Set(keys.map(key => key.kid)).size < keys.length) {
    throw new JwksError('kid', 'two keys have the same kid')
  }
  const [signing, sealing] = [keys.filter(isSigning), keys.filter(key => !isSigning(key))]
  if (sealing.some(key => signing.some(other => hasSameMaterial(key, other)))) {
    throw new JwksError('weak', 'one key is there for signatures and for encryption: make two')
  }
}

function isSigning({ use }: StoredKey): boolean {
  return use === 'sig'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
