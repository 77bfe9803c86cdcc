import type { Context } from '../context.ts'
import type { Tx } from '../db/pool.ts'
import { type Reason, Refusal, reason } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Profile } from '../protocol/profile.ts'
import { findRestricted } from '../pseudonym/restricted.ts'
import { futureDates } from './event-in.ts'
import {
  announcementsOf,
  assertAnnounced,
  findObjected,
  heldUntil,
  objectedReason,
} from './objection.ts'
import type { Outcome } from './outcome.ts'
import { insertCalls, insertOutgoing, type OutgoingItem } from './outgoing.ts'
import { type Permission, permit } from './permission.ts'
import { findPersons, type Routed } from './persons.ts'
import {
  findWithdrawn,
  type Item,
  missingParticipation,
  OBJECTION_WINDOW,
  participationsOf,
  restrictedReason,
  storeParticipations,
  withdrawnReason,
} from './precondition.ts'
import { type Incoming, type ItemRefusal, receive } from './receive.ts'
import { numberInKept, pick } from './request.ts'
import { refusalsFor } from './withdrawal.ts'

/** A person whom the event is about, with the item that says so. */
type About = Routed & { item: Item; feedbackId: string }

/**
 * Takes in an event about persons by the sender's own reference, for the employment service: every
 * type of the pattern `event` whose items name persons so. Each must be a current one of the sender;
 * VDAB gets the tag. Progress of the event comes back where the protocol lists it.
 */
export function receiveReferencedEvent(context: Context, incoming: Incoming): Promise<Outcome> {
  return receive(context, incoming, async body => {
    const permission = permit(context, incoming, { body })
    await context.backlog.assertRoom(new Map([[permission.recipient, '/protocol']]))
    const items = body['items'] as Item[]
    const { party } = incoming.caller
    const { profile } = permission
    assertItems(items, profile, incoming.at)
    assertAnnounced(profile, body, 'items')
    const routes = await findPersons(context, permission, party, items, 'current')
    const newest = [...new Map(routes.map(it => [it.index, it])).values()]
    const { about, refused } = await screen(context, permission, incoming, body, newest)
    const announced = about.map(({ item }) => item)
    const until = heldUntil(profile, body, announced, incoming.at)
    return {
      message: {
        protocol: permission.protocol,
        purpose: permission.purpose,
        fields: permission.fields,
      },
      accepted: about.length,
      refused: [...refusalsFor(items, profile, routes), ...refused].toSorted(
        (one, other) => one.index - other.index,
      ),
      evidence: {
        recipient: permission.recipient,
        rule: permission.rule,
        subjects: about.map(it => it.subjectTag),
      },
      wake: about.length > 0 && !until ? [permission.recipient] : [],
      store: async (tx, messageId) => {
        await permission.assertCeilings(tx, about.length)
        if (about.length > 0) await store(tx, messageId, permission, incoming, body, about, until)
      },
    }
  })
}

export function assertItems(items: Item[], profile: Profile, at: Date): void {
  const field = profile.reference ?? 'tenantRef'
  const day = at.toISOString().slice(0, 10)
  const seen = new Set<unknown>()
  const faults: Reason[] = []
  items.forEach((item, index) => {
    const place = `/items/${index}`
    if (seen.has(item[field]))
      faults.push(reason('HB-403', `${place}/${field}`, 'one item per tenant'))
    seen.add(item[field])
    const number = numberInKept(profile, item, place, day)
    if (number) faults.push(number)
    faults.push(...futureDates(item, profile, place, at))
  })
  if (faults.length > 0) throw new Refusal(faults)
}

