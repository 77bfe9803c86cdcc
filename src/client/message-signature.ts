import {
  calculateJwkThumbprint,
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type FlattenedJWSInput,
  FlattenedSign,
  flattenedVerify,
  importJWK,
  type JWK,
  type JWTHeaderParameters,
  type JWTVerifyGetKey,
} from 'jose'
import { signingAlgorithm } from './keys.ts'

/** The header that bears the signature of a call or webhook. */
export const SIGNATURE_HEADER = 'X-JWS-Signature'

const TYPE = 'message+jws'
const TOLERANCE_SECONDS = 300

/** What a signature is for: it is good for this one call. */
export interface SignedMessage {
  /** Who signs: the party id. */
  issuer: string
  /** Who it is for: the public URL of the gateway. */
  audience: string
  method: string
  /** Without a query. */
  url: string
  /** The Idempotency-Key of the call. */
  id?: string
  /** Ed25519, P-256 or RSA, private, as JWK with its `kid`. */
  privateKey: JWK
  at?: Date
}

/**
 * Signs the exact bytes of a body: a detached JWS (RFC 7515 appendix F, RFC 7797), `header..signature`, the value
 * of X-JWS-Signature. Sign anew for every try: it counts for five minutes.
 */
export async function signMessage(rawBody: Uint8Array, message: SignedMessage): Promise<string> {
  const { privateKey, issuer, audience, method, url, id, at = new Date() } = message
  const alg = signingAlgorithm(privateKey)
  const kid = privateKey.kid ?? (await calculateJwkThumbprint(privateKey))
  const { protected: header, signature } = await new FlattenedSign(rawBody)
    .setProtectedHeader({
      ...{ alg, kid, typ: TYPE, b64: false, crit: ['b64'], iss: issuer, aud: audience },
      ...{ iat: Math.floor(at.getTime() / 1000), htm: method, htu: url },
      ...(id !== undefined && { id }),
    })
    .sign(await importJWK(privateKey, alg))
  return `${header}..${signature}`
}

export type MessageFault =
  | 'missing'
  | 'malformed'
  | 'bad-signature'
  | 'another-message'
  | 'too-old'
  | 'too-new'
  | 'no-keys'

const ADVICE: Readonly<Record<MessageFault, string>> = {
  missing: 'it bears no X-JWS-Signature: do not take it; see that no proxy drops that header',
  malformed: 'its X-JWS-Signature is none of a gateway: do not take it',
  'bad-signature':
    'no key of this gateway signed these bytes: do not take it; check the raw body, before it is parsed',
  'another-message':
    'it was signed for another message, receiver or address: do not take it; check gateway, partyId and url',
  'too-old': 'it was signed more than five minutes ago: check the clock of this machine',
  'too-new': 'it was signed in the future: check the clock of this machine',
  'no-keys': 'the keys of the gateway cannot be fetched: answer 503, it is tried again',
}

/** Why a call or webhook is not taken for one of the gateway, and what to do; it holds nothing of what came. */
export class MessageError extends Error {
  override readonly name = 'MessageError'
  readonly code: MessageFault

  constructor(code: MessageFault) {
    super(`signature of a message refused: ${code}: ${ADVICE[code]}`)
    this.code = code
  }

  /** Whether it may pass later: the keys of the gateway could not be had. Answer 503. */
  get mayPass(): boolean {
    return this.code === 'no-keys'
  }
}

export interface MessageCheck {
  /** The public URL of the gateway: who must have signed. */
  gateway: string
  /** The own party id: who it must be for. */
  partyId: string
  /** As `gatewayKeys` gives them. */
  keys: JWTVerifyGetKey
  /** The own URL to which it was posted, without a query; not compared where it is left out. */
  url?: string
  /** How far its time may be from ours, in seconds (300). */
  toleranceSeconds?: number
  now?: Date
}

/** The published keys of a gateway, fetched when they are needed. */
export function gatewayKeys(gateway: string): JWTVerifyGetKey {
  const url = new URL(`${gateway.replace(/\/+$/, '')}/.well-known/jwks.json`)
  return createRemoteJWKSet(url, { cooldownDuration: 1_000 })
}

type Headers = Readonly<Record<string, string | string[] | undefined>>
type Parsed = Readonly<Record<string, unknown>>

/**
 * Checks that the gateway signed these bytes, for this party and this message: bound to the `webhook-id` or
 * `Idempotency-Key` that came with it.
 * @param headers names in lower case, as node:http gives them
 * @param rawBody the bytes as they came, in an envelope or not
 * @throws MessageError
 */
export async function verifyMessage(
  headers: Headers,
  rawBody: Uint8Array,
  check: MessageCheck,
): Promise<{ kid: string; signedAt: Date }> {
  const given = headers[SIGNATURE_HEADER.toLowerCase()]
  if (given === undefined || given === '') throw new MessageError('missing')
  const header = await openSignature(given, rawBody, check.keys)
  assertForUs(header, headers, check)
  return { kid: String(header['kid']), signedAt: new Date(Number(header['iat']) * 1000) }
}

async function openSignature(
  given: string | string[],
  payload: Uint8Array,
  keys: JWTVerifyGetKey,
): Promise<Parsed> {
  const [, encoded, signature] = /^([\w-]{1,2048})\.\.([\w-]{1,2048})$/.exec(String(given)) ?? []
  if (!encoded || !signature) throw new MessageError('malformed')
  const header = parseHeader(encoded)
  if (header.alg !== 'EdDSA' || header.typ !== TYPE || header['b64'] !== false)
    throw new MessageError('malformed')
  const jws = { protected: encoded, payload, signature }
  const key = await findKey(keys, header, jws)
  await flattenedVerify(jws, key, { algorithms: ['EdDSA'] }).catch(refuseSignature)
  return header
}

function parseHeader(encoded: string): JWTHeaderParameters {
  try {
    return decodeProtectedHeader({ protected: encoded }) as JWTHeaderParameters
  } catch {
    throw new MessageError('malformed')
  }
}

// What cannot be fetched says nothing of the message.
async function findKey(keys: JWTVerifyGetKey, header: JWTHeaderParameters, jws: FlattenedJWSInput) {
  try {
    return await keys(header, jws)
  } catch (error) {
    throw new MessageError(error instanceof errors.JWKSNoMatchingKey ? 'bad-signature' : 'no-keys')
  }
}

function refuseSignature(error: unknown): never {
  const isForeign = error instanceof errors.JOSENotSupported || error instanceof errors.JWSInvalid
  throw new MessageError(isForeign ? 'malformed' : 'bad-signature')
}

function assertForUs(header: Parsed, headers: Headers, check: MessageCheck): void {
  const { iss, aud, htm, htu, id, iat } = header
  const named = [headers['webhook-id'], headers['idempotency-key']].filter(one => one !== undefined)
  const isThis =
    iss === check.gateway &&
    aud === check.partyId &&
    htm === 'POST' &&
    (check.url === undefined || htu === check.url) &&
    named.length > 0 &&
    named.every(one => one === id)
  if (!isThis) throw new MessageError('another-message')
  const { toleranceSeconds = TOLERANCE_SECONDS, now = new Date() } = check
  const age = typeof iat === 'number' ? now.getTime() / 1000 - iat : Infinity
  if (age > toleranceSeconds) throw new MessageError('too-old')
  if (-age > toleranceSeconds) throw new MessageError('too-new')
}
