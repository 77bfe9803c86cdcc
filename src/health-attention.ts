import { readUnsent } from './attention/list.ts'
import type { HealthCheck, HealthParts } from './health-check.ts'

const LATE_MS = 15 * 60_000

/** Whether what is worth waking someone for reaches someone. */
export async function checkNotices({
  pool,
  clock,
}: Pick<HealthParts, 'pool' | 'clock'>): Promise<HealthCheck> {
  const { count, since, fault } = await readUnsent(pool)
  const isLate = since !== null && clock().getTime() - since.getTime() > LATE_MS
  return {
    name: 'notices',
    ok: !isLate,
    detail: isLate
      ? `${count} have not left since ${since.toISOString()}: ${fault}`
      : 'none is late',
    remedy: 'See "Faults" in docs/attention.md, and try with huisbrug attention test.',
  }
}
