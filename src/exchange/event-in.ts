import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import type { Queryable, Tx } from '../db/pool.ts'
import { receivedEvent } from '../delivery/event.ts'
import { type Reason, Refusal, reason, refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Profile } from '../protocol/profile.ts'
import { findRestricted } from '../pseudonym/restricted.ts'
import { type CurrentRoute, findCurrentRoutes, openedEntry, PARTIES_OF } from './contested.ts'
import type { Outcome } from './outcome.ts'
import { type Permission, permit } from './permission.ts'
import type { Item } from './precondition.ts'
import { type Incoming, type ItemRefusal, receive } from './receive.ts'
import { pick } from './request.ts'

/** Where an item goes: to one party, or to nobody while two have the person. */
interface Destined {
  index: number
  tag: string
  content: Record<string, string>
  feedbackId: string
  handOverId: string
  subjectTag: Uint8Array
  party: string | null
  /** All parties that have the person now, and who that is to them: one, where nobody lies. */
  between: string[]
  subjects: Uint8Array[]
}

/**
 * Takes in an event about persons by their tag: POST /v1/feedback, and every type of the pattern
 * `event` from the employment service. Each item goes to the one party with a current route; an
 * unknown, ended, erased or restricted tag gets the one code HB-405.
 */
export function receiveTaggedEvent(context: Context, incoming: Incoming): Promise<Outcome> {
  return receive(context, incoming, async body => {
    const permission = permit(context, incoming, { body })
    const items = body['items'] as Item[]
    const domain = String(body['domain'])
    assertItems(items, permission.profile, incoming.at)
    await assertDomain(context, permission, domain)
    const { destined, refused } = await destine(context, permission, domain, items, incoming.at)
    const parties = [...new Set(destined.flatMap(item => item.party ?? []))]
    await context.backlog.assertRoom(placesOf(destined))
    return {
      message: {
        protocol: permission.protocol,
        purpose: permission.purpose,
        fields: permission.fields,
        domain,
      },
      accepted: destined.length,
      refused,
      evidence: { rule: permission.rule, subjects: destined.flatMap(item => item.subjects) },
      wake: parties,
      store: async (tx, messageId) => {
        await permission.assertCeilings(tx, destined.length, domain)
        await assertFree(tx, destined, permission)
        const place = { protocol: permission.protocol.id, type: incoming.type, domain }
        await insertFeedback(tx, messageId, place, destined, incoming.at)
        const shared = destined.filter(item => item.party === null)
        await recordExceptions(tx, messageId, incoming, shared)
      },
    }
  })
}

/** Of each receiving party the first item for it. */
function placesOf(destined: Destined[]): Map<string, string> {
  const first = destined.toReversed().flatMap(({ party, index }) => (party ? [[party, index]] : []))
  return new Map(first.map(([party, index]) => [String(party), `/items/${index}`]))
}

export function assertItems(items: Item[], profile: Profile, at: Date): void {
  const tag = profile.tag ?? 'tag'
  const seen = new Set<unknown>()
  const faults: Reason[] = []
  items.forEach((item, index) => {
    if (seen.has(item[tag]))
      faults.push(reason('HB-409', `/items/${index}/${tag}`, 'one item per tag'))
    seen.add(item[tag])
    faults.push(...futureDates(item, profile, `/items/${index}`, at))
  })
  if (faults.length > 0) throw new Refusal(faults)
}

/** Dates of an item that lie in the future: what has not happened cannot be told. */
export function futureDates(item: Item, { dates }: Profile, at: string, now: Date): Reason[] {
  const today = now.toISOString().slice(0, 10)
  const remedy = 'Name the day on which it happened or was established.'
  const late = dates.filter(field => String(item[field]) > today)
  return late.map(field =>
    reason('HB-202', `${at}/${field}`, 'a date in the past or today', remedy),
  )
}

export async function assertDomain(
  context: Context,
  permission: Permission,
  name: string,
): Promise<void> {
  const domain = await context.domains.find(name)
  if (!domain || domain.protocol !== permission.protocol.id) {
    throw refuse('HB-412', '/domain', `${permission.protocol.id}, pseudonym domain`)
  }
  if (domain.state === 'closed') throw refuse('HB-413', '/domain', 'key epoch')
}

