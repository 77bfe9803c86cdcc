import { readStampState } from '../audit/timestamp-store.ts'
import { readPublishing, readStandings } from '../audit/witness-store.ts'
import type { Queryable } from '../db/pool.ts'
import type { Found } from './kinds.ts'

const LATE_SECONDS = 60
const UNWITNESSED_MS = 10 * 60_000
const UNSTAMPED_MS = 6 * 3_600_000

/** Whether evidence is written and signed: entries without a place, a stop, a log that was rolled back. */
export async function lookAtEvidence(db: Queryable): Promise<Found[]> {
  const { rows } = await db.query<{ stopped: Date | null; lost: boolean; isLate: boolean }>(
    `SELECT stopped_at AS stopped, lost IS NOT NULL AS lost, coalesce((
       SELECT created_at < now() - make_interval(secs => $1) FROM audit_pending ORDER BY id LIMIT 1),
       false) AS "isLate"
     FROM audit_disclosure`,
    [LATE_SECONDS],
  )
  const { stopped = null, lost = false, isLate = false } = rows[0] ?? {}
  return [
    ...(stopped && !lost
      ? [{ ...GATEWAY, kind: 'disclosures-stopped', since: stopped } as const]
      : []),
    ...(lost ? [{ ...GATEWAY, kind: 'log-rolled-back' } as const] : []),
    ...(isLate ? [{ ...GATEWAY, kind: 'evidence-late' } as const] : []),
  ]
}

/** Whether others vouch for the log, where that is set. */
export async function lookAtVouching(db: Queryable, at: Date): Promise<Found[]> {
  const { waits, missingSince } = await readPublishing(db)
  const { stamps, fault, since } = await readStampState(db)
  const isOld = (from: Date | null, span: number) => from && at.getTime() - from.getTime() > span
  const alarms = (await readStandings(db)).filter(it => it.alarm)
  return [
    ...alarms.map(it => ({ kind: 'witness-alarm' as const, about: it.name, count: 1 })),
    ...(waits && missingSince && isOld(missingSince, UNWITNESSED_MS)
      ? [{ ...GATEWAY, kind: 'witnesses-missing', since: missingSince } as const]
      : []),
    ...(stamps && fault && since && isOld(since, UNSTAMPED_MS)
      ? [{ ...GATEWAY, kind: 'timestamps-failing', since } as const]
      : []),
  ]
}

const GATEWAY = { about: '', count: 1 }
