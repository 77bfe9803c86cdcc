import { EVERYTHING, partyOf, type Scope, within } from '../access/scope.ts'
import { recordEntries } from '../audit/record.ts'
import type { Actor, EntryDraft } from '../audit/types.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from '../db/pool.ts'
import { letTry } from '../delivery/circuit.ts'
import { LET_GO } from '../delivery/withdraw-rows.ts'
import { isGivenReason, MAX_REASON } from './given-reason.ts'

/** The code of a hand-over that a person closed, and of one that a person let try again. */
export const CLOSED_BY_PERSON = 'closed-by-person'
export const RESUMED_BY_PERSON = 'resumed-by-person'

/** Which parked hand-overs; all that is given must hold. */
export interface ParkedFilter {
  /** Ids of messages or of hand-overs. */
  ids?: readonly string[]
  protocol?: string
  destination?: string
  /** Parked at that instant already, by the clock of the database. */
  until?: Date
  /** Of whom; all where absent. */
  scope?: Scope
}

/** A hand-over that waits for a person. */
export interface Parked {
  id: string
  /** Absent for a test event, which belongs to no message. */
  messageId: string | null
  type: string | null
  protocol: string | null
  destination: string
  kind: string
  event: string | null
  items: number
  attempts: number
  lastStatus: number | null
  reason: string | null
  since: Date
  /** Whether what it carries was erased: then it cannot go any more. */
  isGone: boolean
}

/** What to do, on whose word. */
export interface ParkedChange extends ParkedFilter {
  /** Kept beside the log, erasable; never about a person. */
  reason: string
  by: Actor
  at: Date
}

/** What was done, or would be. */
export interface ParkedOutcome {
  messages: number
  handOvers: number
  items: number
  /** Of those that fit: not resumed, for what they carry was erased. */
  gone: number
  /** When the last of them was parked. */
  latest: Date | null
}

export type ParkedFault = 'unknown' | 'resumed' | 'closed' | 'not-parked' | 'gone' | 'reason'

/** A change that is refused; its message says why and holds nothing of the input. */
export class ParkedError extends Error {
  override readonly name = 'ParkedError'
  readonly code: ParkedFault
  /** When somebody else did it, where somebody did. */
  readonly since: Date | undefined

  constructor(code: ParkedFault, message: string, since?: Date) {
    super(message)
    this.code = code
    this.since = since
  }
}

/** What waits for a person, the longest parked first; at most `limit`. */
export async function listParked(
  db: Queryable,
  filter: ParkedFilter = {},
  limit = 1_000,
): Promise<Parked[]> {
  const { rows } = await db.query<Parked>(`${SELECT} LIMIT $6`, [...valuesOf(filter), limit])
  return rows
}

/**
 * What resuming would let go now.
 * @throws ParkedError as the change itself would
 */
export async function listResumable(pool: Pool, change: ParkedChange): Promise<Parked[]> {
  assertReason(change)
  const { rows } = await pool.query<Parked>(SELECT, valuesOf(change))
  return chosen(pool, rows, change, 'resume')
}

/**
 * What resuming or closing would do, without doing it.
 * @throws ParkedError as the change itself would
 */
export async function previewParked(
  pool: Pool,
  change: ParkedChange,
  kind: 'resume' | 'close',
): Promise<ParkedOutcome> {
  assertReason(change)
  const { rows } = await pool.query<Parked>(SELECT, valuesOf(change))
  const going = await chosen(pool, rows, change, kind)
  return outcomeOf(rows, going)
}

/**
 * Lets parked hand-overs try again, with their whole schedule anew; the protocol is asked again when they
 * are claimed, as always. What was erased stays parked, for it cannot go.
 * @param allow looks at what would go, in the same transaction, and may refuse it
 * @throws ParkedError, or what `allow` throws
 */
