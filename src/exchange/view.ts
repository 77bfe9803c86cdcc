import type { Queryable } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { DELIVERED, PENDING } from './conservation.ts'

export interface MessageView {
  messageId: string
  type: string
  protocol: string | null
  state: string
  at: string
  items: Record<ItemState, number>
  transitions: { state: string; at: string; code?: string }[]
}

type ItemState =
  | 'accepted'
  | 'refused'
  | 'delivered'
  | 'pending'
  | 'parked'
  | 'expired'
  | 'withdrawn'

interface Row extends Record<ItemState, number> {
  id: string
  type: string
  protocol: string | null
  received_at: Date
  answer_state: 'awaiting' | 'answered' | 'expired' | null
  states: string[]
  transitions: { state: string; at: string; code: string | null }[]
  shows_answer: boolean
  /** When the number of the period was released, where the answer went into one. */
  released_at: Date | null
}

/**
 * A message as its sender may see it. Where answers are counts, that and when a request was answered
 * shows only once the number of its period is released (invariant 8).
 * @throws Refusal HB-503 for an unknown id and for another party's message alike
 */
export async function viewMessage(
  db: Queryable,
  party: string,
  messageId: string,
): Promise<MessageView> {
  const { rows } = await db.query<Row>(SQL, [messageId, party])
  const row = rows[0]
  if (!row) throw refuse('HB-503', '', 'path /v1/messages/{id}')
  const { accepted, refused, delivered, pending, parked, expired, withdrawn } = row
  return {
    messageId: row.id,
    type: row.type,
    protocol: row.protocol,
    state: stateOf(row),
    at: row.received_at.toISOString(),
    items: { accepted, refused, delivered, pending, parked, expired, withdrawn },
    transitions: visibleSteps(row),
  }
}

// In order of the times that are shown: the order of the real ones would tell when the answer came.
function visibleSteps(row: Row): MessageView['transitions'] {
  return row.transitions
    .filter(step => step.state !== 'answered' || row.shows_answer)
    .map(({ state, at, code }) => {
      const shown = state === 'answered' ? (row.released_at ?? at) : at
      return { state, at: new Date(shown).toISOString(), ...(code && { code }) }
    })
    .toSorted((a, b) => a.at.localeCompare(b.at))
}

// The state a person would name: the one that most needs attention while parts of it differ.
const PRECEDENCE = ['parked', 'held', 'retrying', 'queued', 'expired', 'delivered', 'withdrawn']

function stateOf(row: Row): string {
  if (row.accepted === 0) return 'refused'
  if (row.answer_state === 'expired') return 'expired'
  if (row.answer_state === 'answered' && row.shows_answer) return 'answered'
  return PRECEDENCE.find(state => row.states.includes(state)) ?? 'accepted'
}

/**
 * The steps of a message, as SQL: taken or refused, then those of its interaction and of the hand-overs
 * that count for it. What follows an equal step says nothing new.
 */
export const stepsOf = (id: string): string => `
  SELECT state, at, code FROM (
    SELECT n.state, n.at, n.code,
      row(n.state, n.code) IS DISTINCT FROM lag(row(n.state, n.code)) OVER (ORDER BY n.id) AS changes
    FROM (
      SELECT 0 AS id, CASE WHEN accepted > 0 THEN 'accepted' ELSE 'refused' END AS state,
        received_at AS at, code FROM message WHERE id = ${id}
      UNION ALL
      SELECT t.id, t.state, t.at, t.code FROM transition t LEFT JOIN hand_over h ON h.id = t.hand_over_id
      WHERE t.message_id = ${id} AND t.state <> 'none' AND h.counted IS NOT FALSE) n) steps
  WHERE changes`

/** Whether a request `m` shows as answered to its sender: where answers are counts, once its number is released. */
export const showsAnswer = (m: string): string => `
  coalesce((SELECT bool_or(a.state = 'delivered' OR a.reason IS DISTINCT FROM 'period-open')
            FROM message r JOIN hand_over a ON a.message_id = r.id
            WHERE r.in_reply_to = ${m}.id AND r.found IS NOT NULL AND r.accepted > 0), false)`

const SQL = `
  SELECT m.id, m.type, m.protocol, m.received_at, m.answer_state, m.accepted, m.refused,
    coalesce(sum(h.items) FILTER (WHERE ${DELIVERED}), 0)::int AS delivered,
    coalesce(sum(h.items) FILTER (WHERE ${PENDING}), 0)::int AS pending,
    coalesce(sum(h.items) FILTER (WHERE h.state = 'parked'), 0)::int AS parked,
    coalesce(sum(h.items) FILTER (WHERE h.state = 'expired'), 0)::int AS expired,
    coalesce(sum(h.withdrawn + CASE WHEN h.state = 'withdrawn' THEN h.items ELSE 0 END), 0)::int AS withdrawn,
    coalesce(array_agg(DISTINCT h.state) FILTER (WHERE h.state IS NOT NULL), '{}') AS states,
    (SELECT coalesce(json_agg(json_build_object('state', s.state, 'at', s.at, 'code', s.code)
                              ORDER BY s.at), '[]')
     FROM (${stepsOf('m.id')}) s) AS transitions,
    (SELECT max(c.released_at) FROM message r JOIN hand_over a ON a.message_id = r.id AND a.with_id IS NOT NULL
       JOIN period_close c ON c.protocol = m.protocol AND c.party_id = m.party_id AND c.period = m.period
     WHERE r.in_reply_to = m.id AND r.found IS NOT NULL) AS released_at,
    ${showsAnswer('m')} AS shows_answer
  FROM message m LEFT JOIN hand_over h ON h.message_id = m.id AND h.counted
  WHERE m.id = $1 AND m.party_id = $2
  GROUP BY m.id`
