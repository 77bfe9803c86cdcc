import { refuse } from '../errors.ts'

/** Values in the order in which a statement numbers its parameters. */
export class Bound {
  readonly values: unknown[] = []

  /** Adds a value and gives the placeholder that stands for it. */
  add(value: unknown): string {
    return `$${this.values.push(value)}`
  }
}

/** Where a page begins: after the entry of this time and place. */
export interface Cursor {
  at: string
  index: number
}

/** The cursor after an entry. */
export function encodeCursor(at: Date, index: number): string {
  return Buffer.from(`${at.toISOString()} ${index}`).toString('base64url')
}

/** Reads a cursor, which is untrusted. @throws Refusal HB-208 */
export function decodeCursor(after: string): Cursor {
  const text = Buffer.from(after, 'base64url').toString('latin1')
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\d{1,15})$/.exec(text)
  if (!match || Number.isNaN(Date.parse(match[1]!))) throw refuse('HB-208', '', 'after')
  return { at: match[1]!, index: Number(match[2]) }
}

/** What a page asks for, as SQL conditions on the columns of audit_entry. */
export interface PageSql {
  /** On kinds: empty where any will do. */
  kinds: string[]
  /** On time and place. */
  range: string[]
  limit: number
}

const NEWEST = 'ORDER BY at DESC, index DESC'

/** A page out of all entries, or out of those of one message: in the order of an index. */
export function plainPage({ kinds, range, limit }: PageSql): string {
  const all = where([...kinds, ...range])
  return `SELECT index, entry, leaf, at FROM audit_entry ${all} ${NEWEST} LIMIT ${limit}`
}

// A few megabytes, one beside the other.
const RECENT = 10_000

/** What of a page is among the newest entries: the page itself, where that is all of it. */
export function recentPage({ kinds, range, limit }: PageSql): string {
  const newest = `SELECT * FROM audit_entry ${where(range)} ${NEWEST} LIMIT ${RECENT}`
  return `SELECT index, entry, leaf, at FROM (${newest}) e ${where(kinds)} ${NEWEST} LIMIT ${limit}`
}

function where(conditions: string[]): string {
  return conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
}

/**
 * A page out of some kinds. An entry can only be on it where its kind is one of the `limit` whose newest
 * entry is newest, so those are found first, and of each of them at most `limit` entries are looked at:
 * what it costs hangs on the number of kinds, not of entries.
 */
export function pageOfKinds({ kinds, range, limit }: PageSql): string {
  const within = range.map(part => ` AND ${part}`).join('')
  const newest = (kind: string, count: number) =>
    `SELECT at, index FROM audit_entry e WHERE e.kind = ${kind}${within} ${NEWEST} LIMIT ${count}`
  return `
    WITH ahead AS (
      SELECT k.kind FROM audit_kind k CROSS JOIN LATERAL (${newest('k.kind', 1)}) n
      WHERE ${kinds.join(' AND ')} ${NEWEST} LIMIT ${limit}
    ), found AS (
      SELECT n.index FROM ahead l CROSS JOIN LATERAL (${newest('l.kind', limit)}) n
      ${NEWEST} LIMIT ${limit}
    )
    SELECT e.index, e.entry, e.leaf, e.at FROM found f JOIN audit_entry e ON e.index = f.index
    ORDER BY e.at DESC, e.index DESC`
}

/** A page out of the entries of some messages: what it costs hangs on the number of messages. */
export function pageOfMessages({ kinds, range, limit }: PageSql, message: string): string {
  const own = where(['message_id = m.id', ...kinds, ...range])
  return `SELECT e.* FROM message m CROSS JOIN LATERAL (
      SELECT index, entry, leaf, at FROM audit_entry ${own} OFFSET 0) e
    WHERE ${message} ORDER BY e.at DESC, e.index DESC LIMIT ${limit}`
}

const FEW = 20_000

/** Whether there are few entries of some kinds, whatever messages they are of. */
export function countFew({ kinds, range }: PageSql): string {
  const own = where(['a.kind = k.kind', ...range])
  return `SELECT count(*) <= ${FEW} AS few FROM (
    SELECT FROM audit_kind k CROSS JOIN LATERAL (SELECT FROM audit_entry a ${own} LIMIT ${FEW + 1}) e
    ${where(kinds)} LIMIT ${FEW + 1}) n`
}
