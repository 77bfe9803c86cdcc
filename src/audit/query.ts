import type { Queryable } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { parseEntry } from './entry.ts'
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

const COLUMNS = {
  protocol: 'protocol',
  party: 'party',
  recipient: 'recipient',
  type: 'type',
  action: 'action',
  decision: 'decision',
  code: 'code',
  messageId: 'message_id',
  actor: 'actor',
} as const
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
  const { where, values } = conditions(filter, page.after)
  const { rows } = await db.query<EntryRow>(
    `SELECT index, entry, leaf, at FROM audit_entry ${where}
     ORDER BY at DESC, index DESC LIMIT ${limit + 1}`,
    values,
  )
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

function conditions(
  filter: EntryFilter,
  after: string | undefined,
): { where: string; values: unknown[] } {
  const values: unknown[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  const parts: string[] = []
  for (const [name, column] of Object.entries(COLUMNS)) {
    const value = filter[name as keyof typeof COLUMNS]
    if (value !== undefined) parts.push(`${column} = ${bind(value)}`)
  }
  if (filter.from) parts.push(`at >= ${bind(filter.from)}`)
  if (filter.until) parts.push(`at < ${bind(filter.until)}`)
  if (after !== undefined) {
    const cursor = decodeCursor(after)
    parts.push(`(at, index) < (${bind(cursor.at)}, ${bind(cursor.index)})`)
  }
  return { where: parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '', values }
}

function encodeCursor(at: Date, index: number): string {
  return Buffer.from(`${at.toISOString()} ${index}`).toString('base64url')
}

function decodeCursor(after: string): { at: string; index: number } {
  const text = Buffer.from(after, 'base64url').toString('latin1')
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\d{1,15})$/.exec(text)
  if (!match || Number.isNaN(Date.parse(match[1]!))) throw refuse('HB-208', '', 'after')
  return { at: match[1]!, index: Number(match[2]) }
}
