import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { countLatencies, countOutcomes, countRefusals, countReported } from './figures-count.ts'

const DAY_MS = 86_400_000
/** Days of which figures are kept: a year, and what a year is compared with. */
export const KEPT_DAYS = 400
// Of what still moves: long enough for every answer and retry; after that it is what it is.
const MOVING_DAYS = 62

/**
 * Counts the figures of each UTC day that is over and was not counted, the newest first, and again those
 * of which something moved since yesterday. Older ones go.
 * @param most days in one go: each takes the longer the more came on it
 * @returns how many days it counted
 */
export async function countFigures(
  { pool, clock }: Pick<Context, 'pool' | 'clock'>,
  most = KEPT_DAYS,
): Promise<number> {
  const at = clock()
  const { rows } = await pool.query<{ day: string }>(DAYS, [at, most])
  for (const { day } of rows) await inTransaction(pool, tx => countDay(tx, day, at))
  if (rows.length > 0) await pool.query(FORGET, [at])
  return rows.length
}

// Over by both clocks, and some minutes ago, so that what was received at its end is in.
const DAYS = `
  WITH last AS (
    SELECT ((least(now(), $1::timestamptz) - interval '5 minutes') AT TIME ZONE 'UTC')::date - 1 AS day),
  first AS (SELECT min(received_day) AS day FROM message)
  SELECT to_char(d, 'YYYY-MM-DD') AS day FROM last, first, generate_series(
    greatest(first.day, last.day - ${KEPT_DAYS - 1})::timestamp, last.day, interval '1 day') AS d
  LEFT JOIN figure_day f ON f.day = d::date
  WHERE first.day IS NOT NULL AND (f.day IS NULL OR (
    f.moving > 0 AND f.day > last.day - ${MOVING_DAYS}
    AND f.counted_at < $1::timestamptz - interval '1 day'))
  ORDER BY f.day IS NULL DESC, d DESC LIMIT $2`

const FORGET = `DELETE FROM figure_day WHERE day < ($1::timestamptz AT TIME ZONE 'UTC')::date - ${KEPT_DAYS}`

async function countDay(tx: Tx, day: string, at: Date): Promise<void> {
  const from = new Date(`${day}T00:00:00Z`)
  const counted = { from, until: new Date(from.getTime() + DAY_MS), unit: 'day' as const }
  const outcomes = await countOutcomes(tx, counted)
  const refusals = await countRefusals(tx, counted)
  const latencies = await countLatencies(tx, counted)
  const reported = await countReported(tx, counted)
  const moving = outcomes.reduce((total, it) => total + it.pending + it.parked, 0)
  await tx.query('DELETE FROM figure_day WHERE day = $1', [day])
  await tx.query('INSERT INTO figure_day (day, counted_at, moving) VALUES ($1, $2, $3)', [
    day,
    at,
    moving,
  ])
  await insert(tx, 'figure_outcome', day, outcomes, {
    messages: 'messages',
    refused_messages: 'refusedMessages',
    refused: 'refused',
    delivered: 'delivered',
    pending: 'pending',
    parked: 'parked',
    expired: 'expired',
    withdrawn: 'withdrawn',
  })
  await insert(tx, 'figure_refusal', day, refusals, {
    code: 'code',
    messages: 'messages',
    items: 'items',
  })
  await insert(tx, 'figure_latency', day, latencies, {
    recipient: 'recipient',
    seconds10: 'seconds10',
    minute: 'minute',
    hour: 'hour',
    day1: 'day1',
    longer: 'longer',
  })
  await insert(tx, 'figure_reported', day, reported, {
    month: 'month',
    told: 'told',
    again: 'again',
  })
}

const TEXTS = new Set(['code', 'recipient', 'month'])

/** Writes the lines of one day; `columns` says from which member each column comes. */
async function insert(
  tx: Tx,
  table: string,
  day: string,
  lines: readonly object[],
  columns: Readonly<Record<string, string>>,
): Promise<void> {
  if (lines.length === 0) return
  const members = Object.values(columns).map(
    name => `"${name}" ${TEXTS.has(name) ? 'text' : 'bigint'}`,
  )
  const names = Object.values(columns).map(name => `"${name}"`)
  await tx.query(
    `INSERT INTO ${table} (day, protocol, party_id, ${Object.keys(columns).join(', ')})
     SELECT $1::date, protocol, party, ${names.join(', ')}
     FROM jsonb_to_recordset($2) AS l (protocol text, party text, ${members.join(', ')})`,
    [day, JSON.stringify(lines)],
  )
}
