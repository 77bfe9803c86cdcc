import { codes } from '../console/texts/nl-codes.ts'
import { explainFault } from '../sheet/faults.ts'
import { ROLES } from '../sheet/headers.ts'
import type { CodeWords } from '../sheet/result.ts'
import type { RequestHead } from '../sheet/sending-book.ts'
import { columnLetter } from '../sheet/table.ts'
import type { CheckedSheet } from './detect-sheet.ts'
import type { PartnerProfile } from './partner-profile.ts'
import { reasonOf } from './partner-run.ts'
import { lines } from './protocol/report.ts'

const MOST_SHOWN = 500

/** What codes of the gateway mean, in Dutch. */
export const codeWords: CodeWords = code => Object.entries(codes).find(([it]) => it === code)?.[1]

/** How the file was understood, and each row that cannot be sent with the reason, in Dutch. */
export function describeCheck(read: CheckedSheet, file: string): string {
  const { fileName, sheet, checked } = read
  const { good, bad, empty } = checked
  const named = sheet.name === undefined ? '' : `, sheet "${sheet.name}"`
  const skipped = empty > 0 ? `; ${empty} empty rows left out` : ''
  const told = bad.slice(0, MOST_SHOWN).map(({ row, faults }) => {
    const reasons = faults.map(fault => Object.values(explainFault(fault)).join(' '))
    return `  rij ${row}: ${reasons.join(' ')}`
  })
  const rest = bad.length - told.length
  return lines([
    `${fileName}${named}: ${sheet.format}`,
    ...describeColumns(read),
    `${good.length + bad.length} rows: ${good.length} good, ${bad.length} faulty${skipped}`,
    ...told,
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    ...(bad.length > 0 ? [`Faulty rows are not sent; all of them are in ${file}`] : []),
  ])
}

function describeColumns({ sheet, mapping, groundForAll }: CheckedSheet): string[] {
  const titles = sheet.rows[(mapping.titles ?? 0) - 1] ?? []
  const start =
    mapping.titles === undefined
      ? `no titles: tenants from row ${mapping.first}`
      : `titles in row ${mapping.titles}${mapping.titles > 1 ? ', rows above it left out' : ''}`
  const columns = ROLES.flatMap(role => {
    const chosen = mapping.columns[role]
    if (!chosen) return []
    const title = titles[chosen.column]?.text ?? ''
    const by = chosen.by === 'option' ? 'as said' : `by its ${chosen.by}`
    return [`  ${role.padEnd(6)} column ${columnLetter(chosen.column)} "${title}" (${by})`]
  })
  return [start, ...columns, ...(groundForAll ? ['  ground for all rows, as said'] : [])]
}

/** What is about to be sent, to whom. */
export function describeRequest(
  { protocol, purpose, targetGroup, referenceDate }: RequestHead,
  { gateway, party }: PartnerProfile,
): string {
  return lines([
    `As ${party} to ${gateway}, under ${protocol} for ${purpose}:`,
    `  tenants who were in ${targetGroup.id} ${targetGroup.version} on ${referenceDate}`,
  ])
}

interface Counts {
  rows: number
  accepted: number
  earlier: number
  refused: number
  faulty: number
  unconfirmed: number
  notSent: number
}

/** What became of all rows. */
export function describeSent(counts: Counts, file: string, error?: Error): string[] {
  const { rows, accepted, earlier, refused, faulty, unconfirmed, notSent } = counts
  const parts = [
    `${accepted} accepted`,
    ...(earlier > 0 ? [`${earlier} accepted before`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(faulty > 0 ? [`${faulty} faulty`] : []),
    ...(unconfirmed > 0 ? [`${unconfirmed} not confirmed`] : []),
    ...(notSent > 0 ? [`${notSent} not sent`] : []),
  ]
  const again = unconfirmed + notSent > 0 && error
  return [
    `${rows} rows: ${parts.join(', ')}. What became of each: ${file}`,
    ...(error ? [reasonOf(error)] : []),
    ...(again ? ['Run the same command again later: nothing is sent twice.'] : []),
  ]
}
