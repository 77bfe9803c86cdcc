import { EVERYTHING, partyOf, type Scope, within } from '../../access/scope.ts'
import type { Queryable } from '../../db/pool.ts'
import { COLLECTING, handedOf, itemsOf, stateOfMessage } from './messages.ts'

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
  /** The sender. */
  party?: string | undefined
  protocol?: string | undefined
  /** Code with which the whole message was refused. */
  code?: string | undefined
  /** Received from this instant on, and before that one. */
  from?: Date | undefined
  until?: Date | undefined
  /** List older messages than this id. */
  before?: string | undefined
}

/** A page of messages, newest first. */
export interface MessagePage {
  items: MessageLine[]
  /** Where the next page begins: list messages before this id. Absent on the last one. */
  next?: string
  /** Set where the search stopped before the page was full: all since this instant was looked at. */
  lookedUntil?: Date
}

/** Conditions on `m`; one that names hand-overs is served by their partial indexes. */
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

// Few of all, and with an index of their own: looked up rather than looked for.
const FEW: ReadonlySet<MessageState> = new Set([
  'parked',
  'held',
  'collecting',
  'underway',
  'withdrawn',
])
const WHOLE_ID = 'msg_'.length + 26
const MOST_LOOKED_AT = 50_000
// Each is in a place of its own, or its hand-overs are looked at too.
const MOST_SCATTERED = 10_000
// The state as one party sees it is worked out message by message.
const MOST_WORKED_OUT = 2_000

/**
 * Messages of the scope that fit the filter, newest first. Whatever the filter, one call looks at no more
 * than 50,000 messages, less where that takes longer: where the page is not full by then it says how far
 * it came.
 */
export async function searchMessages(
  db: Queryable,
  filter: MessageFilter,
  limit: number,
  scope: Scope = EVERYTHING,
): Promise<MessagePage> {
  const most = mostLookedAt(filter, scope)
  const { sql, rest } = candidates(filter, scope)
  const values = valuesOf(filter, scope)
  const { rows } = await db.query<MessageLine>(
    `SELECT m.id, m.type, m.protocol, m.party_id AS "partyId", p.name AS "partyName",
       m.received_at AS "receivedAt", ${itemsOf('$1')}, m.code, ${stateOfMessage('$1')} AS state
     FROM (SELECT * FROM (${sql} ORDER BY m.id DESC ${most ? `LIMIT ${most}` : ''}) m
       WHERE ${rest} ORDER BY m.id DESC LIMIT ${limit + 1}) m
     JOIN party p ON p.id = m.party_id ${handedOf('$1')} ORDER BY m.id DESC`,
    values,
  )
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  if (rows.length > limit && last) return { items, next: last.id }
  if (most === undefined) return { items }
  return { items, ...(await whereStopped(db, sql, values, most)) }
}

/** How many messages one search looks at; undefined where an index has few of all. */
function mostLookedAt(
  { state, type, party: sender, code }: MessageFilter,
  { party }: Scope,
): number | undefined {
  if (party !== undefined) return state === undefined ? MOST_SCATTERED : MOST_WORKED_OUT
  if (state && FEW.has(state)) return undefined
  const isScattered = type !== undefined || sender !== undefined || code !== undefined
  return isScattered || state === 'delivered' ? MOST_SCATTERED : MOST_LOOKED_AT
}

/** The last message that was looked at, where there are older ones that were not. */
async function whereStopped(
  db: Queryable,
  sql: string,
  values: readonly unknown[],
  most: number,
): Promise<Pick<MessagePage, 'next' | 'lookedUntil'>> {
  const { rows } = await db.query<{ id: string; at: Date }>(
    `SELECT l.id, l.received_at AS at FROM (${sql} ORDER BY m.id DESC OFFSET ${most - 1} LIMIT 1) l
     -- Every placeholder has a type, also where no condition needs it.
     WHERE ${TYPED}`,
    [...values],
  )
  const [stopped] = rows
  return stopped ? { next: stopped.id, lookedUntil: stopped.at } : {}
}

const TYPED = `num_nulls($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text,
  $9::text, $10::timestamptz, $11::timestamptz) >= 0`

function valuesOf(filter: MessageFilter, scope: Scope): unknown[] {
  const { id, type, party, protocol, code, from, until, before } = filter
  return [
    partyOf(scope),
    id ?? null,
    type ?? null,
    party ?? null,
    protocol ?? null,
    code ?? null,
    before ?? null,
    from ? idAt(from) : null,
    until ? idAt(until) : null,
    from ?? null,
    until ?? null,
  ]
}

/**
 * What an index can give, newest first, and the conditions that are left. The id of a message holds the
 * time at which it came, so that a period is a stretch of the primary key.
 */
function candidates(filter: MessageFilter, scope: Scope): { sql: string; rest: string } {
  const { id, type, party, protocol, code, from, until, before, state } = filter
  const leading = [
    ...(id
      ? [
          id.length === WHOLE_ID
            ? 'm.id = $2'
            : `m.id BETWEEN $2 AND rpad($2, ${WHOLE_ID + 1}, 'Z')`,
        ]
      : []),
    ...(before ? ['m.id < $7'] : []),
    ...(from ? ['m.id >= $8'] : []),
    ...(until ? ['m.id < $9'] : []),
    ...(code ? ['m.code = $6'] : party ? ['m.party_id = $4'] : type ? ['m.type = $3'] : []),
    ...(state === 'refused' ? [STATES.refused] : []),
    ...(state && FEW.has(state) && scope.party === undefined ? [STATES[state]] : []),
  ]
  const rest = [
    TYPED,
    within.message('m', '$1'),
    ...(type ? ['m.type = $3'] : []),
    ...(party ? ['m.party_id = $4'] : []),
    ...(protocol ? ['m.protocol = $5'] : []),
    ...(from ? ['m.received_at >= $10'] : []),
    ...(until ? ['m.received_at < $11'] : []),
    ...(state ? [stateCondition(state, scope)] : []),
  ]
  const where = leading.length > 0 ? leading.join(' AND ') : 'true'
  return { sql: `SELECT m.* FROM message m WHERE ${where}`, rest: rest.join(' AND ') }
}

// What the partial indexes are for looks at hand-overs of all; of one party the state is the one it sees.
function stateCondition(state: MessageState, { party }: Scope): string {
  if (party === undefined) return STATES[state]
  return `(SELECT ${stateOfMessage('$1')} FROM (VALUES (1)) one ${handedOf('$1')}) = '${state}'`
}

function withHandOver(condition: string): string {
  return `m.id IN (SELECT h.message_id FROM hand_over h WHERE h.${condition})`
}

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The smallest id that a message of an instant can have (ULID: ten digits of milliseconds). */
function idAt(at: Date): string {
  let rest = Math.max(0, at.getTime())
  let text = ''
  for (let place = 0; place < 10; place++) {
    text = DIGITS.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return `msg_${text}`
}
