import { recordEntry } from '../audit/record.ts'
import type { Actor, EntryDraft } from '../audit/types.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from '../db/pool.ts'
import type { Reading } from '../db/reading.ts'

/** Who asks for a report, when, and in which format. */
export interface Asking {
  by: Actor
  at: Date
  format?: string
}

/** What the entry of a report says of it. */
export type MadeEntry = Pick<EntryDraft, 'reason' | 'counts' | 'protocol' | 'recipient' | 'details'>

/**
 * Makes a report and records that it was made: where the entry cannot be written there is no report.
 * @param reading where it is read, for a report that only reads; else all is one transaction of `pool`
 */
export async function makeReport<T>(
  pool: Pool,
  asking: Asking,
  make: (tx: Tx) => Promise<{ report: T; entry: MadeEntry }>,
  reading?: Pick<Reading, 'within'>,
): Promise<T> {
  if (reading) return noted(pool, asking, await reading.within(make))
  return inTransaction(pool, async tx => noted(tx, asking, await make(tx)))
}

async function noted<T>(
  db: Queryable,
  { by, at, format }: Asking,
  { report, entry }: { report: T; entry: MadeEntry },
): Promise<T> {
  const details = { ...entry.details, ...(format && { format }) }
  await recordEntry(db, {
    ...entry,
    action: 'report.made',
    at,
    actor: by,
    ...(Object.keys(details).length > 0 && { details }),
  })
  return report
}
