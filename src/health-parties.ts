import { readEndingKeys } from './access/party-key-use.ts'
import { type HealthCheck, type HealthParts, list } from './health-check.ts'

/** Whether no party needs new keys soon, and nothing waits for one that is disabled. */
export async function checkParties({ pool, clock }: HealthParts): Promise<HealthCheck[]> {
  const now = clock()
  const ending = await readEndingKeys(pool, now)
  const { rows: waiting } = await pool.query<{ id: string; count: number }>(WAITING)
  const keys = ending.map(({ party, use, at }) => {
    const what = use === 'enc' ? 'encryption keys' : 'keys'
    return `${what} of ${party} ${at <= now ? 'ended' : 'end'} ${at.toISOString().slice(0, 10)}`
  })
  const disabled = waiting.map(({ id, count }) => `${count} wait for ${id}`)
  return [
    {
      name: 'party-keys',
      ok: keys.length === 0,
      detail: keys.length > 0 ? list(keys) : 'none ends within 30 days',
      remedy: 'Ask that party for newer keys: huisbrug party rotate.',
    },
    {
      name: 'disabled-parties',
      ok: disabled.length === 0,
      detail: disabled.length > 0 ? list(disabled) : 'nothing waits for one',
      remedy:
        'Let it in again with huisbrug party enable, or end the protocol: then it is withdrawn.',
    },
  ]
}

const WAITING = `
  SELECT p.id, w.count FROM party p CROSS JOIN LATERAL (
    SELECT count(*)::int AS count FROM hand_over h
    WHERE h.destination = p.id AND h.state IN ('queued', 'retrying')) AS w
  WHERE p.disabled_at IS NOT NULL AND w.count > 0 ORDER BY p.id`
