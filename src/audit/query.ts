import { EVERYTHING, type Scope } from '../access/scope.ts'
import type { Queryable } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { parseEntry } from './entry.ts'
import {
  Bound,
  countFew,
  decodeCursor,
  encodeCursor,
  type PageSql,
  pageOfKinds,
  pageOfMessages,
  plainPage,
  recentPage,
} from './query-page.ts'
import { type EntrySelection, entrySelections, entryWithin, lookedUp, ofMessage } from './scope.ts'
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
 * @param scope of whom: what concerns another is left out
 * @throws Refusal HB-208 for a limit or cursor that is not valid
 */
export async function queryEntries(
  db: Queryable,
  filter: EntryFilter = {},
  page: PageRequest = {},
  scope: Scope = EVERYTHING,
): Promise<EntryPage> {
  const limit = page.limit ?? 100
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) throw refuse('HB-208', '', 'limit')
  const rows = await readRows(db, filter, { limit: limit + 1, after: page.after, scope })
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
export async function entriesOfMessage(
  db: Queryable,
  messageId: string,
  scope: Scope = EVERYTHING,
): Promise<PlacedEntry[]> {
  return readPlaced(db, ['message_id', messageId], scope)
}

/** The entry at a place in the log, or undefined where there is none or it is not in the scope. */
export async function entryAt(
  db: Queryable,
  index: number,
  scope: Scope = EVERYTHING,
): Promise<PlacedEntry | undefined> {
  return (await readPlaced(db, ['index', index], scope))[0]
}

async function readPlaced(
  db: Queryable,
  [column, value]: ['message_id', string] | ['index', number],
  scope: Scope,
): Promise<PlacedEntry[]> {
  const bound = new Bound()
  const where = [`${column} = ${bound.add(value)}`, ...entryWithin(scope, bound)].join(' AND ')
  const { rows } = await db.query<EntryRow>(
    `SELECT index, entry, leaf, at FROM audit_entry WHERE ${where} ORDER BY index`,
    bound.values,
  )
  return rows.map(placed)
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

interface RowsAsked {
  limit: number
  after: string | undefined
  scope: Scope
}

// What a party did and was told and what became of what it sent are two searches, each by its own index.
async function readRows(db: Queryable, filter: EntryFilter, asked: RowsAsked): Promise<EntryRow[]> {
  const [first, ...others] = entrySelections(asked.scope)
  const found = first ? [await readSelection(db, filter, asked, first)] : []
  for (const one of others) found.push(await readSent(db, filter, asked, one))
  if (found.length === 1) return found.flat()
  const newest = (a: EntryRow, b: EntryRow) => b.at.getTime() - a.at.getTime() || b.index - a.index
  return found.flat().toSorted(newest).slice(0, asked.limit)
}

async function readSelection(
  db: Queryable,
  filter: EntryFilter,
  asked: RowsAsked,
  selection: EntrySelection,
): Promise<EntryRow[]> {
  const { page, values } = pageOf(filter, asked, selection)
  if (page.kinds.length === 0 || filter.messageId !== undefined)
    return readPlain(db, filter, asked, selection)
  const read = async (sql: string) => (await db.query<EntryRow>(sql, values)).rows
  if (await areMany(db, filter, selection)) {
    const recent = await read(recentPage(page))
    if (recent.length === page.limit) return recent
  }
  return read(pageOfKinds(page))
}

// Mostly the newest entries fill the page. Else what is rarer is gone through: entries of those kinds, or messages.
async function readSent(
  db: Queryable,
  filter: EntryFilter,
  asked: RowsAsked,
  selection: EntrySelection,
): Promise<EntryRow[]> {
  if (!(await areMany(db, filter, selection, 0))) return []
  const lookingUp: EntrySelection = bound => ({ kinds: lookedUp(selection(bound)), range: [] })
  if (filter.messageId !== undefined) return readPlain(db, filter, asked, lookingUp)
  const near = pageOf(filter, asked, lookingUp)
  const recent = await db.query<EntryRow>(recentPage(near.page), near.values)
  if (recent.rows.length === asked.limit) return recent.rows
  const { page, values, sent = 'true' } = pageOf(filter, asked, selection)
  const { rows } = await db.query<{ few: boolean }>(countFew(page), values)
  const few = { ...page, range: [...page.range, ofMessage(sent)] }
  const sql = rows[0]?.few ? pageOfKinds(few) : pageOfMessages(page, sent)
  return (await db.query<EntryRow>(sql, values)).rows
}

async function readPlain(
  db: Queryable,
  filter: EntryFilter,
  asked: RowsAsked,
  selection: EntrySelection,
): Promise<EntryRow[]> {
  const { page, values } = pageOf(filter, asked, selection)
  return (await db.query<EntryRow>(plainPage(page), values)).rows
}

function pageOf(
  filter: EntryFilter,
  { limit, after }: RowsAsked,
  selection: EntrySelection,
): { page: PageSql; values: unknown[]; sent: string | undefined } {
  const bound = new Bound()
  const own = selection(bound)
  const kinds = [...kindConditions(filter, bound), ...own.kinds]
  const range = [...rangeConditions(filter, bound), ...own.range]
  if (after !== undefined) {
    const cursor = decodeCursor(after)
    range.push(`(at, index) < (${bound.add(cursor.at)}, ${bound.add(cursor.index)})`)
  }
  return { page: { kinds, range, limit }, values: bound.values, sent: own.sent }
}

// So many kinds are mostly among the newest entries; each costs a look-up otherwise.
const MANY_KINDS = 300

async function areMany(
  db: Queryable,
  filter: EntryFilter,
  selection: EntrySelection,
  most = MANY_KINDS,
): Promise<boolean> {
  const bound = new Bound()
  const kinds = [...selection(bound).kinds, ...kindConditions(filter, bound)].join(' AND ')
  const { rows } = await db.query<{ many: boolean }>(
    `SELECT count(*) > ${most} AS many FROM (
       SELECT FROM audit_kind WHERE ${kinds} LIMIT ${most + 1}) k`,
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
