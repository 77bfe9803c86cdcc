import { compactDecrypt, decodeProtectedHeader, errors, importJWK, type JWK } from 'jose'
import type { Envelope, SealedEnvelope } from './types.ts'

export type EnvelopeFault =
  | 'no-keys'
  | 'unknown-key'
  | 'not-an-envelope'
  | 'another-message'
  | 'damaged'
  | 'bad-key'

const ADVICE: Readonly<Record<EnvelopeFault, string>> = {
  'no-keys':
    'what came is in an envelope: give the private encryption keys whose public parts are registered',
  'unknown-key':
    'it is sealed for a key that is not given: keep the former private key until all that was sent for it has come, and answer 503 meanwhile, so that it is tried again',
  'not-an-envelope': 'it is no JWE with ECDH-ES and A256GCM of this kind: do not take it',
  'another-message': 'it belongs to another message than the one it came with: do not take it',
  damaged: 'it was changed on the way, or sealed for another key of the same kid: do not take it',
  'bad-key': 'the private key of its kid is no X25519 or P-256 key with its secret part',
}

/** Why an envelope is not opened, and what to do; it holds nothing of what came. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError'
  readonly code: EnvelopeFault

  constructor(code: EnvelopeFault) {
    super(`${code}: ${ADVICE[code]}`)
    this.code = code
  }

  /** Whether it may be opened later, with a key that is not given now. */
  get mayPass(): boolean {
    return ['no-keys', 'unknown-key', 'bad-key'].includes(this.code)
  }
}

/** Private keys by their kid, as JWKs: the current one, and former ones while they may still be needed. */
export type DecryptionKeys = readonly JWK[]

/**
 * Opens the body of a call of the gateway (`Content-Type: application/jose`), for the employment
 * service.
 * @param jwe the body as it came
 * @param idempotencyKey of the same request: what was sealed for another is refused
 * @returns the body as it would have come in JSON
 * @throws EnvelopeError
 */
export async function openCall(
  jwe: string,
  idempotencyKey: string,
  keys: DecryptionKeys,
): Promise<Record<string, unknown>> {
  return open(jwe, { typ: 'call+jwe', id: idempotencyKey }, keys)
}

/**
 * Opens the data of an event, from a webhook or the inbox; an event without an envelope is returned as
 * it is. Check the signature of a webhook first.
 * @throws EnvelopeError
 */
export async function openEvent(
  event: Envelope | SealedEnvelope,
  keys: DecryptionKeys,
): Promise<Envelope> {
  if (typeof event.data !== 'string') return event as Envelope
  const data = await open(event.data, { typ: 'event+jwe', id: event.id }, keys)
  return { ...event, datacontenttype: 'application/json', data }
}

async function open(
  jwe: string,
  expected: { typ: string; id: string },
  keys: DecryptionKeys,
): Promise<Record<string, unknown>> {
  if (keys.length === 0) throw new EnvelopeError('no-keys')
  const { kid, typ, id } = headerOf(jwe)
  if (typ !== expected.typ) throw new EnvelopeError('not-an-envelope')
  if (id !== expected.id) throw new EnvelopeError('another-message')
  const jwk = keys.find(key => key.kid === kid)
  if (!jwk) throw new EnvelopeError('unknown-key')
  const key = await importPrivate(jwk)
  // What the header says is part of what is authenticated: it was not changed either.
  const { plaintext } = await compactDecrypt(jwe, key, ALLOWED).catch(refuseEnvelope)
  return parseObject(plaintext)
}

const ALLOWED = {
  keyManagementAlgorithms: ['ECDH-ES'],
  contentEncryptionAlgorithms: ['A256GCM'],
}

function headerOf(jwe: string): Record<string, unknown> {
  try {
    return decodeProtectedHeader(jwe)
  } catch {
    throw new EnvelopeError('not-an-envelope')
  }
}

async function importPrivate({ kty, crv, x, y, d }: JWK): Promise<CryptoKey> {
  const known = crv === 'X25519' || crv === 'P-256'
  try {
    const key = known && d && (await importJWK({ kty, crv, x, y, d } as JWK, 'ECDH-ES'))
    if (key && !(key instanceof Uint8Array)) return key
  } catch {
    // Falls through: what is wrong with a secret is not told.
  }
  throw new EnvelopeError('bad-key')
}

function refuseEnvelope(error: unknown): never {
  const isForeign =
    error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported
  throw new EnvelopeError(isForeign ? 'not-an-envelope' : 'damaged')
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch {
    // Falls through.
  }
  throw new EnvelopeError('not-an-envelope')
}
