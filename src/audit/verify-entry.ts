import { columnsOf, parseEntry } from './entry.ts'
import type { EntryRow } from './verify-source.ts'

/**
 * The first column beside an entry that says something else than the entry, or undefined. The bytes
 * of the entry were checked before; the leaf hash is given as computed.
 */
export function findColumnThatDiffers(row: EntryRow, leaf: Buffer): string | undefined {
  if (!row.leaf.equals(leaf)) return 'leaf'
  try {
    const entry = parseEntry(row.entry)
    if (row.entry_id.toString('base64url') !== entry.id) return 'entry_id'
    const { at, ...columns } = columnsOf(entry)
    if (row.at.getTime() !== Date.parse(at)) return 'at'
    for (const name of Object.keys(columns) as (keyof typeof columns)[])
      if (row[name] !== columns[name]) return name
    return undefined
  } catch {
    return 'entry'
  }
}
