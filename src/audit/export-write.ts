import { stringify } from 'csv-stringify/sync'
import { parseEntry } from './entry.ts'
import type { AuditEntry } from './types.ts'

export const EXPORT_FORMATS = ['jsonl', 'csv'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** An entry as it is in the log. */
export interface ExportRow {
  index: number
  entry: Buffer
  leaf: Buffer
}

/** How rows become text. */
export interface ExportWriter {
  head: string
  /** @param proof hashes of the inclusion proof, leaf's sibling first */
  row(row: ExportRow, proof: readonly Buffer[]): string
}

/** The writer of a format; with `proofs` each row has the hashes of its proof. */
export function writerOf(format: ExportFormat, proofs: boolean): ExportWriter {
  if (format === 'jsonl') return { head: '', row: (row, proof) => jsonLine(row, proofs && proof) }
  const names = [...Object.keys(COLUMNS), ...(proofs ? ['proof'] : []), 'entry']
  return { head: csvLine(names), row: (row, proof) => csvRow(row, proofs && proof) }
}

// The entry goes in byte for byte: what is between "entry": and what follows is what was hashed.
function jsonLine({ index, entry, leaf }: ExportRow, proof: readonly Buffer[] | false): string {
  const proven = proof ? `,"proof":${JSON.stringify(base64(proof))}` : ''
  return `{"index":${index},"leaf":"${leaf.toString('base64url')}"${proven},"entry":${entry.toString('utf8')}}\n`
}

const COLUMNS: Readonly<Record<string, (entry: AuditEntry, row: ExportRow) => unknown>> = {
  index: (_, row) => row.index,
  leaf: (_, row) => row.leaf.toString('base64url'),
  at: entry => entry.at,
  action: entry => entry.action,
  actorRole: entry => entry.actor.role,
  actorParty: entry => entry.actor.party,
  actorClient: entry => entry.actor.client,
  messageId: entry => entry.message?.id,
  messageType: entry => entry.message?.type,
  protocol: entry => entry.protocol?.id,
  protocolVersion: entry => entry.protocol?.version,
  purpose: entry => entry.purpose,
  fields: entry => entry.fields?.join(' '),
  counts: entry =>
    Object.entries(entry.counts ?? {})
      .map(pair => pair.join('='))
      .join(' '),
  recipient: entry => entry.recipient,
  decision: entry => entry.decision,
  rule: entry => entry.rule,
  code: entry => entry.code,
  reason: entry => entry.reason,
  persons: entry => entry.subjects?.count,
}

function csvRow(row: ExportRow, proof: readonly Buffer[] | false): string {
  const entry = parseEntry(row.entry)
  const cells = Object.values(COLUMNS).map(cell => cell(entry, row) ?? '')
  const proven = proof ? [base64(proof).join(' ')] : []
  return csvLine([...cells, ...proven, row.entry.toString('utf8')])
}

// RFC 4180, and safe to open in a spreadsheet: a cell that would be a formula gets an apostrophe, and all
// are quoted, for a bare line end within one would begin the next.
function csvLine(cells: unknown[]): string {
  return stringify([cells.map(String)], {
    escape_formulas: true,
    quoted: true,
    record_delimiter: '\r\n',
  })
}

function base64(hashes: readonly Buffer[]): string[] {
  return hashes.map(hash => hash.toString('base64'))
}
