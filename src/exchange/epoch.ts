import { recordEntries } from '../audit/record.ts'
import type { Actor, EntryDraft } from '../audit/types.ts'
import type { Pool, Queryable, Tx } from '../db/pool.ts'
import { LET_GO } from '../delivery/withdraw-rows.ts'
import {
  type By,
  type Closed,
  type Domain,
  DomainError,
  type DomainStore,
} from '../pseudonym/domains.ts'
import { tellExpired } from './expire.ts'
import { isGivenReason, MAX_REASON } from './given-reason.ts'

const CLOSED = 'HB-413'

/** What rotating and closing need. */
export interface EpochParts {
  pool: Pool
  domains: DomainStore
}

/** What would be lost with a key. */
export interface OpenWork {
  /** Requests that wait for an answer. */
  awaiting: number
  /** Hand-overs that carry its tags, or need its key to name a person. */
  handOvers: number
}

/**
 * Opens the next key epoch, under the major version of the protocol that is in force.
 * @throws DomainError unknown, opening
 */
export async function rotateEpoch(
  { pool, domains }: EpochParts,
  protocol: string,
  by: By,
): Promise<Domain> {
  const { rows } = await pool.query<{ version: string }>(
    `SELECT version FROM protocol_version WHERE id = $1 AND state = 'active'
     ORDER BY seen_at DESC LIMIT 1`,
    [protocol],
  )
  const major = Number.parseInt(rows[0]?.version ?? '', 10)
  return domains.rotate(protocol, { ...by, ...(major > 0 && { major }) })
}

/**
 * Closes a key epoch for good. What is still open under it keeps it open, unless `force`: then open
 * hand-overs are withdrawn and requests expire, each with HB-413, in the same transaction.
 * @throws DomainError unknown, current, closed, open-work, reason
 */
export async function closeEpoch(
  { domains }: EpochParts,
  name: string,
  { actor, at, reason, force }: By & { reason: string; force: boolean },
): Promise<Closed & OpenWork> {
  assertReason(reason, at)
  let work: OpenWork = { awaiting: 0, handOvers: 0 }
  const before = async (tx: Tx) => {
    work = await readOpenWork(tx, name)
    if (work.awaiting + work.handOvers === 0) return
    if (!force) throw new DomainError('open-work', describe(name, work))
    await withdrawWork(tx, name, actor, at)
  }
  const closed = await domains.close(name, { actor, at, reason, before })
  return { ...closed, ...work }
}

/** How much is still open under a domain. */
export async function readOpenWork(db: Queryable, domain: string): Promise<OpenWork> {
  const { rows } = await db.query<OpenWork>(
    `SELECT (SELECT count(*)::int FROM message WHERE domain = $1 AND answer_state = 'awaiting') AS awaiting,
       (SELECT count(*)::int FROM hand_over h WHERE ${OPEN}) AS "handOvers"`,
    [domain],
  )
  return rows[0] ?? { awaiting: 0, handOvers: 0 }
}

function describe(name: string, { awaiting, handOvers }: OpenWork): string {
  return (
    `${name} is still in use: ${awaiting} requests await an answer and ${handOvers} hand-overs are ` +
    'open; wait for them, or close it with --force, which withdraws them'
  )
}

function assertReason(reason: string, at: Date): void {
  if (isGivenReason(reason, at)) return
  const message = `give a reason of 1 to ${MAX_REASON} visible characters, without a national number`
  throw new DomainError('reason', message)
}

// The number of a month's answers needs no key any more: it is not of the epoch.
const OPEN = `h.state IN ('queued', 'retrying', 'held', 'parked') AND h.delivered_at IS NULL AND (
  (h.kind IN ('request', 'items') AND h.domain = $1)
  OR EXISTS (SELECT FROM feedback f WHERE f.id = h.feedback_id AND f.domain = $1)
  OR (h.kind = 'event' AND h.domain = $1
    AND EXISTS (SELECT FROM detection_result r WHERE r.message_id = h.message_id AND r.domain = $1)))`

interface Gone {
  id: string
  type: string
  party: string
  items: number
}

async function withdrawWork(tx: Tx, domain: string, actor: Actor, at: Date): Promise<void> {
  const { rows: busy } = await tx.query(
    `SELECT h.claimed_until > now() AS busy FROM hand_over h WHERE ${OPEN}
     ORDER BY h.id FOR NO KEY UPDATE OF h`,
    [domain],
  )
  if (busy.some(row => row.busy)) {
    const message = `${domain} has hand-overs that are under way this moment: try again in a minute`
    throw new DomainError('open-work', message)
  }
  const { rows: withdrawn } = await tx.query<Gone>(WITHDRAW, [domain, CLOSED])
  const { rows: expired } = await tx.query<Gone>(EXPIRE, [domain, CLOSED])
  const senders = expired.map(({ id, party }) => ({ id, party_id: party }))
  await tellExpired(tx, senders, at)
  const draft = ({ id, type }: Gone): Omit<EntryDraft, 'action'> => ({
    at,
    actor,
    message: { id, type },
    code: CLOSED,
  })
  await recordEntries(tx, [
    ...withdrawn.map(gone => ({
      ...draft(gone),
      action: 'message.withdrawn' as const,
      counts: { items: gone.items },
    })),
    ...expired.map(gone => ({ ...draft(gone), action: 'message.expired' as const })),
  ])
}

const WITHDRAW = `
  WITH gone AS (
    UPDATE hand_over h SET state = 'withdrawn', reason = $2, claimed_until = NULL WHERE ${OPEN}
    RETURNING h.message_id, h.kind, h.domain, h.feedback_id, h.items), ${LET_GO}
  SELECT m.id, m.type, m.party_id AS party, sum(gone.items)::int AS items
  FROM gone JOIN message m ON m.id = gone.message_id GROUP BY 1, 2, 3`

const EXPIRE = `
  WITH expired AS (
    UPDATE message SET answer_state = 'expired', answer_code = $2
    WHERE domain = $1 AND answer_state = 'awaiting' RETURNING id, type, party_id),
  erased AS (DELETE FROM detection_row r USING expired WHERE r.message_id = expired.id)
  SELECT id, type, party_id AS party, 0 AS items FROM expired`
