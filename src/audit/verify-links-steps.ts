import type { Queryable } from '../db/pool.ts'
import type { Problem } from './verify-report.ts'

/**
 * Which entries record a step, as "was>state" or ">state" for any other that reaches it. More than
 * one where a step comes about in more than one way.
 */
const STEP_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'held>queued': ['message.resumed', 'exception.closed'],
  'queued>retrying': ['message.retrying', 'message.resumed'],
  '>retrying': ['message.resumed'],
  // What was delivered before stays so when it is stopped or fails once more.
  'retrying>delivered': [
    'message.delivered',
    'message.answered',
    'message.replay-failed',
    'message.held',
    'message.withdrawn',
  ],
  '>delivered': ['message.delivered', 'message.answered'],
  '>parked': ['message.parked'],
  '>held': ['message.held', 'exception.opened'],
  '>withdrawn': ['message.withdrawn'],
  '>expired': ['message.expired'],
  '>answered': ['message.answered'],
  '>none': ['message.withdrawn'],
}

/** The states that an entry of an action cannot be without having reached. */
const ACTION_STATES: Readonly<Record<string, readonly string[]>> = {
  'message.parked': ['parked'],
  'message.delivered': ['delivered'],
  'message.answered': ['answered'],
  'message.expired': ['expired'],
  'message.held': ['held', 'delivered'],
  'message.replay-failed': ['delivered'],
}

interface Life {
  id: string
  /** Entries by action. */
  entries: Record<string, number> | null
  /** Steps by "was>state": how many, and in how many transactions. */
  steps: Record<string, { rows: number; times: number }> | null
}

/**
 * Holds the steps of messages and their hand-overs against the rows they led to and the entries
 * that record them. One statement sees both, so that a step of this moment is not missed in either.
 */
export async function checkSteps(db: Queryable, ids: readonly string[]): Promise<Problem[]> {
  const { rows: broken } = await db.query<{ id: string; what: string }>(BROKEN, [ids])
  const { rows: lives } = await db.query<Life>(LIVES, [ids])
  return [
    ...broken.map(({ id, what }): Problem => ({ kind: 'row-changed', message: id, what })),
    ...lives.flatMap(life =>
      faultsOf(life).map((what): Problem => ({ kind: 'unlinked', message: life.id, what })),
    ),
  ]
}

function faultsOf({ entries, steps }: Life): string[] {
  const byEntry = entries ?? {}
  const byStep = Object.entries(steps ?? {})
  const faults: string[] = []
  const needed = Map.groupBy(byStep, ([step]) => actionsOf(step))
  for (const [actions, group] of needed) {
    const recorded = actions.reduce((total, action) => total + (byEntry[action] ?? 0), 0)
    const taken = Math.max(...group.map(([, { times }]) => times))
    if (taken > recorded) faults.push(`a step ${group[0]![0]} without its entry`)
  }
  for (const [action, states] of Object.entries(ACTION_STATES)) {
    const reached = byStep
      .filter(([step]) => states.includes(stateOf(step)))
      .reduce((total, [, { rows }]) => total + rows, 0)
    if ((byEntry[action] ?? 0) > reached) faults.push(`an entry ${action} without its step`)
  }
  return faults
}

function actionsOf(step: string): readonly string[] {
  return STEP_ACTIONS[step] ?? STEP_ACTIONS[`>${stateOf(step)}`] ?? []
}

function stateOf(step: string): string {
  return step.slice(step.indexOf('>') + 1)
}

/**
 * Hand-overs that belong to no message, from one id on: their steps must lead to their state.
 * @returns the last id that was looked at, undefined at the end
 */
export async function checkOwnHandOvers(
  db: Queryable,
  after: string,
  limit: number,
): Promise<{ problems: Problem[]; last: string | undefined }> {
  const { rows } = await db.query<{ id: string; broken: boolean }>(ALONE, [after, limit])
  const problems = rows
    .filter(row => row.broken)
    .map(({ id }): Problem => ({ kind: 'row-changed', what: `${BROKEN_STEPS} ${id}` }))
  return { problems, last: rows.length === limit ? rows.at(-1)?.id : undefined }
}

const BROKEN_STEPS = 'the steps do not lead to the state of the hand-over'

