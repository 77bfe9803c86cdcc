import { setTimeout as sleep } from 'node:timers/promises'
import { openPool, type Pool } from './db/pool.ts'
import { MOST_BEHIND_MS, Reading, type Replica } from './db/reading.ts'
import type { HealthCheck, HealthParts } from './health-check.ts'

const MOST_BEHIND = MOST_BEHIND_MS / 1000
const LOOKS_MS = 2_500

/** Whether the replica for pages and reports is read, and how far it is behind. */
export function checkReplica({ reading }: Pick<HealthParts, 'reading'>): HealthCheck[] {
  const replica = reading?.standing
  if (!replica) return []
  const remedy =
    'Look at the replica and its connection to the primary (HUISBRUG_READ_DATABASE_URL); pages and ' +
    'reports are read from the primary meanwhile.'
  return [{ name: 'replica', ok: replica.isRead, detail: detailOf(replica), remedy }]
}

function detailOf({ isRead, seconds, fault }: Replica): string {
  if (fault === 'away') return 'the replica does not answer; the primary is read'
  if (fault === 'no replica of the primary') return 'no replica of the primary; the primary is read'
  const behind = `at most ${(seconds ?? 0).toFixed(1)} s behind`
  return isRead ? behind : `over ${MOST_BEHIND} s behind; the primary is read`
}

/** The same for a command, which looks for some seconds itself. */
export async function examineReplica(
  primary: Pool,
  url: string | undefined,
): Promise<HealthCheck[]> {
  if (!url) return []
  const reading = new Reading(primary, openPool(url, { name: 'huisbrug doctor', max: 2 }))
  try {
    await sleep(LOOKS_MS)
    return checkReplica({ reading })
  } finally {
    await reading.close()
  }
}
