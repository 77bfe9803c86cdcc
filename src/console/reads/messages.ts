import { EVERYTHING, partyOf, type Scope, within } from '../../access/scope.ts'
import type { Queryable } from '../../db/pool.ts'
import { showsAnswer } from '../../exchange/view.ts'

/** Held as agreed: an answer waits until the number of its period is released. */
export const COLLECTING = `coalesce(h.reason, '') IN ('period-open', 'with-release')`
// To who sent a request it is answered when the interface says so too: not before its number is released.
const answerState = (party: string) => `CASE
  WHEN ${party}::text = m.party_id AND m.answer_state = 'answered' AND NOT ${showsAnswer('m')}
  THEN 'awaiting' ELSE m.answer_state END`

/**
 * The state a person would name: the one that most needs attention while parts of it differ.
 * @param party the placeholder of the scope
 */
export const stateOfMessage = (party: string): string => `CASE
  WHEN m.accepted = 0 THEN 'refused'
  WHEN handed.states && '{parked}' THEN 'parked'
  WHEN handed.states && '{held}' THEN 'held'
  WHEN handed.states && '{queued,retrying}' THEN 'underway'
  WHEN handed.states && '{collecting}' THEN 'collecting'
  WHEN m.answer_state IN ('expired', 'answered', 'awaiting') THEN ${answerState(party)}
  WHEN handed.states && '{expired}' THEN 'expired'
  WHEN handed.states && '{delivered}' THEN 'delivered'
  WHEN handed.states && '{withdrawn}' THEN 'withdrawn'
  ELSE 'accepted' END`

/** The states of its hand-overs; of a message of another those to the party of the scope alone. */
export const handedOf = (party: string): string => `LEFT JOIN LATERAL (
  SELECT coalesce(array_agg(DISTINCT CASE
      WHEN h.state = 'held' AND ${COLLECTING} THEN 'collecting' ELSE h.state END),
    '{}') AS states FROM hand_over h
  WHERE h.message_id = m.id AND h.counted
    AND (m.party_id = ${party} OR ${within.delivery('h', party)})) handed ON true`

/** Items of a message that were accepted and refused; of a message of another as many as come to the party. */
export const itemsOf = (party: string): string => `
  CASE WHEN ${within.sent('m', party)} THEN m.accepted ELSE (
    SELECT coalesce(sum(h.items), 0)::int FROM hand_over h
    WHERE h.message_id = m.id AND h.counted AND ${within.delivery('h', party)}) END AS accepted,
  CASE WHEN ${within.sent('m', party)} THEN m.refused ELSE 0 END AS refused`

/**
 * All parties by name, for a choice in a form; for the officer of one party that party, and those that are
 * no housing company.
 */
export async function listParties(
  db: Queryable,
  scope: Scope = EVERYTHING,
): Promise<{ id: string; name: string }[]> {
  const { rows } = await db.query(
    `SELECT id, name FROM party
     WHERE kind <> 'gateway' AND ($1::text IS NULL OR id = $1 OR kind <> 'housing-company')
     ORDER BY name, id`,
    [partyOf(scope)],
  )
  return rows
}

/** Names of all parties of the scope by id, to speak of them in sentences. */
export async function partyNames(
  db: Queryable,
  scope: Scope = EVERYTHING,
): Promise<ReadonlyMap<string, string>> {
  return new Map((await listParties(db, scope)).map(({ id, name }) => [id, name]))
}
