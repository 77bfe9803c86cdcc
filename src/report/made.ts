import { recordEntry } from '../audit/record.ts'
import type { Actor, EntryDraft } from '../audit/types.ts'
import { inTransaction, type Pool, type Tx } from '../db/pool.ts'

/** Who asks for a report, when, and in which format. */
export interface Asking {
  by: Actor
  at: Date
  format?: string
}

/** What the entry of a report says of it. */
export type MadeEntry = Pick<EntryDraft, 'reason' | 'counts' | 'protocol' | 'recipient' | 'details'>

/**
 * Makes a report and records that it was made, in one transaction: where the entry cannot be written
 * there is no report.
 */
export function makeReport<T>(
  pool: Pool,
  { by, at, format }: Asking,
  make: (tx: Tx) => Promise<{ report: T; entry: MadeEntry }>,
): Promise<T> {
  return inTransaction(pool, async tx => {
    const { report, entry } = await make(tx)
    const details = { ...entry.details, ...(format && { format }) }
    await recordEntry(tx, {
      ...entry,
      action: 'report.made',
      at,
      actor: by,
      ...(Object.keys(details).length > 0 && { details }),
    })
    return report
  })
}
