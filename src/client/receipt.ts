import { createHash } from 'node:crypto'
import { compactVerify, type JWTVerifyGetKey } from 'jose'

export type ReceiptFault = 'malformed' | 'bad-signature' | 'no-keys' | 'another' | 'another-body'

const ADVICE: Readonly<Record<ReceiptFault, string>> = {
  malformed: 'this is no receipt: keep it as it came and ask the operator of the gateway',
  'bad-signature':
    'no key of this gateway signed it: keep it and ask its operator and privacy officer',
  'no-keys': 'the keys of the gateway cannot be fetched: try again later',
  another: 'it is of another gateway, party or message than was expected',
  'another-body': 'it was given for another body than this one',
}

/** Why a receipt is not believed, and what to do. */
export class ReceiptError extends Error {
  override readonly name = 'ReceiptError'
  readonly code: ReceiptFault

  constructor(code: ReceiptFault) {
    super(`receipt refused: ${code}: ${ADVICE[code]}`)
    this.code = code
  }
}

/** What the gateway signed about a message. */
export interface ReceiptClaims {
  /** Public URL of the gateway. */
  iss: string
  /** The party that sent the message. */
  sub: string
  messageId: string
  type: string
  decision: 'accepted' | 'refused'
  code?: string
  /** SHA-256 of the body as it was sent, base64url; absent where the body held no nonce. */
  digest?: string
  protocol?: string | null
  protocolVersion?: string
  protocolDigest?: string | null
  /** RFC 6962 leaf hash of the entry in the audit log, base64url. */
  entryCommitment: string
  answers?: { messageId: string; digest: string }
  /** Seconds since 1970. */
  iat: number
}

export interface ReceiptCheck {
  /** Public URL of the gateway: who must have signed. */
  gateway: string
  partyId: string
  /** As `gatewayKeys` gives them, or keys kept from then. */
  keys: JWTVerifyGetKey
  messageId?: string
  /** The bytes of the body as it was sent. */
  body?: Uint8Array
}

/**
 * Checks a receipt and reads it: who signed, for whom, about which message and, with `body`, which bytes.
 * That its entry is in the audit log is shown by a bundle of evidence, which
 * `huisbrug audit verify <bundle>` checks without a gateway (docs/evidence.md).
 * @throws ReceiptError
 */
export async function verifyReceipt(jws: string, check: ReceiptCheck): Promise<ReceiptClaims> {
  const options = { algorithms: ['EdDSA'] }
  const { payload, protectedHeader } = await compactVerify(jws, check.keys, options).catch(refuse)
  if (protectedHeader.typ !== 'receipt+jwt') throw new ReceiptError('malformed')
  const claims = parse(payload)
  const { gateway, partyId, messageId = claims.messageId, body } = check
  const isOurs = claims.iss === gateway.replace(/\/+$/, '') && claims.sub === partyId
  if (!isOurs || claims.messageId !== messageId) throw new ReceiptError('another')
  const digest = body && createHash('sha256').update(body).digest('base64url')
  if (digest !== undefined && claims.digest !== digest) throw new ReceiptError('another-body')
  return claims
}

function refuse(error: unknown): never {
  const code = String((error as { code?: string }).code)
  if (/SIGNATURE_VERIFICATION|NO_MATCHING_KEY/.test(code)) throw new ReceiptError('bad-signature')
  throw new ReceiptError(/^ERR_JW[ST]_|^ERR_JOSE_(ALG|NOT)/.test(code) ? 'malformed' : 'no-keys')
}

function parse(payload: Uint8Array): ReceiptClaims {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8')) as ReceiptClaims
  } catch {
    throw new ReceiptError('malformed')
  }
}
