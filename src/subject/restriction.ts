import { recordEntries } from '../audit/record.ts'
import type { Actor, EntryDraft } from '../audit/types.ts'
import type { Config } from '../config.ts'
import { inTransaction, type Pool, type Tx } from '../db/pool.ts'
import { findUnderWay, takeOut } from '../delivery/take-out.ts'
import type { Withdrawn } from '../delivery/withdraw-rows.ts'
import { refuse } from '../errors.ts'
import { lockRestrictions } from '../pseudonym/restricted.ts'
import { type Act, withApproval } from './approval.ts'
import { identify, type Person, type PersonParts } from './person.ts'
import { assertRequest, type RightsRequest } from './request.ts'

export interface RightsParts extends PersonParts {
  pool: Pool
  config: Pick<Config, 'fourEyes'>
}

/** What a restriction took out, or would. */
export interface Restricted {
  /** Hand-overs that lost something, and the items that they lost. */
  handOvers: number
  items: number
  /** What a worker had in hand at that moment: it may still arrive; its next try leaves the person out. */
  inHand: number
}

const RULE = 'GDPR, art. 18 and 21'

/**
 * Restricts the processing of a person, across protocols, parties and key epochs: what is under way is
 * taken out, and nothing new is taken in, until it is lifted. What tells a recipient to stop goes on.
 * In one transaction with its evidence, exact beside messages that are being taken in.
 * @throws Refusal HB-202, HB-401, HB-423 where it is restricted already; HB-904; as withApproval does
 */
export async function restrict(parts: RightsParts, request: RightsRequest): Promise<Restricted> {
  const person = await identify(parts, assertRequest(request))
  const act = actOf('subject-restrict', person.subjectTag, person, request)
  return withApproval(parts, act, tx => restrictWithin(tx, person, request), lockRestrictions)
}

/**
 * What restricting would take out, without doing it.
 * @throws as restrict
 */
export async function previewRestriction(
  parts: RightsParts,
  request: RightsRequest,
): Promise<Restricted> {
  const person = await identify(parts, assertRequest(request))
  return dryRun(parts.pool, tx => restrictWithin(tx, person, request))
}

async function restrictWithin(tx: Tx, person: Person, request: RightsRequest): Promise<Restricted> {
  const { caseRef, reason, by, at } = request
  const { rowCount } = await tx.query(
    `INSERT INTO restriction (subject_tag, since, case_ref) VALUES ($1, $2, $3)
     ON CONFLICT (subject_tag) WHERE lifted_at IS NULL DO NOTHING`,
    [person.subjectTag, at, caseRef],
  )
  if (rowCount === 0) throw refuse('HB-423', '/insz', RULE)
  const found = await findUnderWay(tx, person, false)
  const free = found.filter(it => !it.inHand)
  const withdrawn = await takeOut(tx, free, 'restricted')
  const outcome = { ...countsOf(withdrawn), inHand: found.length - free.length }
  await recordEntries(tx, [
    {
      action: 'subject.restricted',
      at,
      actor: by,
      rule: RULE,
      counts: { ...outcome },
      subjects: [person.subjectTag],
      details: { case: caseRef, reason: reason.trim() },
    },
    ...withdrawalsOf(withdrawn, request, 'restricted'),
  ])
  return outcome
}

/**
 * Lifts the restriction of a person: what is lawful is taken in again; what was taken out is not sent
 * after all.
 * @throws Refusal HB-202, HB-401, HB-424 where there is none; HB-904
 */
export async function lift(
  parts: RightsParts,
  request: RightsRequest,
): Promise<{ since: Date; until: Date }> {
  const person = await identify(parts, assertRequest(request))
  const act = actOf('subject-restrict', liftOf(person), person, request)
  return withApproval(parts, act, tx => liftWithin(tx, person, request), lockRestrictions)
}

/** Whether there is a restriction to lift, and since when; nothing is changed. @throws as lift */
export async function previewLift(
  parts: RightsParts,
  request: RightsRequest,
): Promise<{ since: Date; until: Date }> {
  const person = await identify(parts, assertRequest(request))
  return dryRun(parts.pool, tx => liftWithin(tx, person, request))
}

async function liftWithin(tx: Tx, { subjectTag }: Person, request: RightsRequest) {
  const { caseRef, reason, by, at } = request
  const { rows } = await tx.query<{ since: Date }>(
    `UPDATE restriction SET lifted_at = $2, lifted_case = $3
     WHERE subject_tag = $1 AND lifted_at IS NULL RETURNING since`,
    [subjectTag, at, caseRef],
  )
  const [lifted] = rows
  if (!lifted) throw refuse('HB-424', '/insz', RULE)
  await recordEntries(tx, [
    {
      action: 'subject.released',
      at,
      actor: by,
      rule: RULE,
      subjects: [subjectTag],
      details: { case: caseRef, reason: reason.trim() },
    },
  ])
  return { since: lifted.since, until: at }
}

/** What an approval to lift is bound to: one to restrict is of no use for it. */
export function liftOf({ subjectTag }: Person): Buffer {
  return Buffer.concat([subjectTag, Buffer.from(' lift')])
}

/** What a second person approves, where four eyes are set. */
export function actOf(
  operation: Act['operation'],
  about: Uint8Array,
  { subjectTag }: Person,
  { reason, by, at, approval }: RightsRequest,
): Act {
  return { operation, about, subjects: [subjectTag], reason, by, at, approval }
}

/** How much was taken out. */
export function countsOf(withdrawn: Withdrawn[]): { handOvers: number; items: number } {
  return {
    handOvers: withdrawn.length,
    items: withdrawn.reduce((sum, it) => sum + it.rows, 0),
  }
}

/** The evidence of what was taken out, one entry for each message. */
export function withdrawalsOf(
  withdrawn: Withdrawn[],
  { by, at }: { by: Actor; at: Date },
  reason: string,
): EntryDraft[] {
  const byMessage = Map.groupBy(withdrawn, it => it.messageId)
  return [...byMessage].map(([id, lost]) => ({
    action: 'message.withdrawn',
    at,
    actor: by,
    message: { id, type: lost[0]?.type ?? '' },
    counts: { items: countsOf(lost).items },
    reason,
  }))
}

/**
 * Does the work and undoes it, with nothing being taken in meanwhile: what it would come to, with the same
 * refusals.
 */
export async function dryRun<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const undo = new Error('a dry run is undone')
  let result: { value: T } | undefined
  await inTransaction(pool, async tx => {
    await lockRestrictions(tx)
    result = { value: await work(tx) }
    throw undo
  }).catch(error => {
    if (error !== undo) throw error
  })
  if (!result) throw undo
  return result.value
}
