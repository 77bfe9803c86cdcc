import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { EVERYTHING, partyOf, type Scope } from '../access/scope.ts'
import { findPerson } from '../access/session.ts'
import { recordEntry } from '../audit/record.ts'
import type { Actor, EntryDraft } from '../audit/types.ts'
import { type Config, FOUR_EYES, type FourEyes } from '../config.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from '../db/pool.ts'
import { type Refusal, refuse } from '../errors.ts'
import { isGivenReason, MAX_REASON } from '../exchange/given-reason.ts'
import { newId } from '../ids.ts'

const LASTS_MS = 24 * 3_600_000

/** A person who acts: `client` is the session, or for a command the user of the system. */
export type By = Actor & { client: string }

/** What somebody is about to do. */
export interface Act {
  operation: FourEyes
  /** What it is about, such as a subject tag: kept as a salted digest only. */
  about: Uint8Array
  /** The person concerned, who may see later that it was asked. */
  subjects?: Uint8Array[]
  /** Messages or hand-overs that it is about, where it is about no person. */
  messages?: string[]
  reason: string
  by: By
  at: Date
  /** The request that a second person approved; absent on the first call. */
  approval?: string | undefined
}

/** An act that waits for a second person; no person concerned is named. */
export interface WaitingApproval {
  id: string
  operation: string
  /** Messages or hand-overs that it is about; absent where it is about a person. */
  messages?: string[]
  reason: string
  askedRole: string
  askedBy: string
  askedAt: string
  expiresAt: string
}

/** What the second person says. */
export interface ApprovalDecision {
  id: string
  decision: 'given' | 'refused'
  reason?: string
  by: By
  at: Date
  /** What this person may decide on; all where absent. */
  operations?: readonly FourEyes[]
}

/**
 * Does something in one transaction; where four eyes are set for it, only with the approval of a second
 * person, once. Without one the call asks for it, which is kept, and is refused.
 * @param lock taken before the approval is, so that two acts never wait for each other
 * @throws Refusal HB-514 it waits for a second person, HB-420 no such approval for this call, HB-421
 *   the second person refused
 */
export async function withApproval<T>(
  { pool, config }: { pool: Pool; config: Pick<Config, 'fourEyes'> },
  act: Act,
  work: (tx: Tx) => Promise<T>,
  lock: (tx: Tx) => Promise<void> = async () => {},
): Promise<T> {
  const needed = config.fourEyes.has(act.operation)
  if (needed && act.approval === undefined) throw await askApproval(pool, act)
  return inTransaction(pool, async tx => {
    await lock(tx)
    if (needed) await useApproval(tx, act, act.approval ?? '')
    return work(tx)
  })
}

/** What waits now, the oldest first; for the officer of one party what was asked for that party. */
export async function listApprovals(
  db: Queryable,
  at: Date,
  scope: Scope = EVERYTHING,
): Promise<WaitingApproval[]> {
  const { rows } = await db.query<Row>(
    `SELECT * FROM approval WHERE decision IS NULL AND expires_at > $1
       AND ($2::text IS NULL OR party = $2) ORDER BY asked_at, id`,
    [at, partyOf(scope)],
  )
  return rows.map(toWaiting)
}

/** What was approved for this person and still has to be done, of one operation. */
export async function listApproved(
  db: Queryable,
  { by, operation, at }: Pick<Act, 'by' | 'operation' | 'at'>,
): Promise<WaitingApproval[]> {
  const { rows } = await db.query<Row>(
    `SELECT * FROM approval WHERE decision = 'given' AND used_at IS NULL AND expires_at > $1
       AND operation = $2 AND asked_role = $5 AND party IS NOT DISTINCT FROM $6 AND (asked_by = $3 OR asked_person = $4)
     ORDER BY asked_at, id`,
    [at, operation, by.client, await findPerson(db, by.client), by.role, by.party ?? null],
  )
  return rows.map(toWaiting)
}

/**
 * Approves or refuses what another asked, once.
 * @throws Refusal HB-420 unknown, lapsed or decided; HB-422 one's own; HB-202 for the words of a reason
 */
export async function decideApproval(pool: Pool, decision: ApprovalDecision): Promise<void> {
  const { id, by, at, reason } = decision
  if (reason !== undefined && !isGivenReason(reason, at)) throw wrongReason()
  return inTransaction(pool, async tx => {
    const row = await lock(tx, id, at)
    const open: readonly string[] = decision.operations ?? FOUR_EYES
    const isTheirs = by.party === undefined || row?.party === by.party
    const isOpen = isTheirs && row?.decision === null && open.includes(row.operation)
    if (!isOpen) throw refuse('HB-420', '', 'four eyes')
    const person = await findPerson(tx, by.client)
    if (row.asked_by === by.client || isSame(row.asked_person, person))
      throw refuse('HB-422', '', 'four eyes')
    await tx.query(
      `UPDATE approval SET decision = $2, decided_role = $3, decided_by = $4, decided_at = $5,
         decision_reason = $6, decided_person = $7 WHERE id = $1`,
      [id, decision.decision, by.role, by.client, at, reason?.trim() ?? null, person],
    )
    const action = decision.decision === 'given' ? 'approval.given' : 'approval.refused'
    await recordEntry(tx, entryOf(action, row.operation, decision))
  })
}

/** Forgets what was asked about a person, as far as it is not used yet: part of an erasure. */
export async function forgetApprovals(tx: Tx, about: Uint8Array): Promise<number> {
  const { rows } = await tx.query<Row>('SELECT * FROM approval WHERE digest IS NOT NULL FOR UPDATE')
  const gone = rows.filter(row =>
    fits(row, { operation: row.operation, about, reason: row.reason }),
  )
  await tx.query('DELETE FROM approval WHERE id = ANY($1)', [gone.map(row => row.id)])
  return gone.length
}

