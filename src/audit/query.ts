import type { Queryable } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { parseEntry } from './entry.ts'
import {
  Bound,
  decodeCursor,
  encodeCursor,
  pageOfKinds,
  plainPage,
  recentPage,
} from './query-page.ts'
import type { AuditEntry, EntryAction } from './types.ts'

export {
  entryWithProof,
  type ProvenEntry,
  proofFileOf,
  proofOfEntry,
  proofOfGrowth,
  proofOfMessage,
} from './log-proof.ts'
export { latestCheckpoint, readEntryBundle, readTile, readTilePath } from './log-read.ts'

/** Which entries; several conditions all hold. */
export interface EntryFilter {
  /** Not before this instant. */
  from?: Date
  /** Before this instant. */
  until?: Date
  protocol?: string
  /** Party that acted. */
  party?: string
  /** Party to which something went. */
  recipient?: string
  /** Message type. */
  type?: string
  action?: EntryAction
  decision?: 'allowed' | 'refused'
  /** Code of the error table. */
  code?: string
  messageId?: string
  /** Role that acted. */
  actor?: string
}

/** Which page: at most `limit` (1 to 1,000, default 100) after the `next` of the page before. */
export interface PageRequest {
  limit?: number
  after?: string
}

/** An entry with its place in the log. */
export interface PlacedEntry {
  index: number
  /** RFC 6962 leaf hash, base64url: what a receipt calls its entry commitment. */
  commitment: string
  entry: AuditEntry
}

export interface EntryPage {
  items: PlacedEntry[]
  /** Where the next page begins; absent on the last one. */
  next?: string
}

const KIND_COLUMNS = [
  'protocol',
  'party',
  'recipient',
  'type',
  'action',
  'decision',
  'code',
  'actor',
] as const
const MAX_PAGE = 1_000

/**
 * A page of entries, newest first by their time and then their place. Entries never change, so a
 * cursor stays good; an entry that was sequenced late appears at its own time.
 * @throws Refusal HB-208 for a limit or cursor that is not valid
 */
export async function queryEntries(
  db: Queryable,
  filter: EntryFilter = {},
  page: PageRequest = {},
): Promise<EntryPage> {
  const limit = page.limit ?? 100
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) throw refuse('HB-208', '', 'limit')
  const rows = await readRows(db, filter, { limit: limit + 1, after: page.after })
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return {
    items: items.map(placed),
    ...(rows.length > limit && last && { next: encodeCursor(last.at, last.index) }),
  }
}

/**
 * All entries of a message in the order of the log; what is not sequenced yet is not among them.
 */
export async function entriesOfMessage(db: Queryable, messageId: string): Promise<PlacedEntry[]> {
  const { rows } = await db.query<EntryRow>(
    'SELECT index, entry, leaf, at FROM audit_entry WHERE message_id = $1 ORDER BY index',
    [messageId],
  )
  return rows.map(placed)
}

/** The entry at a place in the log, or undefined. */
export async function entryAt(db: Queryable, index: number): Promise<PlacedEntry | undefined> {
  const { rows } = await db.query<EntryRow>(
    'SELECT index, entry, leaf, at FROM audit_entry WHERE index = $1',
    [index],
  )
  return rows.map(placed)[0]
}

interface EntryRow {
  index: number
  entry: Buffer
  leaf: Buffer
  at: Date
}

function placed({ index, entry, leaf }: EntryRow): PlacedEntry {
  return { index, commitment: leaf.toString('base64url'), entry: parseEntry(entry) }
}

async function readRows(
  db: Queryable,
  filter: EntryFilter,
  { limit, after }: { limit: number; after: string | undefined },
): Promise<EntryRow[]> {
  const bound = new Bound()
  const kinds = kindConditions(filter, bound)
  const range = rangeConditions(filter, bound)
  if (after !== undefined) {
    const cursor = decodeCursor(after)
    range.push(`(at, index) < (${bound.add(cursor.at)}, ${bound.add(cursor.index)})`)
  }
  const asked = { kinds, range, limit }
  const read = async (sql: string) => (await db.query<EntryRow>(sql, bound.values)).rows
  if (kinds.length === 0 || filter.messageId !== undefined) return read(plainPage(asked))
  if (await areMany(db, filter)) {
    const recent = await read(recentPage(asked))
    if (recent.length === limit) return recent
  }
  return read(pageOfKinds(asked))
}

// So many kinds are mostly among the newest entries; each costs a look-up otherwise.
const MANY_KINDS = 300

async function areMany(db: Queryable, filter: EntryFilter): Promise<boolean> {
  const bound = new Bound()
  const kinds = kindConditions(filter, bound).join(' AND ')
  const { rows } = await db.query<{ many: boolean }>(
    `SELECT count(*) > ${MANY_KINDS} AS many FROM (
       SELECT FROM audit_kind WHERE ${kinds} LIMIT ${MANY_KINDS + 1}) k`,
    bound.values,
  )
  return rows[0]!.many
}

/** Conditions on the columns that audit_kind has too. */
export function kindConditions(filter: EntryFilter, bound: Bound): string[] {
  return KIND_COLUMNS.flatMap(column => {
    const value = filter[column]
    return value === undefined ? [] : [`${column} = ${bound.add(value)}`]
  })
}

/** Conditions on what only entries have: time and message. */
export function rangeConditions(filter: EntryFilter, bound: Bound): string[] {
  const { from, until, messageId } = filter
  return [
    ...(messageId === undefined ? [] : [`message_id = ${bound.add(messageId)}`]),
    ...(from ? [`at >= ${bound.add(from)}`] : []),
    ...(until ? [`at < ${bound.add(until)}`] : []),
  ]
}
