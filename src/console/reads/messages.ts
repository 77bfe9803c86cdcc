import type { Queryable } from '../../db/pool.ts'

/** A message in a list: no value of its body, only what the gateway itself knows of it. */
export interface MessageLine {
  id: string
  type: string
  protocol: string | null
  partyId: string
  partyName: string
  receivedAt: Date
  accepted: number
  refused: number
  code: string | null
  state: string
}

/** Which messages to list; what is absent does not narrow. */
export interface MessageFilter {
  /** Part of the beginning of an id. */
  id?: string | undefined
  state?: MessageState | undefined
  type?: string | undefined
  party?: string | undefined
  /** List older messages than this id. */
  before?: string | undefined
}

// Held as agreed: an answer waits until the number of its period is released.
const COLLECTING = `coalesce(h.reason, '') IN ('period-open', 'with-release')`
const WHOLE_ID = 'msg_'.length + 26

/** Conditions on `m`; one that names open hand-overs is served by their partial index. */
const STATES = {
  refused: 'm.accepted = 0',
  parked: withHandOver(`state = 'parked'`),
  held: withHandOver(`state = 'held' AND NOT ${COLLECTING}`),
  collecting: withHandOver(`state = 'held' AND ${COLLECTING}`),
  underway: withHandOver(`state IN ('queued', 'retrying') AND h.counted`),
  awaiting: `m.answer_state = 'awaiting'`,
  answered: `m.answer_state = 'answered'`,
  expired: `(m.answer_state = 'expired' OR ${withHandOver(`state = 'expired'`)})`,
  withdrawn: withHandOver(`state = 'withdrawn'`),
  delivered: `m.accepted > 0 AND NOT EXISTS (
    SELECT FROM hand_over h WHERE h.message_id = m.id AND h.counted AND h.state <> 'delivered')`,
} as const

export type MessageState = keyof typeof STATES
export const MESSAGE_STATES = Object.keys(STATES) as MessageState[]

/** The state a person would name: the one that most needs attention while parts of it differ. */
export const STATE_OF_MESSAGE = `CASE
  WHEN m.accepted = 0 THEN 'refused'
  WHEN handed.states && '{parked}' THEN 'parked'
  WHEN handed.states && '{held}' THEN 'held'
  WHEN handed.states && '{queued,retrying}' THEN 'underway'
  WHEN handed.states && '{collecting}' THEN 'collecting'
  WHEN m.answer_state IN ('expired', 'answered', 'awaiting') THEN m.answer_state
  WHEN handed.states && '{expired}' THEN 'expired'
  WHEN handed.states && '{delivered}' THEN 'delivered'
  WHEN handed.states && '{withdrawn}' THEN 'withdrawn'
  ELSE 'accepted' END`

export const HANDED = `LEFT JOIN LATERAL (
  SELECT coalesce(array_agg(DISTINCT CASE
      WHEN h.state = 'held' AND ${COLLECTING} THEN 'collecting' ELSE h.state END),
    '{}') AS states FROM hand_over h
  WHERE h.message_id = m.id AND h.counted) handed ON true`

/** Messages that fit the filter, newest first; one more than `limit` where there are older ones. */
export async function listMessages(
  db: Queryable,
  filter: MessageFilter,
  limit: number,
): Promise<MessageLine[]> {
  const { rows } = await db.query<MessageLine>(
    `SELECT m.id, m.type, m.protocol, m.party_id AS "partyId", p.name AS "partyName",
       m.received_at AS "receivedAt", m.accepted, m.refused, m.code, ${STATE_OF_MESSAGE} AS state
     FROM message m JOIN party p ON p.id = m.party_id ${HANDED}
     WHERE ${idCondition(filter.id)}
       AND ($2::text IS NULL OR m.type = $2)
       AND ($3::text IS NULL OR m.party_id = $3)
       AND ($4::text IS NULL OR m.id < $4)
       AND ${filter.state ? STATES[filter.state] : 'true'}
     ORDER BY m.id DESC LIMIT $5`,
    [filter.id, filter.type, filter.party, filter.before, limit + 1],
  )
  return rows
}

/** All parties by name, for a choice in a form. */
export async function listParties(db: Queryable): Promise<{ id: string; name: string }[]> {
  const { rows } = await db.query(
    "SELECT id, name FROM party WHERE kind <> 'gateway' ORDER BY name, id",
  )
  return rows
}

/** Names of all parties by id, to speak of them in sentences. */
export async function partyNames(db: Queryable): Promise<ReadonlyMap<string, string>> {
  return new Map((await listParties(db)).map(({ id, name }) => [id, name]))
}

// A whole id is looked up in the primary key; the beginning of one has to be searched.
function idCondition(id: string | undefined): string {
  if (id === undefined) return '$1::text IS NULL'
  return id.length === WHOLE_ID ? 'm.id = $1' : 'starts_with(m.id, $1)'
}

function withHandOver(condition: string): string {
  return `m.id IN (SELECT h.message_id FROM hand_over h WHERE h.${condition})`
}
