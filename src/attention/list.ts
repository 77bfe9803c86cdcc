import type { Severity } from '../config-attention.ts'
import type { Queryable } from '../db/pool.ts'
import { type AttentionKind, isKind } from './kinds.ts'
import type { Channel } from './note.ts'

/** What was noted, and what became of the notice about it. */
export interface AttentionLine {
  kind: AttentionKind
  about: string
  severity: Severity
  count: number
  since: Date
  notedAt: Date
  endedAt: Date | null
  /** The ways by which it goes, empty while it was not told. */
  notices: { channel: Channel; sentAt: Date | null; fault: string | null }[]
}

type Row = Omit<AttentionLine, 'notices'> & {
  notices: { channel: Channel; sentAt: string | null; fault: string | null }[]
}

/** What lasts, and after that what is over, the newest first, at most `most`. */
export async function listAttention(db: Queryable, most: number): Promise<AttentionLine[]> {
  const { rows } = await db.query<Row>(LIST, [most])
  return rows
    .filter(({ kind }) => isKind(kind))
    .map(({ notices, ...row }) => ({
      ...row,
      notices: notices.map(({ sentAt, ...notice }) => ({
        ...notice,
        sentAt: sentAt === null ? null : new Date(sentAt),
      })),
    }))
}

// Two bounded walks along indexes: the ones that last, and the newest of the others.
const LIST = `
  WITH shown AS (
    (SELECT * FROM attention WHERE ended_at IS NULL ORDER BY kind, about LIMIT $1)
    UNION ALL
    (SELECT * FROM attention WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT $1))
  SELECT a.kind, a.about, a.severity, a.count, a.since, a.noted_at AS "notedAt", a.ended_at AS "endedAt",
    coalesce((
      SELECT json_agg(json_build_object('channel', n.channel, 'sentAt', n.sent_at, 'fault', n.fault)
        ORDER BY n.channel)
      FROM attention_notice n WHERE n.id = a.notice_id), '[]') AS notices
  FROM shown a ORDER BY a.ended_at IS NOT NULL, a.severity, a.id DESC LIMIT $1`

/** A notice that has not left for a while: how many, since when, and why the last one did not. */
export async function readUnsent(
  db: Queryable,
): Promise<{ count: number; since: Date | null; fault: string | null }> {
  const { rows } = await db.query<{ count: number; since: Date | null; fault: string | null }>(
    `SELECT count(*)::int AS count, min(created_at) AS since, max(fault) AS fault
     FROM attention_notice WHERE sent_at IS NULL AND attempts > 0`,
  )
  return rows[0] ?? { count: 0, since: null, fault: null }
}
