import { readProbes } from './exchange/probe.ts'
import { countNeglected, readBacked, readStuck, type Stuck, slowOf } from './exchange/stuck.ts'
import { type HealthCheck, type HealthParts, list } from './health-check.ts'

const WORDS: Readonly<Record<Stuck['kind'], string>> = {
  due: 'due and not tried',
  claimed: 'left by a worker',
  far: 'due in a time to come',
  held: 'held by nothing',
  awaiting: 'answers overdue',
}

/** Whether what was accepted moves: nothing stuck, the outbox drains, the queue has what is due. */
export async function checkFlow(parts: HealthParts): Promise<HealthCheck[]> {
  return [
    ...(await checkHandOvers(parts)),
    ...(await checkQueue(parts)),
    ...(await checkProbes(parts)),
  ]
}

/** Hand-overs that are older than their state allows, those that wait for a person, and the outbox. */
export async function checkHandOvers(parts: HealthParts): Promise<[HealthCheck, HealthCheck]> {
  const backed = await readBacked(parts.pool)
  const stuck = await readStuck(parts, backed)
  const { rows } = await parts.pool.query<{ parked: number }>(
    "SELECT count(*)::int AS parked FROM hand_over WHERE state = 'parked'",
  )
  const lines = stuck.map(it => `${it.count} ${WORDS[it.kind]} (${it.where})`)
  const parked = `${rows[0]?.parked ?? 0} parked`
  const slow = slowOf(backed).map(
    it => `${it.destination}: ${it.waiting} due, ${it.minutes} minutes`,
  )
  return [
    {
      name: 'hand-overs',
      ok: stuck.length === 0,
      detail: stuck.length > 0 ? `stuck: ${list(lines)}; ${parked}` : `none stuck, ${parked}`,
      remedy: remedyOf(stuck),
    },
    {
      name: 'outbox',
      ok: slow.length === 0,
      detail: slow.length > 0 ? `does not drain: ${list(slow)}` : 'drains',
      remedy:
        'Start more processes with the role worker; ask the destination to answer faster, or whether ' +
        'it can take so much.',
    },
  ]
}

function remedyOf(stuck: readonly Stuck[]): string {
  const jumped = stuck.some(it => it.kind === 'far')
  if (jumped) return 'A clock jumped: set it right, and see "Alarms" in docs/operations.md.'
  return 'Start a process with the role worker, and look at its log for "settling" and "destination".'
}

/**
 * Whether the queue agrees with the database: it answers, has no more wake-ups than destinations, and
 * is not empty while something is due that nobody tries.
 */
async function checkQueue({ pool, wakeUps }: HealthParts): Promise<HealthCheck[]> {
  if (!wakeUps) return []
  const name = 'queue'
  const [depth, neglected, most] = await Promise.all([
    wakeUps.depth(),
    countNeglected(pool),
    pool.query<{ count: number }>('SELECT count(*)::int AS count FROM party'),
  ])
  const remedy =
    'Look at the queue engine (HUISBRUG_QUEUE_URL) and at the log of the workers. Nothing is lost: ' +
    'the queue is filled again from the database.'
  if (!depth) return [{ name, ok: false, detail: `${wakeUps.engine} does not answer`, remedy }]
  const { waiting, active } = depth
  const figures = `${waiting} wake-ups wait, ${active} at work`
  const isEmpty = waiting + active === 0 && neglected > 0
  // One for each destination, and those that stalled with their workers.
  const isSpilling = waiting > 2 * (most.rows[0]?.count ?? 0) + 64
  const wrong = isEmpty
    ? `; ${neglected} destinations have something due that nobody tries`
    : '; more than there are destinations'
  const ok = !isEmpty && !isSpilling
  return [{ name, ok, detail: ok ? figures : `${figures}${wrong}`, remedy }]
}

/** Whether synthetic messages go the whole way in time. */
async function checkProbes(parts: HealthParts): Promise<HealthCheck[]> {
  if (!parts.config?.probe?.everyMs) return []
  const probes = await readProbes(parts)
  const late = probes.filter(it => it.late)
  const told = ({ protocol, at, seconds }: (typeof probes)[number]) =>
    `${protocol} ${at ? `${at.toISOString()}, ${seconds?.toFixed(1)} s` : 'never'}`
  const detail =
    late.length > 0 ? `late, last: ${list(late.map(told))}` : `last: ${list(probes.map(told))}`
  const remedy =
    'Look at the log of the workers and at the checks queue and hand-overs: what parties sent is late too.'
  return [{ name: 'probe', ok: late.length === 0, detail, remedy }]
}