/** Refuses the items without a participation that stands, and of who objected, where the type asks. */
async function screen(
  context: Context,
  permission: Permission,
  incoming: Incoming,
  body: Item,
  routed: Routed[],
): Promise<{ about: About[]; refused: ItemRefusal[] }> {
  const { profile, protocol } = permission
  const items = body['items'] as Item[]
  const day = incoming.at.toISOString().slice(0, 10)
  const refused: ItemRefusal[] = []
  const refuse = ({ index, item }: About, why: Reason) =>
    refused.push({ index, tenantRef: String(item[profile.reference ?? 'tenantRef']), ...why })
  const stated = routed
    .map(it => ({ ...it, item: items[it.index] ?? {}, feedbackId: newId('fb', incoming.at) }))
    .filter(it => {
      const why = missingParticipation(profile, it.item, `/items/${it.index}`, day)
      if (why) refuse(it, why)
      return !why
    })
  const holder = { protocol: protocol.id, party: incoming.caller.party }
  const gone = new Set(await findWithdrawn(context.pool, holder, participationsOf(profile, stated)))
  const announced = announcementsOf(profile, body, stated)
  const objected = new Set(await findObjected(context.pool, holder, profile, announced))
  const subjectTags = stated.map(it => it.subjectTag)
  const restricted = new Set(await findRestricted(context.pool, subjectTags))
  const about = stated.filter((it, position) => {
    const place = `/items/${it.index}`
    if (restricted.has(position)) refuse(it, restrictedReason(place))
    else if (gone.has(position)) refuse(it, withdrawnReason(profile, place))
    else if (objected.has(position)) refuse(it, objectedReason(profile, place))
    return !restricted.has(position) && !gone.has(position) && !objected.has(position)
  })
  return { about, refused }
}

async function store(
  tx: Tx,
  messageId: string,
  permission: Permission,
  { caller, type, at }: Incoming,
  body: Item,
  about: About[],
  until: Date | undefined,
): Promise<void> {
  const { profile, protocol, recipient } = permission
  const holder = { protocol: protocol.id, party: caller.party }
  const gone = await storeParticipations(tx, holder, participationsOf(profile, about))
  // Withdrawn at this very moment: the sender finds out on its next try.
  if (gone.length > 0) {
    throw new Refusal(
      gone.map(position => withdrawnReason(profile, `/items/${about[position]?.index}`)),
    )
  }
  await lockCurrent(tx, caller.party, profile, about)
  const subjectTags = about.map(it => it.subjectTag)
  const restricted = await findRestricted(tx, subjectTags)
  if (restricted.length > 0) {
    throw new Refusal(restricted.map(index => restrictedReason(`/items/${about[index]?.index}`)))
  }
  const objected = await findObjected(tx, holder, profile, announcementsOf(profile, body, about))
  if (objected.length > 0) {
    throw new Refusal(
      objected.map(position => objectedReason(profile, `/items/${about[position]?.index}`)),
    )
  }
  await tx.query(INSERT, [
    messageId,
    protocol.id,
    type,
    caller.party,
    recipient,
    at,
    about.map(it => it.feedbackId),
    about.map(it => it.domain),
    about.map(it => it.tag),
    about.map(it => it.subjectTag),
    until ?? at,
  ])
  const items = about.map(({ item, ...it }): OutgoingItem => {
    return { ...it, content: pick(item, profile.told) }
  })
  await insertOutgoing(tx, messageId, items)
  const held = until && { until, reason: OBJECTION_WINDOW }
  await insertCalls(tx, { messageId, destination: recipient, at, held }, items)
}

/**
 * Locks the routes of the persons against a withdrawal or objection at the same moment: that sees this
 * message, or this message sees it. @throws Refusal HB-406 where one ended meanwhile
 */
async function lockCurrent(tx: Tx, party: string, profile: Profile, about: About[]): Promise<void> {
  const { rows } = await tx.query<{ index: number }>(
    `SELECT e.index FROM route r JOIN unnest($2::text[], $3::bytea[], $4::int[]) AS e (domain, tag, index)
       ON r.domain = e.domain AND r.tag = e.tag
     WHERE r.party_id = $1 AND r.ended_on IS NULL AND r.expires_at > now()
     ORDER BY r.domain, r.tag FOR SHARE OF r`,
    [party, about.map(it => it.domain), about.map(it => it.tag), about.map(it => it.index)],
  )
  const current = new Set(rows.map(row => row.index))
  const field = profile.reference ?? 'tenantRef'
  const ended = about
    .filter(it => !current.has(it.index))
    .map(it => reason('HB-406', `/items/${it.index}/${field}`, 'a current tenant of the sender'))
  if (ended.length > 0) throw new Refusal(ended)
}

// What it says is on its way in outgoing_item; here stays what was done with it.
const INSERT = `
  INSERT INTO feedback (id, message_id, protocol, type, domain, tag, subject_tag, party_id, receiver_id,
    created_at, open_since)
  SELECT id, $1, $2, $3, domain, tag, subject_tag, $4, $5, $6, $11
  FROM unnest($7::text[], $8::text[], $9::bytea[], $10::bytea[]) AS i (id, domain, tag, subject_tag)`
