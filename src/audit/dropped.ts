import type { Queryable } from '../db/pool.ts'
import { parseEntry } from './entry.ts'

/**
 * Until when the persons of entries are gone because their retention was over: the end of the newest month
 * that an entry names as dropped; undefined where none was.
 */
export async function readPersonsDropped(db: Queryable): Promise<Date | undefined> {
  const { rows } = await db.query<{ entry: Buffer }>(DROPPED)
  const ends = rows.flatMap(({ entry }) => monthEnd(entry) ?? [])
  return ends.length > 0 ? new Date(Math.max(...ends)) : undefined
}

function monthEnd(entry: Buffer): number | undefined {
  try {
    const month = /^audit_subject_(\d{4})_(\d{2})$/.exec(parseEntry(entry).reason ?? '')
    return month ? Date.UTC(Number(month[1]), Number(month[2])) : undefined
  } catch {
    // Not an entry: the check of the log names it.
    return undefined
  }
}

const DROPPED = `
  SELECT entry FROM audit_entry
  WHERE kind IN (SELECT kind FROM audit_kind WHERE action = 'retention.dropped')
  UNION ALL SELECT entry FROM audit_pending WHERE action = 'retention.dropped'`