export function resumeParked(
  pool: Pool,
  change: ParkedChange,
  allow: (tx: Tx, going: readonly Parked[]) => Promise<void> = async () => {},
): Promise<ParkedOutcome> {
  return apply(pool, change, 'resume', async (tx, going) => {
    await allow(tx, going)
    await tx.query(RESUME, [going.map(it => it.id), RESUMED_BY_PERSON])
    const to = Map.groupBy(going, it => JSON.stringify([it.destination, channelOf(it)]))
    for (const [first] of to.values())
      if (first) await letTry(tx, first.destination, channelOf(first))
    return entriesOf(going, change, 'message.resumed', RESUMED_BY_PERSON)
  })
}

/**
 * Gives parked hand-overs up for good: they are withdrawn, and what they carry is erased as for every
 * withdrawal.
 * @throws ParkedError
 */
export function closeParked(pool: Pool, change: ParkedChange): Promise<ParkedOutcome> {
  return apply(pool, change, 'close', async (tx, going) => {
    const { rows: followers } = await tx.query<Follower>(CLOSE, [
      going.map(it => it.id),
      CLOSED_BY_PERSON,
    ])
    return entriesOf([...going, ...followers], change, 'message.withdrawn', CLOSED_BY_PERSON)
  })
}

type Follower = Pick<Parked, 'messageId' | 'type' | 'destination' | 'items'>
type Do = (tx: Tx, going: Parked[]) => Promise<EntryDraft[]>

/** All in one transaction with its evidence; of two people at once, the second finds nothing parked. */
async function apply(
  pool: Pool,
  change: ParkedChange,
  kind: 'resume' | 'close',
  act: Do,
): Promise<ParkedOutcome> {
  assertReason(change)
  return inTransaction(pool, async tx => {
    const { rows } = await tx.query<Parked>(`${SELECT} FOR UPDATE OF h`, valuesOf(change))
    const going = await chosen(tx, rows, change, kind)
    await recordEntries(tx, await act(tx, going))
    return outcomeOf(rows, going)
  })
}

/** Those the change is for. @throws ParkedError where there is none */
async function chosen(
  db: Queryable,
  rows: Parked[],
  filter: ParkedFilter,
  kind: 'resume' | 'close',
): Promise<Parked[]> {
  const going = kind === 'close' ? rows : rows.filter(it => !it.isGone)
  if (going.length > 0) return going
  if (rows.length > 0) {
    const why = 'what it carries was erased, so it cannot go any more: close it'
    throw new ParkedError('gone', why)
  }
  throw await whyNone(db, filter)
}

/** What became of it instead, so that the second of two people knows what the first did. */
async function whyNone(
  db: Queryable,
  { ids, scope = EVERYTHING }: ParkedFilter,
): Promise<ParkedError> {
  if (!ids) return new ParkedError('not-parked', 'nothing that fits is parked')
  const { rows } = await db.query<{ state: string | null; code: string | null; at: Date | null }>(
    STEP_AFTER,
    [ids, partyOf(scope)],
  )
  const [last] = rows
  if (!last) return new ParkedError('unknown', 'there is no such message or hand-over')
  const { code, at } = last
  if (at && code === RESUMED_BY_PERSON) {
    return new ParkedError('resumed', `somebody resumed it at ${at.toISOString()}`, at)
  }
  if (at && code === CLOSED_BY_PERSON) {
    return new ParkedError('closed', `somebody closed it at ${at.toISOString()}`, at)
  }
  return new ParkedError('not-parked', 'it is not parked: there is nothing to decide')
}

function outcomeOf(rows: Parked[], going: Parked[]): ParkedOutcome {
  const times = going.map(it => it.since.getTime())
  return {
    messages: new Set(going.flatMap(it => it.messageId ?? [])).size,
    handOvers: going.length,
    items: going.reduce((total, it) => total + it.items, 0),
    gone: rows.length - going.length,
    latest: times.length > 0 ? new Date(Math.max(...times)) : null,
  }
}

