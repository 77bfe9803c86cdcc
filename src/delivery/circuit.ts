import type { Queryable, Tx } from '../db/pool.ts'
import { LONGEST_RETRY_AFTER } from './backoff.ts'

/** What of a party is called: its own endpoints, or its webhook. Each fails by itself. */
export type Channel = 'calls' | 'webhook'

/** What a try says of the destination: it works, it fails, or it asks for less; else nothing. */
export type Sign = 'alive' | 'failing' | 'slow'

/** One try as the circuit sees it. */
export interface Signal {
  channel: Channel
  sign: Sign
  reason: string
  /** Seconds the peer asked for in Retry-After, or 0. */
  retryAfter: number
}

/** Failures in a row after which a destination is paused. */
export const FAILURES_TO_PAUSE = 5
const FIRST_PAUSE_SECONDS = 2
const LONGEST_PAUSE_SECONDS = 900
// Longer than all time limits of one try together; a probe whose worker dies is repeated then.
const PROBE_SECONDS = 30

/** The channel that carries a kind of hand-over, of a row `h` of hand_over. */
export const CHANNEL_OF = `(CASE WHEN h.kind = 'event' THEN 'webhook' ELSE 'calls' END)`

/** What an answer or its absence says of the whole destination. */
export function signOf(status: number | undefined, retryAfter: number): Sign {
  if (status === undefined) return 'failing'
  if ([429, 502, 504].includes(status) || (status === 503 && retryAfter > 0)) return 'slow'
  const failing = status >= 500 || status < 400 || [401, 408, 425].includes(status)
  return failing && (status < 200 || status >= 300) ? 'failing' : 'alive'
}

/** How many may be claimed for each channel of a destination: none while paused, one after. */
export async function openChannels(
  tx: Tx,
  destination: string,
  limit: number,
): Promise<{ channel: Channel; most: number }[]> {
  const statement = { name: 'open-channels', text: OPEN, values: [destination, PROBE_SECONDS] }
  const { rows } = await tx.query<{ channel: Channel; probe: boolean }>(statement)
  return rows.map(({ channel, probe }) => ({ channel, most: probe ? 1 : limit }))
}

// Of several workers one gets the probe: the others wait for its row and then see it paused again.
const OPEN = `
  WITH probing AS (
    UPDATE circuit c SET paused_until = now() + make_interval(secs => $2)
    WHERE c.party_id = $1 AND c.paused_until <= now() AND EXISTS (
      SELECT FROM hand_over h WHERE h.destination = $1 AND h.state IN ('queued', 'retrying')
        AND h.due_at <= now() AND ${CHANNEL_OF} = c.channel)
    RETURNING c.channel)
  SELECT ch.channel, p.channel IS NOT NULL AS probe
  FROM (VALUES ('calls'), ('webhook')) ch (channel) LEFT JOIN probing p USING (channel)
  WHERE EXISTS (SELECT FROM party WHERE id = $1 AND disabled_at IS NULL)
    AND (ch.channel = 'calls' OR EXISTS (
      SELECT FROM webhook w WHERE w.party_id = $1 AND w.disabled_at IS NULL))
    AND (p.channel IS NOT NULL OR NOT EXISTS (
      SELECT FROM circuit c
      WHERE c.party_id = $1 AND c.channel = ch.channel AND c.paused_until IS NOT NULL))`

/** A channel whose circuit opened or closed. */
export interface Turned {
  channel: Channel
  paused: boolean
}

/**
 * Keeps what a batch of tries says of the destination: one that works ends its row; failures in a row,
 * or being asked for less, pause it, each time for longer.
 */
export async function recordSignals(
  tx: Tx,
  destination: string,
  signals: readonly Signal[],
): Promise<Turned[]> {
  const turned: Turned[] = []
  for (const [channel, own] of Map.groupBy(signals, it => it.channel)) {
    const failed = own.filter(it => it.sign !== 'alive')
    const slow = failed.some(it => it.sign === 'slow')
    if (failed.length < own.length && !slow) {
      const statement = { name: 'close-circuit', text: CLOSE, values: [destination, channel] }
      const { rows } = await tx.query<{ paused: boolean }>(statement)
      if (rows[0]?.paused) turned.push({ channel, paused: false })
      continue
    }
    const { rows } = await tx.query<{ paused: boolean }>(FAIL, [
      destination,
      channel,
      failed.length,
      failed.at(-1)?.reason ?? '',
      slow,
      Math.min(Math.max(...failed.map(it => it.retryAfter)), LONGEST_RETRY_AFTER),
      Math.random(),
    ])
    if (rows[0]?.paused) turned.push({ channel, paused: true })
  }
  return turned
}

const CLOSE = `DELETE FROM circuit WHERE party_id = $1 AND channel = $2
  RETURNING paused_until IS NOT NULL AS paused`

const PAUSE = (pauses: string) => `now() + make_interval(secs => greatest($6::float8,
  least(${FIRST_PAUSE_SECONDS} * 2.0 ^ least(${pauses}, 20), ${LONGEST_PAUSE_SECONDS}) * (0.5 + $7::float8)))`

const FAIL = `
  WITH before AS (SELECT paused_until FROM circuit WHERE party_id = $1 AND channel = $2)
  INSERT INTO circuit AS c (party_id, channel, failures, pauses, paused_until, failing_since, reason)
  SELECT $1, $2, $3::int, opens::int, CASE WHEN opens THEN ${PAUSE('0')} END, now(), $4
  FROM (SELECT $5::boolean OR $3::int >= ${FAILURES_TO_PAUSE} AS opens) first
  ON CONFLICT (party_id, channel) DO UPDATE SET failures = c.failures + excluded.failures,
    reason = excluded.reason,
    pauses = c.pauses + ($5::boolean OR c.failures + $3::int >= ${FAILURES_TO_PAUSE}
      OR c.paused_until IS NOT NULL)::int,
    paused_until = CASE WHEN $5::boolean OR c.failures + $3::int >= ${FAILURES_TO_PAUSE}
      OR c.paused_until IS NOT NULL THEN greatest(${PAUSE('c.pauses')},
      CASE WHEN c.paused_until > now() + interval '${PROBE_SECONDS} seconds' THEN c.paused_until END) END
  RETURNING paused_until IS NOT NULL AND NOT EXISTS (
    SELECT FROM before WHERE paused_until IS NOT NULL) AS paused`

/** Lets the next try of a destination go at once: its owner says that it works again. */
export async function letTry(db: Queryable, party: string, channel: Channel): Promise<void> {
  await db.query(
    `UPDATE circuit SET paused_until = now() WHERE party_id = $1 AND channel = $2
       AND paused_until > now()`,
    [party, channel],
  )
}

/** A destination that fails. */
export interface Failing {
  party: string
  channel: Channel
  failures: number
  pausedUntil: Date | null
  failingSince: Date
  reason: string
}

/** The destinations that fail now, or of one party alone; the longest failing first. */
export async function readCircuits(db: Queryable, party?: string): Promise<Failing[]> {
  const { rows } = await db.query<Failing>(
    `SELECT party_id AS party, channel, failures, paused_until AS "pausedUntil",
       failing_since AS "failingSince", reason
     FROM circuit WHERE $1::text IS NULL OR party_id = $1 ORDER BY failing_since, party_id`,
    [party],
  )
  return rows
}
