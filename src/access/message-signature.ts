import type { JsonWebKey, KeyObject } from 'node:crypto'
import { flattenedVerify } from 'jose'
import { type Refusal, refuse } from '../errors.ts'
import { decoyKey, type PartyLookup } from './assertion.ts'
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './public-jwks.ts'

/** The header of a call or webhook that bears its signature. */
export const SIGNATURE_HEADER = 'X-JWS-Signature'

/** `typ` of such a signature: one for another use does not pass for it. */
export const SIGNATURE_TYPE = 'message+jws'

/** How far the time of a signature may be from ours, in seconds. */
export const SIGNATURE_SECONDS = 300

const MAX_LENGTH = 4_096
// Detached content (RFC 7515, appendix F): nothing between the dots.
const FORM = /^([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)$/
// They bring or point to a key; a key is only ever the registered one.
const FOREIGN_KEYS = ['jwk', 'jku', 'x5c', 'x5u', 'x5t', 'x5t#S256']

/** What a signature has to be of: the call as it arrived. */
export interface SignedCall {
  /** The party of the token: who must have signed. */
  party: string
  /** This gateway. */
  publicUrl: string
  method: string
  /** As it stands in the request, without the query. */
  path: string
  idempotencyKey: string | undefined
  body: Uint8Array
  at: Date
}

/** A signature that verified, with the key that it did with: what a party can be held to. */
export interface MessageSignature {
  /** Detached: `header..signature`. */
  jws: string
  /** The public key, as JWK: it may be replaced later. */
  key: JsonWebKey & { kid: string }
}

type Header = Readonly<Record<string, unknown>>

/**
 * Checks the signature over the exact bytes of a body (RFC 7515 appendix F, RFC 7797) by a registered signing
 * key of the party of the token, for this one call. An unknown key and a wrong signature give the same refusal
 * after the same work.
 * @param given the value of the header: attacker-controlled, nothing of it is repeated
 * @throws Refusal HB-128 for another form, HB-129 where the party did not sign these bytes, HB-130 where it
 *   signed them for another call
 */
export async function verifyMessageSignature(
  parties: PartyLookup,
  given: string,
  call: SignedCall,
): Promise<MessageSignature> {
  const { protectedHeader, signature, header } = readSignature(given)
  const { alg, kid } = header as { alg: SigningAlgorithm; kid: string }
  const party = await parties.find(call.party)
  const found = party && (await parties.findKey(party, kid))
  const key = found?.algorithms.includes(alg) ? found.key : undefined
  const jws = { protected: protectedHeader, payload: call.body, signature }
  const signed = await isSigned(jws, key ?? decoyKey(alg), alg)
  if (!key || !signed) throw refuse('HB-129', '', 'RFC 7515 5.2: signature')
  assertForCall(header, call)
  if (found) await parties.noteUse?.(call.party, found)
  return { jws: given, key: { ...key.export({ format: 'jwk' }), kid } }
}

function readSignature(given: string) {
  const [, protectedHeader = '', signature = ''] =
    given.length <= MAX_LENGTH ? (FORM.exec(given) ?? []) : []
  if (protectedHeader === '') {
    throw malformed(
      'RFC 7515 appendix F: header..signature',
      `Send one ${SIGNATURE_HEADER} with a detached JWS of at most ${MAX_LENGTH} characters.`,
    )
  }
  const header = parseHeader(protectedHeader)
  assertForm(header)
  return { protectedHeader, signature, header }
}

function parseHeader(encoded: string): Header {
  try {
    const bytes = Buffer.from(encoded, 'base64url')
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Header
  } catch {
    // Falls through: what it could not be read as may not show.
  }
  throw malformed('RFC 7515 4: protected header', 'Put a JSON object in the protected header.')
}

function assertForm(header: Header): void {
  const { alg, kid, typ, crit, b64 } = header
  if (!(SIGNING_ALGORITHMS as readonly unknown[]).includes(alg)) {
    const allowed = SIGNING_ALGORITHMS.join(', ')
    throw malformed('RFC 8725 3.1: alg', `Sign with one of ${allowed}.`)
  }
  if (typeof kid !== 'string' || kid === '' || kid.length > 128)
    throw malformed('RFC 7515 4.1.4: kid', 'Put the kid of your registered key in the header.')
  if (typ !== SIGNATURE_TYPE) throw malformed('RFC 8725 3.11: typ', `Set typ to ${SIGNATURE_TYPE}.`)
  const isUnencoded = b64 === false && Array.isArray(crit) && crit.length === 1 && crit[0] === 'b64'
  if (!isUnencoded)
    throw malformed('RFC 7797 6: b64, crit', 'Set b64 to false and crit to ["b64"], nothing else.')
  if (FOREIGN_KEYS.some(name => name in header)) {
    const remedy = 'Leave out what brings or points to a key; only registered keys count.'
    throw malformed('RFC 8725 3.10: jwk, jku, x5c, x5u', remedy)
  }
}

function malformed(rule: string, remedy: string): Refusal {
  return refuse('HB-128', '', rule, remedy)
}

async function isSigned(
  jws: { protected: string; payload: Uint8Array; signature: string },
  key: KeyObject,
  alg: string,
): Promise<boolean> {
  try {
    await flattenedVerify(jws, key, { algorithms: [alg] })
    return true
  } catch {
    return false
  }
}

/** A signature is good for one call only: who, to whom, which operation, which key, when. */
function assertForCall(header: Header, call: SignedCall): void {
  const { iss, aud, htm, htu, id, iat } = header
  const url = `${call.publicUrl}${call.path}`
  const apart = typeof iat === 'number' ? Math.abs(call.at.getTime() / 1000 - iat) : Infinity
  const checks: [boolean, string, string][] = [
    [iss === call.party, 'iss', 'Set iss to your party id.'],
    [aud === call.publicUrl, 'aud', `Set aud to ${call.publicUrl} and nothing else.`],
    [htm === call.method, 'htm', 'Set htm to the method of the call.'],
    [htu === url, 'htu', 'Set htu to the public URL and the path of the call, without a query.'],
    [id === call.idempotencyKey, 'id', 'Set id to the Idempotency-Key of the call.'],
    [
      !(apart > SIGNATURE_SECONDS),
      'iat',
      `Sign anew for every try: iat may be ${SIGNATURE_SECONDS} s from the time of the gateway.`,
    ],
  ]
  const wrong = checks.find(([holds]) => !holds)
  if (wrong) throw refuse('HB-130', '', `${SIGNATURE_HEADER}: ${wrong[1]}`, wrong[2])
}
