import type { AttentionSettings } from '../config-attention.ts'
import { inTransaction, type Pool, type Tx } from '../db/pool.ts'
import { newId } from '../ids.ts'
import { KINDS } from './kinds.ts'
import type { Looked } from './look.ts'

const LOCK = 'huisbrug attention'
const KEPT = '400 days'

/** The ways by which a notice goes. */
export const CHANNELS = ['mail', 'webhook'] as const
export type Channel = (typeof CHANNELS)[number]

/** The ways that are set. */
export function channelsOf(settings: Pick<AttentionSettings, Channel>): Channel[] {
  return CHANNELS.filter(channel => settings[channel])
}

/**
 * Notes what was found, and puts together a notice of what is to be told now: each occurrence is one row
 * and goes into one notice, whatever the number of processes that look. One at a time does it.
 * @returns whether there is a new notice
 */
export async function noteFound(
  pool: Pool,
  settings: AttentionSettings,
  looked: Looked,
  at: Date,
): Promise<boolean> {
  return inTransaction(pool, async tx => {
    const { rows } = await tx.query<{ won: boolean }>(
      'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS won',
      [LOCK],
    )
    if (!rows[0]?.won) return false
    await note(tx, looked, at)
    const channels = channelsOf(settings)
    return channels.length > 0 && (await makeNotice(tx, settings, channels, at))
  })
}

async function note(tx: Tx, { found, kinds }: Looked, at: Date): Promise<void> {
  const columns = [
    found.map(({ kind }) => kind),
    found.map(({ about }) => about),
    found.map(({ kind }) => KINDS[kind].severity),
    found.map(({ count }) => count),
    found.map(({ since }) => since ?? null),
  ]
  await tx.query(END, [columns[0], columns[1], kinds, at])
  await tx.query(NOTE, [...columns, at])
  await tx.query(`DELETE FROM attention WHERE ended_at < $1::timestamptz - interval '${KEPT}'`, [
    at,
  ])
}

// What is found again lasts; what was looked at and is not found is over.
const END = `
  WITH found AS (SELECT * FROM unnest($1::text[], $2::text[]) AS f (kind, about)),
  last AS (
    SELECT DISTINCT ON (kind, about) id, kind, about FROM attention
    WHERE kind = ANY($3) ORDER BY kind, about, id DESC)
  UPDATE attention a SET ended_at = $4
  WHERE a.ended_at IS NULL AND a.kind = ANY($3) AND NOT EXISTS (
    SELECT FROM found JOIN last USING (kind, about) WHERE last.id = a.id)`

// A row that was not told yet takes in what came after it; one that was told stays as it was told.
const NOTE = `
  WITH found AS (
    SELECT f.kind, f.about, f.severity, f.count, coalesce(f.since, (
      SELECT a.since FROM attention a
      WHERE a.kind = f.kind AND a.about = f.about AND a.ended_at IS NULL ORDER BY a.id DESC LIMIT 1),
      $6::timestamptz) AS since
    FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::timestamptz[])
      AS f (kind, about, severity, count, since)),
  again AS (
    UPDATE attention a SET ended_at = NULL FROM found f
    WHERE a.kind = f.kind AND a.about = f.about AND a.since = f.since AND a.ended_at IS NOT NULL)
  INSERT INTO attention AS a (kind, about, severity, count, since, noted_at)
  SELECT f.kind, f.about, f.severity, f.count, f.since, $6 FROM found f
  WHERE NOT EXISTS (
    SELECT FROM attention t WHERE t.kind = f.kind AND t.about = f.about AND t.since >= f.since
      AND t.notice_id IS NOT NULL)
  ON CONFLICT (kind, about) WHERE notice_id IS NULL
  DO UPDATE SET count = excluded.count, since = greatest(a.since, excluded.since),
    severity = excluded.severity`

async function makeNotice(
  tx: Tx,
  { severities, waitMs, quietMs }: AttentionSettings,
  channels: readonly Channel[],
  at: Date,
): Promise<boolean> {
  const id = newId('ntc', at)
  const { rowCount } = await tx.query(TELL, [id, at, severities, waitMs / 1000, quietMs / 1000])
  if (!rowCount) return false
  await tx.query(
    `INSERT INTO attention_notice (id, channel, created_at)
     SELECT $1, channel, $3 FROM unnest($2::text[]) AS c (channel)`,
    [id, channels, at],
  )
  return true
}

// An alarm goes at once, a warning when it waited; what else is there goes with it. More of the same
// stays quiet for a while, so that a thousand of a kind are a notice or two. What was over before
// anything was set to tell it, a day ago, is not told.
const TELL = `
  WITH ready AS (
    SELECT id, severity = 'alarm' OR noted_at <= $2::timestamptz - make_interval(secs => $4) AS due
    FROM attention a
    WHERE notice_id IS NULL AND severity = ANY($3)
      AND (ended_at IS NULL OR ended_at > $2::timestamptz - interval '1 day')
      AND NOT EXISTS (
        SELECT FROM attention t WHERE t.kind = a.kind AND t.about = a.about
          AND t.told_at > $2::timestamptz - make_interval(secs => $5)))
  UPDATE attention SET notice_id = $1, told_at = $2
  WHERE id IN (SELECT id FROM ready) AND EXISTS (SELECT FROM ready WHERE due)`