/** One for each message and destination. */
function entriesOf(
  going: readonly Follower[],
  { at, by, reason: words }: ParkedChange,
  action: EntryDraft['action'],
  reason: string,
): EntryDraft[] {
  const groups = Map.groupBy(going, it => JSON.stringify([it.messageId, it.destination]))
  return [...groups.values()].flatMap(group => {
    const [first] = group
    if (!first) return []
    const { messageId: id, type, destination } = first
    return {
      action,
      at,
      actor: by,
      ...(id && type && { message: { id, type } }),
      recipient: destination,
      counts: { items: group.reduce((total, it) => total + it.items, 0) },
      reason,
      details: { reason: words.trim() },
    }
  })
}

function channelOf({ kind }: Parked): 'webhook' | 'calls' {
  return kind === 'event' ? 'webhook' : 'calls'
}

function assertReason({ reason, at }: ParkedChange): void {
  if (isGivenReason(reason, at)) return
  const why = `give a reason of 1 to ${MAX_REASON} visible characters, without a national number`
  throw new ParkedError('reason', why)
}

function valuesOf({ ids, protocol, destination, until, scope }: ParkedFilter): unknown[] {
  const party = partyOf(scope ?? EVERYTHING)
  return [ids ?? null, protocol ?? null, destination ?? null, until ?? null, party]
}

// A date of JavaScript has no microseconds.
const SELECT = `
  SELECT h.id, h.message_id AS "messageId", m.type, m.protocol, h.destination, h.kind, h.event,
    h.items, h.attempts, h.last_status AS "lastStatus", h.reason, h.state_since AS since,
    (h.erased_at IS NOT NULL
      OR (h.kind = 'request' AND NOT EXISTS (
        SELECT FROM detection_row r WHERE r.message_id = h.message_id))
      OR (h.kind = 'items' AND NOT EXISTS (
        SELECT FROM outgoing_item o WHERE o.message_id = h.message_id AND o.domain = h.domain))
    ) AS "isGone"
  FROM hand_over h LEFT JOIN message m ON m.id = h.message_id
  WHERE h.state = 'parked' AND h.delivered_at IS NULL
    AND ($1::text[] IS NULL OR h.id = ANY($1) OR h.message_id = ANY($1))
    AND ($2::text IS NULL OR m.protocol = $2) AND ($3::text IS NULL OR h.destination = $3)
    AND ($4::timestamptz IS NULL OR date_trunc('milliseconds', h.state_since) <= $4)
    AND ${within.handOver('h', 'm', '$5')}
  ORDER BY h.state_since, h.id`

const RESUME = `
  UPDATE hand_over SET state = 'retrying', reason = $2, due_at = now(), claimed_until = NULL,
    attempts_before = attempts
  WHERE id = ANY($1)`

// The answers that were to go out within the number of a period go with it.
const CLOSE = `
  WITH gone AS (
    UPDATE hand_over h SET state = 'withdrawn', reason = $2, claimed_until = NULL
    WHERE h.id = ANY($1) OR (h.with_id = ANY($1) AND h.state = 'held')
    RETURNING h.id, h.message_id, h.kind, h.domain, h.feedback_id, h.with_id, h.destination, h.items),
  ${LET_GO}
  SELECT g.message_id AS "messageId", m.type, g.destination, g.items
  FROM gone g JOIN message m ON m.id = g.message_id WHERE g.with_id IS NOT NULL`

const STEP_AFTER = `
  SELECT t.state, t.code, t.at FROM hand_over h LEFT JOIN message m ON m.id = h.message_id
    LEFT JOIN LATERAL (SELECT * FROM transition t WHERE t.hand_over_id = h.id AND t.was = 'parked'
      ORDER BY t.id DESC LIMIT 1) t ON true
  WHERE (h.id = ANY($1) OR h.message_id = ANY($1)) AND ${within.handOver('h', 'm', '$2')}
  ORDER BY t.at DESC NULLS LAST LIMIT 1`
