import { createHash, type KeyObject } from 'node:crypto'
import type { VerifyingKey } from '../protocol/statement.ts'
import type { EvidenceBundle } from '../schemas.generated.ts'
import { validatorFor } from '../schemas.ts'
import { isDecision } from './bundle.ts'
import { checkDocument } from './bundle-document.ts'
import { checkReceipt, type ReadReceipt, readReceipt } from './bundle-receipt.ts'
import { BundleChecks, BundleFault, type BundleReport, insist } from './bundle-report.ts'
import { checkSignature } from './bundle-signature.ts'
import { openCheckpoint } from './checkpoint.ts'
import { type CosignatureVerifier, readCosignatures } from './cosignature.ts'
import { parseEntry } from './entry.ts'
import { AuditError } from './errors.ts'
import { leafHash } from './merkle.ts'
import { type NoteVerifier, openNote } from './note.ts'
import { parseProof, verifyProof } from './proof-file.ts'
import type { AuditEntry } from './types.ts'

/** What a reader trusts, from elsewhere; nothing is verified with a key that the bundle brings. */
export interface BundleTrust {
  /** The log's verifier keys: one, or several where it got another. */
  log: NoteVerifier[]
  witnesses: CosignatureVerifier[]
  /** Keys with which the gateway signs receipts; without any that signature is not checked. */
  receipts: { kid: string; key: KeyObject }[]
  /** Keys of parties, by party; statements of others are not checked. */
  parties: ReadonlyMap<string, readonly VerifyingKey[]>
  /** The body as it was sent, to compare with the receipt. */
  body?: Uint8Array
  now: Date
}

/** An entry that was shown to be in the log. */
export interface IncludedEntry {
  index: number
  /** RFC 6962 leaf hash, base64url. */
  commitment: string
  entry: AuditEntry
}

/**
 * Checks an evidence bundle with nothing but itself and the keys that are trusted: no database, no
 * network. `text` is untrusted. Stops at the first thing that is wrong, which is its last check.
 */
export async function checkBundle(text: string, trust: BundleTrust): Promise<BundleReport> {
  const checks = new BundleChecks()
  let messageId: string | undefined
  let ok = true
  try {
    const bundle = readBundle(text)
    messageId = bundle.messageId
    checks.fits(`evidence bundle, version ${bundle.bundle}, of ${messageId}`)
    checkCheckpoint(checks, bundle, trust)
    const entries = checkEntries(checks, bundle, trust)
    await checkContents(checks, bundle, entries, trust)
  } catch (error) {
    if (!(error instanceof BundleFault) && !(error instanceof AuditError)) throw error
    checks.wrong(error.message)
    ok = false
  }
  return { ok, ...(messageId !== undefined && { messageId }), checks: [...checks.list] }
}

async function checkContents(
  checks: BundleChecks,
  bundle: EvidenceBundle,
  entries: IncludedEntry[],
  trust: BundleTrust,
): Promise<void> {
  checks.about('receipt')
  const receipt = readReceipt(bundle.receipt)
  const decision = entries.find(one => one.commitment === receipt.payload.entryCommitment)
  insist(decision !== undefined, 'the entry that the receipt commits to is not in the bundle')
  insist(isDecision(decision.entry.action), 'the receipt commits to an entry that decides nothing')
  await checkReceipt(checks, bundle, receipt, decision, trust.receipts)
  checkBody(checks, receipt, trust.body)
  await checkSignature(checks, bundle.signature, decision.entry, trust)
  await checkDocument(checks, bundle.protocol, decision.entry, trust)
}

function readBundle(text: string): EvidenceBundle {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new BundleFault('this is not JSON')
  }
  const [first] = validatorFor('evidence-bundle')(value)
  insist(!first, `this has not the form of an evidence bundle, at ${first?.pointer || 'its root'}`)
  return value as EvidenceBundle
}

function checkCheckpoint(
  checks: BundleChecks,
  { checkpoint }: EvidenceBundle,
  { log, witnesses }: BundleTrust,
): void {
  checks.about('checkpoint')
  const { origin, size } = openCheckpoint(checkpoint, ...log)
  const { text, verified, unverified } = openNote(checkpoint, log)
  const keys = verified.map(({ name, keyId }) => `${name}+${keyId.toString('hex')}`)
  checks.fits(`${size} entries of ${origin}, signed with the log key ${keys.join(' and ')}`)
  const { good, wrong } = readCosignatures(checkpoint.slice(text.length + 1), text, witnesses)
  insist(wrong.length === 0, `the cosignature of ${wrong[0]} is wrong`)
  for (const { name, time } of good) {
    checks.fits(`cosigned by ${name} at ${new Date(time * 1000).toISOString()}`)
  }
  const seen = new Set(good.map(({ name }) => name))
  for (const { name } of witnesses) if (!seen.has(name)) checks.skipped(`${name} did not cosign`)
  const others = unverified.length - good.length
  if (others > 0) checks.skipped(`${others} more signatures, by keys that were not given`)
}

function checkEntries(
  checks: BundleChecks,
  { checkpoint, entries, messageId }: EvidenceBundle,
  { log }: BundleTrust,
): IncludedEntry[] {
  let last = -1
  return entries.map(({ index, entry: encoded, proof }) => {
    checks.about('entry')
    const bytes = Buffer.from(encoded, 'base64')
    const claimed = parseProof(proof)
    const place = `entry ${index}`
    insist(claimed.index === index, `the proof of ${place} is of another place`)
    insist(index > last, `${place} is not in the order of the log`)
    insist(claimed.checkpoint === checkpoint, `the proof of ${place} leads to another checkpoint`)
    last = index
    try {
      verifyProof(proof, bytes, ...log)
    } catch {
      throw new BundleFault(`${place} is not in the log: its bytes, place or proof were changed`)
    }
    const entry = parseEntry(bytes)
    insist(entry.message?.id === messageId, `${place} is of another message`)
    checks.fits(`${place}, ${entry.action} at ${entry.at}, is in the log`)
    return { index, commitment: leafHash(bytes).toString('base64url'), entry }
  })
}

function checkBody(checks: BundleChecks, { payload }: ReadReceipt, body?: Uint8Array): void {
  checks.about('body')
  const { digest } = payload
  if (digest === undefined) {
    checks.skipped('the receipt has no digest: the body held no nonce')
  } else if (!body) {
    checks.skipped(`the receipt is of a body with SHA-256 ${digest}: give the body to compare`)
  } else {
    const computed = createHash('sha256').update(body).digest('base64url')
    insist(computed === digest, 'the receipt is of another body')
    checks.fits(`the body is the one that the receipt is of: SHA-256 ${digest}`)
  }
}
