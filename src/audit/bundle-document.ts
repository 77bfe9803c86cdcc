import { digestOf, type Protocol } from '../protocol/document.ts'
import type { VerifiedStatement } from '../protocol/notes.ts'
import { readStatement, type VerifyingKey, verifyStatement } from '../protocol/statement.ts'
import type { EvidenceBundle } from '../schemas.generated.ts'
import { type BundleChecks, insist } from './bundle-report.ts'
import type { AuditEntry } from './types.ts'

interface Trust {
  parties: ReadonlyMap<string, readonly VerifyingKey[]>
  now: Date
}

/**
 * Checks that the document in a bundle is the one that the entry names, and the statements of the
 * parties whose keys are trusted.
 * @throws BundleFault
 */
export async function checkDocument(
  checks: BundleChecks,
  held: EvidenceBundle['protocol'],
  entry: AuditEntry,
  trust: Trust,
): Promise<void> {
  checks.about('protocol')
  const { protocol } = entry
  if (!protocol) {
    insist(held === null, 'there is a document, though no known one decided')
    checks.fits('no known document decided, and there is none')
    return
  }
  const name = `${protocol.id} ${protocol.version}`
  if (held === null) {
    checks.skipped(`the document ${name}, ${protocol.digest}, is not in the bundle`)
    return
  }
  const { document, statements } = held
  const digest = digestOf(document)
  insist(digest === protocol.digest, `the document is not the ${name} that decided`)
  const same = document.protocolId === protocol.id && document.version === protocol.version
  insist(same, `the document calls itself otherwise than ${name}`)
  checks.fits(`the document is the ${name} that decided: RFC 8785, SHA-256 ${digest}`)
  checks.about('statement')
  const verified: VerifiedStatement[] = []
  for (const jws of statements) {
    const one = await checkStatement(checks, jws, digest, document, trust)
    if (one) verified.push(one)
  }
  checkParties(checks, document, entry, verified, trust)
}

async function checkStatement(
  checks: BundleChecks,
  jws: string,
  digest: string,
  { protocolId: protocol, version }: Protocol,
  { parties, now }: Trust,
): Promise<VerifiedStatement | undefined> {
  const read = readStatement(jws)
  insist(read !== 'malformed', 'a statement is not a statement over a protocol')
  const { iss: party, statement, function: role, date, signer } = read.claims
  const what = `${statement} of ${party}, ${date}`
  const keys = parties.get(party)
  if (!keys) {
    checks.skipped(`${what}, by key ${read.kid}: no keys of ${party} were given`)
    return undefined
  }
  const copies = { statement, function: role, date, name: signer }
  const result = await verifyStatement(jws, { protocol, version, digest, party, copies }, keys, now)
  if (typeof result === 'string') insist(false, `${what}: ${FAULTS[result] ?? result}`)
  checks.fits(`${what}, signed with key ${read.kid}`)
  return result
}

const FAULTS: Readonly<Record<string, string>> = {
  'unknown-key': 'its key is not among those given for that party',
  'bad-signature': 'it is not signed by the key that it names',
  'other-digest': 'it is over another document',
  'other-protocol': 'it is over another protocol or version',
  future: 'it is dated in the future',
}

/** Of a message that was accepted: had each party whose keys are trusted accepted the document? */
function checkParties(
  checks: BundleChecks,
  document: Protocol,
  entry: AuditEntry,
  verified: VerifiedStatement[],
  { parties }: Trust,
): void {
  if (entry.action === 'message.refused') return
  const day = entry.at.slice(0, 10)
  for (const { id } of document.parties) {
    if (!parties.has(id)) {
      checks.skipped(`whether ${id} had accepted the document: no keys of ${id} were given`)
      continue
    }
    const latest = verified
      .filter(one => one.party === id && one.date <= day)
      .toSorted((a, b) =>
        a.date === b.date ? Number(a.at) - Number(b.at) : a.date < b.date ? -1 : 1,
      )
      .at(-1)
    insist(latest?.statement === 'accept', `${id} had not accepted the document on ${day}`)
    checks.fits(`${id} had accepted the document on ${day}`)
  }
}