async function destine(
  context: Context,
  permission: Permission,
  domain: string,
  items: Item[],
  at: Date,
): Promise<{ destined: Destined[]; refused: ItemRefusal[] }> {
  const { tag: field = 'tag', told } = permission.profile
  const tags = items.map(item => String(item[field]))
  const routes = await findFreeRoutes(context.pool, domain, tags)
  const destined: Destined[] = []
  const refused: ItemRefusal[] = []
  items.forEach((item, index) => {
    const tag = tags[index] ?? ''
    const current = (routes.get(tag) ?? []).filter(route => permission.reaches(route.party))
    const [first] = current
    const between = [...new Set(current.map(route => route.party))].toSorted()
    if (first?.domain === domain && first.tag.toString('base64url') === tag) {
      destined.push({
        index,
        tag,
        content: pick(item, told),
        feedbackId: newId('fb', at),
        handOverId: newId('del', at),
        subjectTag: first.subjectTag,
        party: between.length > 1 ? null : first.party,
        between,
        subjects: distinct(current.map(route => route.subjectTag)),
      })
    } else {
      refused.push({ index, ...reason('HB-405', `/items/${index}/${field}`, 'one current route') })
    }
  })
  return { destined, refused }
}

/**
 * The current routes of each tag; none where the processing of its person is restricted, by whatever
 * route. Who sends the tag learns no more than of one that is unknown, ended or erased.
 */
async function findFreeRoutes(
  db: Queryable,
  domain: string,
  tags: string[],
): Promise<Map<string, CurrentRoute[]>> {
  const routes = await findCurrentRoutes(db, domain, tags)
  const all = [...routes].flatMap(([tag, of]) => of.map(({ subjectTag }) => ({ tag, subjectTag })))
  const restricted = await findRestricted(
    db,
    all.map(it => it.subjectTag),
  )
  for (const position of restricted) routes.delete(all[position]?.tag ?? '')
  return routes
}

/** Restricted at this very moment: the sender finds out on its next try. @throws Refusal HB-405 */
async function assertFree(tx: Tx, destined: Destined[], { profile }: Permission): Promise<void> {
  const all = destined.flatMap(({ index, subjects }) => subjects.map(tag => ({ index, tag })))
  const restricted = await findRestricted(
    tx,
    all.map(it => it.tag),
  )
  const field = profile.tag ?? 'tag'
  const faults = restricted.map(position =>
    reason('HB-405', `/items/${all[position]?.index}/${field}`, 'one current route'),
  )
  if (faults.length > 0) throw new Refusal(faults)
}

function distinct(tags: Buffer[]): Buffer[] {
  return [...new Map(tags.map(tag => [tag.toString('hex'), tag])).values()]
}

async function insertFeedback(
  tx: Tx,
  messageId: string,
  { protocol, type, domain }: { protocol: string; type: string; domain: string },
  destined: Destined[],
  at: Date,
): Promise<void> {
  if (destined.length === 0) return
  await tx.query(INSERT, [
    messageId,
    protocol,
    domain,
    at,
    destined.map(item => item.feedbackId),
    destined.map(item => item.handOverId),
    destined.map(item => Buffer.from(item.tag, 'base64url')),
    destined.map(item => item.subjectTag),
    destined.map(item => item.party),
    destined.map(item => JSON.stringify(item.content)),
    type,
    receivedEvent(type),
  ])
}

/** One entry for each pair of parties between which items are not decided. */
async function recordExceptions(
  tx: Tx,
  messageId: string,
  { type, at }: Incoming,
  shared: Destined[],
): Promise<void> {
  const pairs = Map.groupBy(shared, item => item.between.join(' '))
  await recordEntries(
    tx,
    [...pairs.values()].map(items =>
      openedEntry({ id: messageId, type }, items.length, items[0]?.between ?? [], at),
    ),
  )
}

const INSERT = `
  WITH item AS (
    SELECT * FROM unnest($5::text[], $6::text[], $7::bytea[], $8::bytea[], $9::text[], $10::jsonb[])
      AS i (id, hand_over, tag, subject_tag, party, content)),
  stored AS (
    INSERT INTO feedback (id, message_id, protocol, type, domain, tag, subject_tag, party_id,
      receiver_id, content, created_at, open_since)
    SELECT id, $1, $2, $11, $3, tag, subject_tag, party, party, content, $4, $4 FROM item),
  excepted AS (
    INSERT INTO exception (kind, message_id, feedback_id, parties, opened_at)
    SELECT 'two-current-routes', $1, f.id, ${PARTIES_OF}, $4
    FROM (SELECT id, tag, subject_tag, $3::text AS domain, $2::text AS protocol FROM item
          WHERE party IS NULL) AS f)
  INSERT INTO hand_over (id, message_id, destination, kind, event, domain, feedback_id, items, state,
    reason, due_at, created_at)
  SELECT hand_over, $1, party, 'event', $12, $3, id, 1,
    CASE WHEN party IS NULL THEN 'held' ELSE 'queued' END,
    CASE WHEN party IS NULL THEN 'two-routes' END, now(), $4 FROM item`
