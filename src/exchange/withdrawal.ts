import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import type { Queryable, Tx } from '../db/pool.ts'
import { type DoomedRow, type Withdrawn, withdrawRows } from '../delivery/withdraw-rows.ts'
import { type Reason, Refusal, reason, refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import { agreementOf } from '../protocol/lookup.ts'
import type { Profile } from '../protocol/profile.ts'
import { futureDates } from './event-in.ts'
import { storeObjections } from './objection.ts'
import type { Outcome } from './outcome.ts'
import { insertCalls, insertOutgoing, type OutgoingItem } from './outgoing.ts'
import { type Permission, permit } from './permission.ts'
import { findPersons, type Routed } from './persons.ts'
import { type Item, OBJECTION_WINDOW, withdrawParticipations } from './precondition.ts'
import { type Incoming, type ItemRefusal, receive } from './receive.ts'
import { numberInKept, pick } from './request.ts'

/** What a withdrawal stops: everything, everything and the participation too, or what is announced. */
type Effect = 'tenancy-ended' | 'participation-withdrawn' | 'objection' | 'withdrawn-by-sender'

interface Withdrawal {
  incoming: Incoming
  permission: Permission
  effect: Effect
  /** Every route, oldest epoch first, and the newest of each person: the one that counts. */
  ended: Routed[]
  newest: Routed[]
  contents: Record<string, string>[]
  /** Types whose window it is for, where it is an objection. */
  objectedTypes: string[]
}

/**
 * Takes in what ends an exchange about persons: POST /v1/tenancies/ended, and every type of the
 * pattern `withdrawal`. Routes end, what is still on its way about the person for this sender is
 * withdrawn, and the recipient is told to stop, by the tag of every key epoch that is not closed. An
 * objection stops what its window still holds, and nothing else; nobody is told.
 */
export function receiveWithdrawal(context: Context, incoming: Incoming): Promise<Outcome> {
  return receive(context, incoming, async body => {
    const permission = permit(context, incoming, { body })
    const items = body['items'] as Item[]
    const { profile } = permission
    assertItems(items, profile, incoming.at)
    const effect = effectOf(context, permission, incoming.type)
    const { party } = incoming.caller
    const which = effect === 'participation-withdrawn' ? 'participating' : 'named'
    const routes = await findPersons(context, permission, party, items, which)
    const found =
      effect === 'objection' ? await onlyAnnounced(context, incoming, permission, routes) : routes
    const newest = [...new Map(found.map(it => [it.index, it])).values()]
    const contents = items.map(item => pick(item, profile.told))
    const tells = permission.to === 'employment-service' && effect !== 'objection'
    return {
      message: {
        protocol: permission.protocol,
        purpose: permission.purpose,
        fields: permission.fields,
      },
      accepted: newest.length,
      refused: refusalsFor(items, profile, found, effect === 'objection' ? 'HB-416' : 'HB-406'),
      evidence: {
        ...(tells && { recipient: permission.recipient }),
        rule: permission.rule,
        subjects: newest.map(it => it.subjectTag),
      },
      wake: newest.length > 0 && tells ? [permission.recipient] : [],
      store: async (tx, messageId) => {
        await permission.assertCeilings(tx, newest.length)
        const objectedTypes = typesObjectedBy(context, permission, incoming.type)
        const all = { incoming, permission, effect, ended: found, newest, contents, objectedTypes }
        if (newest.length > 0) await storeWithdrawal(tx, messageId, all, tells)
      },
    }
  })
}

/** What a type stops follows from who names it: the call's end of a tenancy, or a precondition. */
function effectOf(context: Context, { protocol }: Permission, type: string): Effect {
  if (type === 'tenancy.ended') return 'tenancy-ended'
  const agreement = agreementOf(context.protocols.current(), protocol.id)
  const preconditions = (agreement?.document.messageTypes ?? []).map(one => one.preconditions)
  if (preconditions.some(one => one?.objectionWindow?.objectedBy === type)) return 'objection'
  const isOfficial = preconditions.some(one => one?.participation?.withdrawnBy === type)
  return isOfficial ? 'participation-withdrawn' : 'withdrawn-by-sender'
}

export function assertItems(items: Item[], profile: Profile, at: Date): void {
  const field = profile.reference ?? 'tenantRef'
  const day = at.toISOString().slice(0, 10)
  const seen = new Set<unknown>()
  const faults: Reason[] = []
  items.forEach((item, index) => {
    const number = numberInKept(profile, item, `/items/${index}`, day)
    if (number) faults.push(number)
    if (seen.has(item[field])) {
      faults.push(reason('HB-403', `/items/${index}/${field}`, 'one item per tenant'))
    }
    seen.add(item[field])
    faults.push(...futureDates(item, profile, `/items/${index}`, at))
  })
  if (faults.length > 0) throw new Refusal(faults)
}

/** The items of which the sender has no such person, or nothing that waits. */
export function refusalsFor(
  items: Item[],
  profile: Profile,
  found: Routed[],
  code: 'HB-406' | 'HB-416' = 'HB-406',
): ItemRefusal[] {
  const field = profile.reference ?? 'tenantRef'
  const known = new Set(found.map(it => it.index))
  return items.flatMap((item, index) => {
    if (known.has(index)) return []
    const why = reason(code, `/items/${index}/${field}`, 'a current tenant of the sender')
    return [{ index, tenantRef: String(item[field]), ...why }]
  })
}

/** Those about whom a message still waits for the end of its objection window. */
async function onlyAnnounced(
  context: Context,
  { caller, type }: Incoming,
  permission: Permission,
  routes: Routed[],
): Promise<Routed[]> {
  const types = typesObjectedBy(context, permission, type)
  const rows = await findOpen(context.pool, caller.party, routes, types)
  return routes.filter(route => rows.some(row => route.subjectTag.equals(row.subjectTag)))
}

/** The message types whose window an objection of this type is for. */
function typesObjectedBy(context: Context, { protocol }: Permission, type: string): string[] {
  const agreement = agreementOf(context.protocols.current(), protocol.id)
  return (agreement?.document.messageTypes ?? [])
    .filter(one => one.preconditions?.objectionWindow?.objectedBy === type)
    .map(one => one.type)
}

async function storeWithdrawal(
  tx: Tx,
  messageId: string,
  all: Withdrawal,
  tells: boolean,
): Promise<void> {
  const { incoming, permission, effect, ended, newest, contents, objectedTypes } = all
  const { at, caller } = incoming
  const { party } = caller
  const objection = effect === 'objection'
  await endRoutes(tx, all)
  const feedback = objection ? [] : await withdrawFeedback(tx, party, ended, effect)
  const official = effect === 'participation-withdrawn'
  const open = await findOpen(tx, party, ended, objection ? objectedTypes : undefined, official)
  if (objection) assertWaiting(all, open)
  const rows = await withdrawRows(tx, open, effect)
  await recordWithdrawals(tx, all, [...feedback, ...rows])
  if (!tells) {
    await tx.query(REGISTER, [messageId, newId('del', at), newest.length, at])
    return
  }
  // What the recipient keeps under the tag of a former epoch must go as well.
  const items = ended.map((routed): OutgoingItem => {
    const { index, ...person } = routed
    return { ...person, content: contents[index] ?? {}, repeats: !newest.includes(routed) }
  })
  await insertOutgoing(tx, messageId, items)
  await insertCalls(tx, { messageId, destination: permission.recipient, at }, items)
}

/** An objection that comes as its message is let go stops nothing: the sender must know. */
function assertWaiting({ newest, permission }: Withdrawal, open: DoomedRow[]): void {
  const field = permission.profile.reference ?? 'tenantRef'
  const late = newest
    .filter(it => !open.some(row => it.subjectTag.equals(row.subjectTag)))
    .map(it => reason('HB-416', `/items/${it.index}/${field}`, 'a current tenant of the sender'))
  if (late.length > 0) throw new Refusal(late)
}

/** Ends the routes of the persons, and their participation; an objection is kept, and ends nothing. */
async function endRoutes(tx: Tx, all: Withdrawal): Promise<void> {
  const { incoming, permission, effect, ended, newest, contents } = all
  const { party } = incoming.caller
  const today = incoming.at.toISOString().slice(0, 10)
  const [date = ''] = permission.profile.dates
  const holder = { protocol: permission.protocol.id, party }
  const subjects = newest.map(it => it.subjectTag)
  const official = effect === 'participation-withdrawn'
  if (official) await withdrawParticipations(tx, holder, subjects, today)
  await assertOpen(tx, ended)
  await lockRoutes(tx, party, ended, effect === 'tenancy-ended' || effect === 'withdrawn-by-sender')
  if (effect === 'objection') {
    await storeObjections(tx, holder, incoming.type, subjects, today)
    return
  }
  await tx.query(END_ROUTES, [
    party,
    ended.map(it => it.domain),
    ended.map(it => it.tag),
    ended.map(it => contents[it.index]?.[date] ?? today),
  ])
}

/**
 * Keeps the epochs of the persons open until all is stored: who closes one waits, and counts this.
 * @throws Refusal HB-413 where one closed at this very moment; the next try does without it
 */
async function assertOpen(tx: Tx, ended: Routed[]): Promise<void> {
  const { rows } = await tx.query<{ state: string }>(
    'SELECT state FROM domain WHERE name = ANY($1) ORDER BY name FOR KEY SHARE',
    [[...new Set(ended.map(it => it.domain))]],
  )
  if (rows.some(row => row.state === 'closed')) throw refuse('HB-413', '', 'key epoch')
}

// In one order, so that two messages about the same tenants wait for one another; a tenancy ends once.
async function lockRoutes(tx: Tx, party: string, ended: Routed[], once: boolean): Promise<void> {
  const { rows } = await tx.query<{ tag: Buffer; ended: boolean }>(
    `SELECT r.tag, r.ended_on IS NOT NULL AS ended FROM route r
     JOIN unnest($2::text[], $3::bytea[]) AS e (domain, tag) ON r.domain = e.domain AND r.tag = e.tag
     WHERE r.party_id = $1 ORDER BY r.domain, r.tag FOR NO KEY UPDATE OF r`,
    [party, ended.map(it => it.domain), ended.map(it => it.tag)],
  )
  if (once && rows.some(row => row.ended)) {
    throw new Refusal(reason('HB-406', '/items', 'a current tenant of the sender'))
  }
}

/** Feedback on its way to this party about its former persons; @returns the messages it was part of. */
async function withdrawFeedback(
  tx: Tx,
  party: string,
  ended: Routed[],
  effect: Effect,
): Promise<Withdrawn[]> {
  const { rows } = await tx.query<Withdrawn>(
    `WITH gone AS (
       UPDATE hand_over h SET state = 'withdrawn', reason = $4, claimed_until = NULL
       FROM feedback f, unnest($2::text[], $3::bytea[]) AS e (domain, tag)
       WHERE h.feedback_id = f.id AND h.kind = 'event' AND f.party_id = $1
         AND f.domain = e.domain AND f.tag = e.tag AND h.delivered_at IS NULL
         AND h.state IN ('queued', 'retrying', 'held', 'parked')
         AND (h.claimed_until IS NULL OR h.claimed_until < now())
       RETURNING h.message_id, h.items)
     SELECT message_id AS "messageId", m.type, sum(gone.items)::int AS rows, true AS whole
     FROM gone JOIN message m ON m.id = message_id GROUP BY 1, 2`,
    [party, ended.map(it => it.domain), ended.map(it => it.tag), effect],
  )
  return rows
}

/**
 * Rows and items about these persons that have not left. What a worker has in hand right now may
 * still go; if that try fails, the next claim takes it out.
 * @param announced only those in messages of these types that wait for the end of an objection window
 * @param progress also what was done with events about them
 */
async function findOpen(
  db: Queryable,
  party: string,
  routed: Routed[],
  announced?: readonly string[],
  progress = false,
): Promise<DoomedRow[]> {
  const { rows } = await db.query<DoomedRow>(OPEN, [
    party,
    routed.map(it => it.domain),
    routed.map(it => it.subjectTag),
    announced ? OBJECTION_WINDOW : null,
    announced,
    progress,
  ])
  return rows
}

function recordWithdrawals(tx: Tx, all: Withdrawal, withdrawn: Withdrawn[]): Promise<unknown> {
  const { incoming, effect } = all
  const { party, kind } = incoming.caller
  return recordEntries(
    tx,
    withdrawn.map(({ messageId, type, rows }) => ({
      action: 'message.withdrawn' as const,
      at: incoming.at,
      actor: { party, role: kind },
      message: { id: messageId, type },
      counts: { items: rows },
      reason: effect,
    })),
  )
}

const END_ROUTES = `
  UPDATE route r SET ended_on = e.ended_on, reference = ''
  FROM unnest($2::text[], $3::bytea[], $4::date[]) AS e (domain, tag, ended_on)
  WHERE r.domain = e.domain AND r.tag = e.tag AND r.party_id = $1 AND r.ended_on IS NULL`

const OPEN = `
  WITH person AS (SELECT * FROM unnest($2::text[], $3::bytea[]) AS p (domain, subject_tag)),
  open AS (
    SELECT h.id, h.message_id, h.domain FROM hand_over h JOIN message m ON m.id = h.message_id
    WHERE m.party_id = $1 AND h.kind IN ('request', 'items') AND h.domain IN (SELECT domain FROM person)
      AND h.state IN ('queued', 'retrying', 'held', 'parked')
      AND ($4::text IS NULL OR (h.state = 'held' AND h.reason = $4 AND m.type = ANY($5::text[])))
      AND (h.claimed_until IS NULL OR h.claimed_until < now()) ORDER BY h.id FOR NO KEY UPDATE OF h)
  SELECT DISTINCT open.id AS "handOverId", r.subject_tag AS "subjectTag"
  FROM open JOIN detection_row r ON r.message_id = open.message_id
  WHERE r.subject_tag IN (SELECT subject_tag FROM person)
  UNION
  SELECT open.id, o.subject_tag FROM open
    JOIN outgoing_item o ON o.message_id = open.message_id AND o.domain = open.domain
    JOIN feedback f ON f.id = o.feedback_id AND (f.message_id = o.message_id OR $6)
  WHERE o.subject_tag IN (SELECT subject_tag FROM person)`

const REGISTER = `
  INSERT INTO hand_over (id, message_id, kind, items, state, due_at, created_at, delivered_at)
  VALUES ($2, $1, 'register', $3, 'delivered', now(), $4, $4)`
