import { hash, X509Certificate } from 'node:crypto'
import { fromBER, Integer, OctetString } from 'asn1js'
import {
  AlgorithmIdentifier,
  Certificate,
  type ContentInfo,
  id_ContentType_SignedData,
  id_ExtKeyUsage,
  id_eContentType_TSTInfo,
  id_sha256,
  MessageImprint,
  SignedData,
  TimeStampReq,
  TimeStampResp,
  TSTInfo,
} from 'pkijs'
import { AuditError } from './errors.ts'

// RFC 3161, 2.3: the certificate is for this purpose; 2.4.2: granted, with or without changes.
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'
const GRANTED = [0, 1]

/** A time that an authority put on data. */
export interface Timestamp {
  /** TimeStampToken, DER: `openssl ts -verify -token_in` takes it. */
  token: Buffer
  at: Date
  /** Subject of the certificate that signed it. */
  authority: string
  /** Whether that certificate was checked up to a trusted one. */
  chain: boolean
}

/** A nonce from random bytes: made a positive number of exactly that length. */
export function timestampNonce(random: Uint8Array): Buffer {
  const nonce = Buffer.from(random)
  nonce[0] = (nonce[0]! & 0x7f) | 0x01
  return nonce
}

/** A request for a timestamp over the SHA-256 of `data`, with the certificate (RFC 3161, 2.4.1; DER). */
export function timestampRequest(data: Uint8Array, nonce: Uint8Array): Buffer {
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: id_sha256 }),
      hashedMessage: new OctetString({ valueHex: toArrayBuffer(hash('sha256', data, 'buffer')) }),
    }),
    nonce: new Integer({ valueHex: toArrayBuffer(nonce) }),
    certReq: true,
  })
  return Buffer.from(request.toSchema().toBER())
}

/**
 * Checks the answer of an authority: granted, over this data, with this nonce, signed by the certificate in
 * it, which is for timestamps and leads to a trusted one where any are given. `answer` is untrusted.
 * @param trusted PEM of trusted certificates
 * @throws AuditError `timestamp-refused`, `timestamp-wrong`
 */
export async function readTimestamp(
  answer: Uint8Array,
  asked: { data: Uint8Array; nonce: Uint8Array; trusted?: string },
): Promise<Timestamp> {
  const response = parse(() => TimeStampResp.fromBER(toArrayBuffer(answer)))
  const token = response.timeStampToken
  if (!GRANTED.includes(response.status.status) || !token)
    throw new AuditError('timestamp-refused', `the authority said ${response.status.status}`)
  const signed = parse(() => signedOf(token))
  const info = parse(() => infoOf(signed))
  const nonce = info.nonce && Buffer.from(info.nonce.valueBlock.valueHexView)
  if (!nonce?.equals(asked.nonce)) throw wrong('it has another nonce')
  const imprint = Buffer.from(info.messageImprint.hashedMessage.valueBlock.valueHexView)
  const isSha256 = info.messageImprint.hashAlgorithm.algorithmId === id_sha256
  if (!isSha256 || !imprint.equals(hash('sha256', asked.data, 'buffer')))
    throw wrong('it is over something else')
  const certificate = await verifySignature(signed, asked)
  return {
    token: Buffer.from(token.toSchema().toBER()),
    at: info.genTime,
    authority: certificate,
    chain: asked.trusted !== undefined,
  }
}

/** @returns the subject of the signer */
async function verifySignature(
  signed: SignedData,
  { data, trusted }: { data: Uint8Array; trusted?: string },
): Promise<string> {
  if (signed.signerInfos.length !== 1) throw wrong('it has not one signature')
  const trustedCerts = trusted === undefined ? [] : readCertificates(trusted)
  const result = await signed
    .verify({
      signer: 0,
      data: toArrayBuffer(data),
      trustedCerts,
      checkChain: trusted !== undefined,
      extendedMode: true,
    })
    .catch((error: Error) => {
      throw wrong(error.message)
    })
  const certificate = result.signerCertificate
  if (!result.signatureVerified || !certificate) throw wrong('its signature is wrong')
  const usage = certificate.extensions?.find(it => it.extnID === id_ExtKeyUsage)?.parsedValue
  if (!usage?.keyPurposes?.includes(TIME_STAMPING))
    throw wrong('its certificate is not for timestamps')
  const der = Buffer.from(certificate.toSchema(true).toBER())
  return new X509Certificate(der).subject.replaceAll('\n', ', ')
}

/**
 * The certificates of a PEM file.
 * @throws AuditError `timestamp-wrong` where there is none or one is malformed
 */
export function readCertificates(pem: string): Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw wrong('there is no trusted certificate')
  return parse(() =>
    blocks.map(block => Certificate.fromBER(toArrayBuffer(new X509Certificate(block).raw))),
  )
}

function signedOf(token: ContentInfo): SignedData {
  if (token.contentType !== id_ContentType_SignedData) throw wrong('it is not signed')
  return new SignedData({ schema: token.content })
}

function infoOf({ encapContentInfo }: SignedData): TSTInfo {
  const content = encapContentInfo.eContent
  if (encapContentInfo.eContentType !== id_eContentType_TSTInfo || !content)
    throw wrong('it holds no time')
  return new TSTInfo({ schema: fromBER(content.getValue()).result })
}

function parse<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof AuditError ? error : wrong('it is malformed')
  }
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

function wrong(what: string): AuditError {
  return new AuditError('timestamp-wrong', `the timestamp does not fit: ${what}`)
}