/** @throws Refusal HB-202 */
export function assertReason(reason: string, at: Date): void {
  if (!isGivenReason(reason, at)) throw wrongReason()
}

interface Row {
  id: string
  operation: string
  salt: Buffer | null
  digest: Buffer | null
  reason: string
  asked_role: string
  asked_by: string
  asked_person: Buffer | null
  messages: string[] | null
  /** Of which party the asker is the privacy officer; null for all. */
  party: string | null
  asked_at: Date
  expires_at: Date
  decision: 'given' | 'refused' | null
  decided_by: string | null
  decided_person: Buffer | null
  used_at: Date | null
}

function toWaiting(row: Row): WaitingApproval {
  return {
    id: row.id,
    operation: row.operation,
    ...(row.messages && { messages: row.messages }),
    reason: row.reason,
    askedRole: row.asked_role,
    askedBy: row.asked_by,
    askedAt: row.asked_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }
}

/**
 * Asks a second person, or finds that the same person asked for the same before.
 * @returns the refusal that says so, HB-514
 * @throws Refusal HB-202 for the words of the reason
 */
export async function askApproval(pool: Pool, act: Act): Promise<Refusal> {
  assertReason(act.reason, act.at)
  const id = await inTransaction(pool, async tx => {
    await tx.query('DELETE FROM approval WHERE expires_at <= $1', [act.at])
    const person = await findPerson(tx, act.by.client)
    const { rows } = await tx.query<Row>(
      `SELECT * FROM approval WHERE operation = $1 AND digest IS NOT NULL
         AND (asked_by = $2 OR asked_person = $3)`,
      [act.operation, act.by.client, person],
    )
    const earlier = rows.find(
      row => row.decision !== 'refused' && row.party === (act.by.party ?? null) && fits(row, act),
    )
    return earlier?.id ?? insert(tx, act, person)
  })
  return waits(id)
}

async function insert(tx: Tx, act: Act, person: Buffer | null): Promise<string> {
  const id = newId('req', act.at)
  const salt = randomBytes(32)
  await tx.query(
    `INSERT INTO approval (id, operation, salt, digest, reason, asked_role, asked_by, asked_at, expires_at,
       asked_person, messages, party)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      id,
      act.operation,
      salt,
      digestOf(salt, act),
      act.reason.trim(),
      act.by.role,
      act.by.client,
      act.at,
      new Date(act.at.getTime() + LASTS_MS),
      person,
      act.messages ?? null,
      act.by.party ?? null,
    ],
  )
  const { subjects = [], reason } = act
  await recordEntry(tx, {
    ...entryOf('approval.asked', act.operation, { ...act, id, reason }),
    ...(subjects.length > 0 && { subjects }),
  })
  return id
}

// Who asked may have another session by now, so it is not for who decided rather than for one session.
function mayUse(row: Row, by: By, person: Buffer | null): boolean {
  return (
    by.role === row.asked_role &&
    (by.party ?? null) === row.party &&
    by.client !== row.decided_by &&
    !isSame(row.decided_person, person)
  )
}

// Two sessions of one person are one person, where the identity provider vouched for both.
function isSame(one: Buffer | null, other: Buffer | null): boolean {
  return one !== null && other !== null && one.equals(other)
}

/**
 * Uses an approval up in the transaction of what was approved; never by who decided on it.
 * @throws Refusal as withApproval does
 */
export async function useApproval(tx: Tx, act: Act, id: string): Promise<void> {
  const row = await lock(tx, id, act.at)
  const person = await findPerson(tx, act.by.client)
  if (!row || row.used_at || !mayUse(row, act.by, person) || !fits(row, act))
    throw refuse('HB-420', '/approval', 'four eyes')
  if (row.decision === null) throw waits(id)
  if (row.decision === 'refused') throw refuse('HB-421', '/approval', 'four eyes')
  await tx.query('UPDATE approval SET used_at = $2, salt = NULL, digest = NULL WHERE id = $1', [
    id,
    act.at,
  ])
}

async function lock(tx: Tx, id: string, at: Date): Promise<Row | undefined> {
  const { rows } = await tx.query<Row>(
    'SELECT * FROM approval WHERE id = $1 AND expires_at > $2 FOR UPDATE',
    [id, at],
  )
  return rows[0]
}

type Bound = { operation: string } & Pick<Act, 'about' | 'reason'>

function fits({ salt, digest }: Row, act: Bound): boolean {
  return salt !== null && digest !== null && timingSafeEqual(digest, digestOf(salt, act))
}

function digestOf(salt: Uint8Array, { operation, about, reason }: Bound): Buffer {
  const what = [operation, Buffer.from(about).toString('hex'), reason.trim()]
  return createHmac('sha256', salt).update(JSON.stringify(what)).digest()
}

function entryOf(
  action: EntryDraft['action'],
  operation: string,
  { id, by, at, reason }: { id: string; by: By; at: Date; reason?: string },
): EntryDraft {
  const words = reason?.trim()
  return {
    action,
    at,
    actor: by,
    reason: operation,
    details: { approval: id, ...(words && { reason: words }) },
  }
}

function waits(id: string): Refusal {
  const remedy = `A second person decides on ${id}; then repeat the same call with "approval": "${id}".`
  return refuse('HB-514', '/approval', 'four eyes', remedy)
}

function wrongReason(): Refusal {
  const rule = `a reason of 1 to ${MAX_REASON} visible characters, without a national number`
  return refuse('HB-202', '/reason', rule)
}
