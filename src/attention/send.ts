import type { Pool } from '../db/pool.ts'
import { faultOf } from '../log.ts'
import { SendError, type SendParts, sendNotice } from './channels.ts'
import { KINDS } from './kinds.ts'
import type { Point } from './message.ts'
import { type Channel, channelsOf } from './note.ts'

// Longer than all time limits of one try together; what a worker that died had is tried again then.
const CLAIM_SECONDS = 60
const FIRST_SECONDS = 10
const LONGEST_SECONDS = 900

type Parts = SendParts & { pool: Pool }

interface Claimed {
  id: string
  channel: Channel
  attempts: number
}

/**
 * Sends what is due, each notice to one side at a time and by one worker at a time, until nothing is due
 * or `signal` ends it. What is not taken over is tried again, later each time, and never given up.
 */
export async function sendDue(parts: Parts, signal?: AbortSignal): Promise<void> {
  while (!signal?.aborted) {
    const claimed = await claim(parts)
    if (!claimed) return
    const fault = await tryToSend(parts, claimed, signal)
    await parts.pool.query(fault === undefined ? SENT : FAILED, [
      claimed.id,
      claimed.channel,
      ...(fault === undefined ? [] : [fault, delayAfter(claimed.attempts)]),
    ])
  }
}

/** Seconds until the next try (pure). */
export function delayAfter(attempts: number): number {
  return Math.min(FIRST_SECONDS * 2 ** Math.min(attempts - 1, 20), LONGEST_SECONDS)
}

async function claim({ pool, config }: Parts): Promise<Claimed | undefined> {
  const { rows } = await pool.query<Claimed>(CLAIM, [channelsOf(config.attention), CLAIM_SECONDS])
  return rows[0]
}

async function tryToSend(
  parts: Parts,
  { id, channel }: Claimed,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    await sendNotice(parts, channel, id, await pointsOf(parts.pool, id), signal)
    return undefined
  } catch (error) {
    const isTheirs = error instanceof SendError
    const fault = isTheirs ? error.reason : 'settings'
    const what = isTheirs ? {} : faultOf(error)
    parts.log.warn('a notice of what needs attention did not leave', { channel, fault, ...what })
    return fault
  }
}

async function pointsOf(pool: Pool, notice: string): Promise<Point[]> {
  const { rows } = await pool.query<Point>(
    `SELECT kind, about, severity, count, since, ended_at IS NOT NULL AS ended FROM attention
     WHERE notice_id = $1 ORDER BY severity, id`,
    [notice],
  )
  // A kind that this version does not know any more has no words.
  return rows.filter(({ kind }) => Object.hasOwn(KINDS, kind))
}

const CLAIM = `
  UPDATE attention_notice SET claimed_until = now() + make_interval(secs => $2), attempts = attempts + 1
  WHERE (id, channel) = (
    SELECT id, channel FROM attention_notice
    WHERE sent_at IS NULL AND due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
      AND channel = ANY($1)
    ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING id, channel, attempts`

const SENT = `
  UPDATE attention_notice SET sent_at = now(), claimed_until = NULL, fault = NULL
  WHERE id = $1 AND channel = $2`

const FAILED = `
  UPDATE attention_notice SET claimed_until = NULL, fault = $3, due_at = now() + make_interval(secs => $4)
  WHERE id = $1 AND channel = $2`
