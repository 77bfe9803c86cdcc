import type { Protocol, Signatures } from './document.ts'
import type { Remark } from './finding.ts'
import type { PresentedStatement, StatementFault } from './notes.ts'
import { mismatchOf, readStatement } from './statement.ts'

type Line = Signatures['signatures'][number]

/** The signature lines of a record: those whose signature can be tried, and what is wrong with others. */
export interface ReadLines {
  presented: PresentedStatement[]
  remarks: Remark[]
}

/**
 * Reads the lines of a record without any key. A line that is wrong does not count; it never takes
 * down the document. Attacker-controlled: nothing of a JWS is in a remark. Pure.
 */
export function readLines(document: Protocol, digest: string, record: Signatures): ReadLines {
  const read: ReadLines = { presented: [], remarks: [] }
  const seen = new Set<string>()
  for (const line of record.signatures) {
    const one = readLine(document, digest, line)
    if (typeof one === 'string') {
      read.remarks.push(remarkOn(line.party, one))
      continue
    }
    const stated = `${line.party} ${line.statement} ${line.date} ${one.kid}`
    if (seen.has(stated)) read.remarks.push(remarkOn(line.party, 'twice'))
    seen.add(stated)
    read.presented.push(one)
  }
  return read
}

type LineFault = StatementFault | 'no-jws' | 'twice'

function readLine(
  document: Protocol,
  digest: string,
  { party, jws, statement, function: role, date, name, digest: over }: Line,
): PresentedStatement | LineFault {
  const { protocolId: protocol, version, parties } = document
  if (!parties.some(({ id }) => id === party)) return 'wrong-party'
  if (over !== digest) return 'other-digest'
  if (jws === undefined) return 'no-jws'
  const read = readStatement(jws)
  if (read === 'malformed') return read
  const copies = { statement, function: role, date, ...(name !== undefined && { name }) }
  const expected = { protocol, version, digest, party, copies }
  return mismatchOf(read.claims, expected) ?? { ...expected, jws, kid: read.kid }
}

const FAULTS: Record<LineFault, readonly [code: string, text: string]> = {
  'no-jws': ['signature-unverified', 'it has no JWS, so nobody can tell who signed'],
  malformed: ['signature-unverified', 'its JWS is not a statement over a protocol'],
  'bad-signature': ['signature-unverified', 'its JWS is not signed by the key that it names'],
  future: ['signature-unverified', 'it is dated in the future'],
  'unknown-key': ['signature-unknown-key', 'its key is not registered for the party'],
  'other-digest': ['signature-other-digest', 'it is over another text'],
  'other-protocol': ['signature-other-digest', 'it is over another protocol or version'],
  'wrong-party': ['signature-wrong-party', 'it is not of a party to this document'],
  differs: ['signature-differs', 'what is written beside its JWS differs from what was signed'],
  twice: ['signature-twice', 'the party stated the same on the same day already'],
}

/** A remark on a signature that does not count. */
export function remarkOn(party: string, fault: LineFault): Remark {
  const [code, text] = FAULTS[fault]
  return {
    severity: 'warning',
    code,
    path: `signatures[${party}]`,
    text: `a signature does not count: ${text}`,
    source: 'A signature counts once its JWS verifies against a registered key of the party',
  }
}

/** A remark on a line that has not the shape of one. */
export function shapelessLine(index: number, why: string): Remark {
  return {
    severity: 'warning',
    code: 'signature-unverified',
    path: `signatures.${index}`,
    text: `a signature does not count: ${why}`,
    source: 'schemas/signatures.json',
  }
}