/** Steps in their order: whether each starts where the one before ended, the first and the last. */
const CHAIN = `
  SELECT message_id, hand_over_id, bool_and(before IS NULL OR before = was) AS whole,
    (array_agg(was ORDER BY id))[1] AS first, (array_agg(state ORDER BY id DESC))[1] AS last
  FROM (
    SELECT *, lag(state) OVER (PARTITION BY message_id, hand_over_id ORDER BY id) AS before
    FROM step) AS ordered
  GROUP BY 1, 2`

/** Whether the steps `c` of hand-over `h` do not lead from how it began to how it is. */
const ASTRAY = `NOT (coalesce(c.whole, true) AND coalesce(c.last, h.state) = h.state
  AND coalesce(c.first, h.state) = ANY(CASE h.kind WHEN 'register' THEN '{delivered}'::text[]
    ELSE '{queued,held}'::text[] END))`

// A hand-over that arrived names where in an entry; its items are those that were accepted.
const BROKEN = `
  WITH step AS (SELECT * FROM transition WHERE message_id = ANY($1)),
  chain AS (${CHAIN}),
  handed AS (SELECT * FROM hand_over WHERE message_id = ANY($1))
  SELECT h.message_id AS id, '${BROKEN_STEPS} ' || h.id AS what
  FROM handed h LEFT JOIN chain c ON c.hand_over_id = h.id WHERE ${ASTRAY}
  UNION ALL
  SELECT m.id, 'the steps do not lead to the state of the interaction'
  FROM message m LEFT JOIN chain c ON c.message_id = m.id AND c.hand_over_id IS NULL
    CROSS JOIN LATERAL (SELECT coalesce(m.answer_state, 'none') AS state,
      CASE WHEN m.answer_due_at IS NULL THEN 'none' ELSE 'awaiting' END AS started) s
  WHERE m.id = ANY($1) AND NOT (coalesce(c.whole, true) AND coalesce(c.last, s.started) = s.state
    AND coalesce(c.first, s.started) = s.started)
  UNION ALL
  SELECT m.id, 'its hand-overs do not add up to the items that were accepted'
  FROM message m LEFT JOIN handed h ON h.message_id = m.id AND h.counted
  WHERE m.id = ANY($1) GROUP BY m.id, m.accepted
  HAVING coalesce(sum(h.items + h.withdrawn), 0) <> m.accepted
  UNION ALL
  SELECT h.message_id, 'no entry names the destination of the hand-over ' || h.id
  FROM handed h WHERE h.state = 'delivered' AND h.destination IS NOT NULL
    AND NOT EXISTS (SELECT FROM audit_entry e
      WHERE e.message_id = h.message_id AND e.recipient = h.destination)
    AND NOT EXISTS (SELECT FROM audit_pending e
      WHERE e.message_id = h.message_id AND e.recipient = h.destination)
  ORDER BY 1, 2`

const LIVES = `
  WITH entry AS (
    SELECT message_id, action FROM audit_entry WHERE message_id = ANY($1)
    UNION ALL
    SELECT message_id, action FROM audit_pending WHERE message_id = ANY($1)),
  recorded AS (
    SELECT message_id, json_object_agg(action, n) AS entries
    FROM (SELECT message_id, action, count(*) AS n FROM entry GROUP BY 1, 2) AS e GROUP BY 1),
  taken AS (
    SELECT message_id, json_object_agg(step, json_build_object('rows', n, 'times', times)) AS steps
    FROM (
      SELECT message_id, was || '>' || state AS step, count(*) AS n, count(DISTINCT at) AS times
      FROM transition WHERE message_id = ANY($1) GROUP BY 1, 2) AS t
    GROUP BY 1)
  SELECT m.id, r.entries, t.steps FROM unnest($1::text[]) AS m (id)
    LEFT JOIN recorded r ON r.message_id = m.id LEFT JOIN taken t ON t.message_id = m.id`

const ALONE = `
  WITH page AS (
    SELECT * FROM hand_over WHERE message_id IS NULL AND id > $1 ORDER BY id LIMIT $2),
  step AS (SELECT t.* FROM transition t JOIN page ON page.id = t.hand_over_id),
  chain AS (${CHAIN})
  SELECT h.id, ${ASTRAY} AS broken
  FROM page h LEFT JOIN chain c ON c.hand_over_id = h.id ORDER BY h.id`
