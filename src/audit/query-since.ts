import { EVERYTHING, type Scope } from '../access/scope.ts'
import type { Queryable } from '../db/pool.ts'
import { parseEntry } from './entry.ts'
import { type EntryFilter, kindConditions, type PlacedEntry, rangeConditions } from './query.ts'
import { Bound } from './query-page.ts'
import { entryWithin } from './scope.ts'

// What comes in seconds; where it is more, the rest comes with the next call.
const MOST_LOOKED_AT = 5_000
const MOST = 50

/** How far the log goes: the place of the last entry, -1 while it is empty. */
export async function lastIndex(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ last: number | null }>(
    'SELECT max(index) AS last FROM audit_entry',
  )
  return rows[0]?.last ?? -1
}

/**
 * Entries that fit a filter after a place in the log, in its order; at most 50, looked for among the next
 * 5,000.
 * @returns where the next call goes on
 */
export async function entriesSince(
  db: Queryable,
  after: number,
  filter: EntryFilter = {},
  scope: Scope = EVERYTHING,
): Promise<{ items: PlacedEntry[]; after: number }> {
  const until = Math.min(await lastIndex(db), after + MOST_LOOKED_AT)
  if (until <= after) return { items: [], after }
  const bound = new Bound()
  const conditions = [
    `index > ${bound.add(after)}`,
    `index <= ${bound.add(until)}`,
    ...kindConditions(filter, bound),
    ...rangeConditions(filter, bound),
    ...entryWithin(scope, bound),
  ]
  const { rows } = await db.query<{ index: number; entry: Buffer; leaf: Buffer }>(
    `SELECT index, entry, leaf FROM audit_entry WHERE ${conditions.join(' AND ')}
     ORDER BY index LIMIT ${MOST}`,
    bound.values,
  )
  const items = rows.map(({ index, entry, leaf }) => ({
    index,
    commitment: leaf.toString('base64url'),
    entry: parseEntry(entry),
  }))
  return { items, after: rows.length === MOST ? (rows.at(-1)?.index ?? until) : until }
}
