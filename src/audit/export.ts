import { EVERYTHING, type Scope } from '../access/scope.ts'
import type { Pool, Queryable } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { type ExportFormat, type ExportRow, writerOf } from './export-write.ts'
import { filterNames } from './filter.ts'
import { proofsOfEntries } from './log-proof.ts'
import { latestCheckpoint, type PublishedCheckpoint } from './log-read.ts'
import { type EntryFilter, kindConditions, rangeConditions } from './query.ts'
import { Bound } from './query-page.ts'
import { recordEntry } from './record.ts'
import { entryWithin } from './scope.ts'
import type { Actor } from './types.ts'

/** What is exported, how, and for whom. */
export interface ExportRequest {
  filter: EntryFilter
  /** Of whom. */
  scope?: Scope
  format: ExportFormat
  /** Adds to each row the hashes that prove it against the checkpoint. */
  proofs: boolean
  by: Actor
  at: Date
}

/** An export that was noted as evidence and can be written. */
export interface EntryExport {
  /** How many rows there are. */
  rows: number
  /** What they are proven against; the export holds nothing of after it. */
  checkpoint: PublishedCheckpoint
  /** The text in pieces of bounded size, read from the database as they are asked for. */
  text(onProgress?: (done: number) => void): AsyncGenerator<string>
}

/**
 * Opens an export: the entries of a filter in the order of the log, as far as the newest checkpoint goes.
 * What is in the log never changes, so it needs no snapshot, however long it takes. `audit.exported`
 * commits before there is a first byte.
 * @param from what is read, where that is not the database that the export is noted in; it never goes back in time
 * @throws Refusal HB-206 where the log is empty
 */
export async function openExport(
  pool: Pool,
  request: ExportRequest,
  from: Queryable = pool,
): Promise<EntryExport> {
  const checkpoint = await latestCheckpoint(from)
  if (!checkpoint) throw refuse('HB-206', '', 'the log is empty')
  const selection = await select(from, request, checkpoint.size)
  const { rows } = selection
  await recordEntry(pool, {
    action: 'audit.exported',
    at: request.at,
    actor: request.by,
    decision: 'allowed',
    fields: filterNames(request.filter),
    counts: { entries: rows, size: checkpoint.size },
    reason: request.format,
  })
  const text = (onProgress = (_done: number) => {}) =>
    write(from, { request, selection, checkpoint, onProgress })
  return { rows, checkpoint, text }
}

// Rows per statement: a few megabytes at most of what is usual.
const WINDOW = 2_000
// With proofs a row may need five tiles of 8 KiB.
const PROVEN_WINDOW = 250
// Up to so many places are remembered; more are found again by reading through the range.
const MOST_PLACES = 20_000

interface Selection {
  rows: number
  first: number
  last: number
  conditions: string[]
  values: unknown[]
  /** The places themselves, where they are few. */
  places: number[] | undefined
}

async function select(
  db: Queryable,
  { filter, scope = EVERYTHING }: Pick<ExportRequest, 'filter' | 'scope'>,
  size: number,
): Promise<Selection> {
  const bound = new Bound()
  const kinds = kindConditions(filter, bound)
  const range = [...rangeConditions(filter, bound), ...entryWithin(scope, bound)]
  const conditions = [...kinds, ...range]
  const { values } = bound
  const all = { rows: size, first: 0, last: size - 1, conditions, values, places: undefined }
  if (conditions.length === 0) return all
  // By the index of kinds, where there is one for it: a message has few entries.
  const byKind =
    kinds.length > 0 && filter.messageId === undefined
      ? [`kind = ANY (ARRAY(SELECT kind FROM audit_kind WHERE ${kinds.join(' AND ')}))`, ...range]
      : conditions
  const where = `${byKind.join(' AND ')} AND index < ${size}`
  const { rows } = await db.query<{ rows: number; first: number; last: number }>(
    `SELECT count(*) AS rows, coalesce(min(index), 0) AS first, coalesce(max(index), -1) AS last
     FROM audit_entry WHERE ${where}`,
    values,
  )
  const counted = { ...all, ...rows[0]! }
  if (counted.rows > MOST_PLACES) return counted
  const few = await db.query<{ index: number }>(
    `SELECT index FROM audit_entry WHERE ${where} ORDER BY index`,
    values,
  )
  return { ...counted, places: few.rows.map(({ index }) => index) }
}

interface Writing {
  request: ExportRequest
  selection: Selection
  checkpoint: PublishedCheckpoint
  onProgress: (done: number) => void
}

async function* write(db: Queryable, writing: Writing): AsyncGenerator<string> {
  const { request, selection, checkpoint, onProgress } = writing
  const writer = writerOf(request.format, request.proofs)
  yield writer.head
  let done = 0
  for await (const rows of readRows(db, selection, request.proofs)) {
    const proofs = request.proofs
      ? await proofsOfEntries(
          db,
          rows.map(({ index }) => index),
          checkpoint.size,
        )
      : []
    yield rows.map((row, i) => writer.row(row, proofs[i] ?? [])).join('')
    done += rows.length
    onProgress(done)
  }
}

async function* readRows(
  db: Queryable,
  selection: Selection,
  proofs: boolean,
): AsyncGenerator<ExportRow[]> {
  const { first, last, conditions, values, places } = selection
  const step = proofs ? PROVEN_WINDOW : WINDOW
  const read = async (where: string[], more: unknown[]) =>
    (
      await db.query<ExportRow>(
        `SELECT index, entry, leaf FROM audit_entry WHERE ${where.join(' AND ')} ORDER BY index`,
        more,
      )
    ).rows
  if (places) {
    for (let at = 0; at < places.length; at += step)
      yield read(['index = ANY ($1)'], [places.slice(at, at + step)])
    return
  }
  const [from, until] = [`$${values.length + 1}`, `$${values.length + 2}`]
  const within = [...conditions, `index >= ${from}`, `index < ${until}`]
  for (let at = first; at <= last; at += step) {
    const rows = await read(within, [...values, at, Math.min(at + step, last + 1)])
    if (rows.length > 0) yield rows
  }
}
