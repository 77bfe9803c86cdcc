import type { Queryable, Tx } from '../db/pool.ts'
import type { Controlled } from './disclosure/control.ts'
import { keyOf } from './disclosure/lattice.ts'
import type { History, LeafVersion, ListedCell } from './disclosure/model.ts'
import type { Dims, Measure } from './disclosure/types.ts'

/** A release as it is kept. */
export interface KeptRelease {
  number: number
  id: string
  protocol: string
  table: string
  measure: string
  period: string
  within: Dims
  recipient: string
  threshold: number
  at: Date
}

/** Waits until no other release of the agreement is under way, until the transaction ends. */
export async function lockReleases(tx: Tx, protocol: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`release ${protocol}`])
}

/** The newest release of a table, period, part and recipient. */
export async function findRelease(
  db: Queryable,
  asked: Pick<KeptRelease, 'protocol' | 'table' | 'period' | 'within' | 'recipient'>,
): Promise<KeptRelease | undefined> {
  const { protocol, table, period, within, recipient } = asked
  const { rows } = await db.query<KeptRelease>(
    `SELECT ${COLUMNS} FROM release WHERE protocol = $1 AND table_id = $2 AND period = $3
       AND within = $4 AND recipient = $5 ORDER BY number DESC LIMIT 1`,
    [protocol, table, period, JSON.stringify(within), recipient],
  )
  return rows[0]
}

const COLUMNS = `number, id, protocol, table_id AS table, measure, period, within, recipient, threshold,
  released_at AS at`

/** The cells of a release as they were shown, by key. */
export async function readCells(db: Queryable, number: number): Promise<ListedCell[]> {
  const { rows } = await db.query<{ key: string; value: number | null }>(
    'SELECT cell AS key, value FROM release_cell WHERE number = $1 ORDER BY cell',
    [number],
  )
  return rows.map(({ key, value }) => ({ release: number, key, value: value ?? undefined }))
}

/** Everything that was released of a measure under an agreement. */
export async function readHistory(
  db: Queryable,
  { protocol, measure }: { protocol: string; measure: string },
): Promise<History> {
  const { rows: releases } = await db.query<{ number: number; threshold: number }>(
    'SELECT number, threshold FROM release WHERE protocol = $1 AND measure = $2',
    [protocol, measure],
  )
  const { rows: versions } = await db.query<LeafVersion>(
    `SELECT leaf, number AS release, count, withheld FROM release_leaf
     WHERE protocol = $1 AND measure = $2 ORDER BY number, leaf`,
    [protocol, measure],
  )
  const { rows: cells } = await db.query<{ release: number; key: string; value: number | null }>(
    `SELECT c.number AS release, c.cell AS key, c.value FROM release_cell c
       JOIN release r USING (number) WHERE r.protocol = $1 AND r.measure = $2 ORDER BY c.number`,
    [protocol, measure],
  )
  return {
    versions,
    cells: cells.map(({ value, ...cell }) => ({ ...cell, value: value ?? undefined })),
    thresholds: new Map(releases.map(({ number, threshold }) => [number, threshold])),
  }
}

/** Writes a release, and gives its number: above that of every earlier one. */
export async function insertRelease(
  tx: Tx,
  {
    id,
    protocol,
    table,
    measure,
    period,
    within,
    recipient,
    threshold,
    at,
  }: Omit<KeptRelease, 'number'>,
): Promise<number> {
  const { rows } = await tx.query<{ number: number }>(
    `INSERT INTO release (id, protocol, table_id, measure, period, within, recipient, threshold, released_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING number`,
    [id, protocol, table, measure, period, JSON.stringify(within), recipient, threshold, at],
  )
  return rows[0]?.number ?? 0
}

/** Writes what a release showed, and the true counts that were new in it. */
export async function insertControlled(
  tx: Tx,
  { number, protocol }: { number: number; protocol: string },
  measure: Measure,
  { cells, versions }: Controlled,
): Promise<void> {
  await tx.query(
    'INSERT INTO release_cell (number, cell, value) SELECT $1, * FROM unnest($2::text[], $3::int[])',
    [number, cells.map(({ dims }) => keyOf(measure, dims)), cells.map(({ value }) => value)],
  )
  await tx.query(
    `INSERT INTO release_leaf (protocol, measure, number, leaf, count, withheld)
     SELECT $1, $2, $3, * FROM unnest($4::text[], $5::int[], $6::boolean[])`,
    [
      protocol,
      measure.id,
      number,
      versions.map(({ leaf }) => leaf),
      versions.map(({ count }) => count),
      versions.map(({ withheld }) => withheld),
    ],
  )
}
