import type { KeyObject } from 'node:crypto'
import { compactVerify, decodeProtectedHeader } from 'jose'
import type { EvidenceBundle, Receipt } from '../schemas.generated.ts'
import { validatorFor } from '../schemas.ts'
import type { IncludedEntry } from './bundle-check.ts'
import { type BundleChecks, BundleFault, insist } from './bundle-report.ts'

const TYPE = 'receipt+jwt'

/** A receipt as it reads before its signature is checked. */
export interface ReadReceipt {
  kid: string
  payload: Receipt
}

/**
 * Reads a receipt without any trust in it.
 * @throws BundleFault
 */
export function readReceipt(jws: string): ReadReceipt {
  const read = decode(jws)
  const { alg, typ, kid, crit } = read.header
  insist(alg === 'EdDSA' && typ === TYPE && !crit, 'this is not a receipt')
  insist(typeof kid === 'string', 'the receipt names no key')
  const [first] = validatorFor('receipt')(read.payload)
  insist(!first, `the receipt has not the form of one, at ${first?.pointer || 'its root'}`)
  return { kid, payload: read.payload as Receipt }
}

function decode(jws: string) {
  try {
    const bytes = Buffer.from(jws.split('.')[1] ?? '', 'base64url')
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { header: decodeProtectedHeader(jws), payload: JSON.parse(text) as unknown }
  } catch {
    throw new BundleFault('this is not a receipt')
  }
}

/**
 * Checks a receipt: its signature with the trusted keys, and that it says what the entry says to which
 * it commits.
 * @throws BundleFault
 */
export async function checkReceipt(
  checks: BundleChecks,
  { receipt: jws, messageId }: EvidenceBundle,
  { kid, payload }: ReadReceipt,
  { index, entry }: IncludedEntry,
  keys: readonly { kid: string; key: KeyObject }[],
): Promise<void> {
  if (keys.length === 0) {
    checks.skipped(`its signature, by key ${kid}: no keys for receipts were given`)
  } else {
    const key = keys.find(one => one.kid === kid)
    insist(
      key !== undefined,
      `the receipt is signed with ${kid}, which is not among the keys given`,
    )
    insist(await isSignedWith(jws, key.key), `the signature of the receipt is not of key ${kid}`)
    checks.fits(`signed with key ${kid}`)
  }
  checks.fits(`it commits to entry ${index}: its leaf hash is ${payload.entryCommitment}`)
  const { protocol } = entry
  const decision = entry.action === 'message.refused' ? 'refused' : 'accepted'
  const pairs: [string, unknown, unknown][] = [
    ['message', payload.messageId, messageId],
    ['type', payload.type, entry.message?.type],
    ['sender', payload.sub, entry.actor.party],
    ['decision', payload.decision, decision],
    ['time', payload.iat, Math.floor(Date.parse(entry.at) / 1000)],
    ['protocol', payload.protocol ?? undefined, protocol?.id],
    ['version of the protocol', payload.protocolVersion, protocol?.version],
    ['digest of the protocol', payload.protocolDigest ?? undefined, protocol?.digest],
    ['code', payload.code ?? entry.code, entry.code],
  ]
  for (const [name, inReceipt, inEntry] of pairs)
    insist(inReceipt === inEntry, `receipt and entry ${index} do not name the same ${name}`)
  const names = pairs.map(([name]) => name).join(', ')
  checks.fits(`it says what that entry says: ${names}`)
  checks.fits(`${payload.sub} sent ${payload.type}, ${decision} at ${entry.at}`)
  if (payload.answers) checks.fits(answered(payload.answers))
}

function answered({ messageId, digest }: NonNullable<Receipt['answers']>): string {
  return `it answers ${messageId}, whose body has SHA-256 ${digest}`
}

async function isSignedWith(jws: string, key: KeyObject): Promise<boolean> {
  try {
    await compactVerify(jws, key, { algorithms: ['EdDSA'] })
    return true
  } catch {
    return false
  }
}
