import { recordEntry } from '../audit/record.ts'
import type { Context } from '../context.ts'
import type { Queryable, Tx } from '../db/pool.ts'
import { EVENTS } from '../delivery/event.ts'
import { type Reason, Refusal, reason, refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Outcome } from './outcome.ts'
import { fieldsOf, type Permission, permit } from './permission.ts'
import { type Incoming, type ItemRefusal, receive } from './receive.ts'

interface FeedbackItem {
  tag: string
  reachability: 'hard-to-reach' | 'not-reached'
  establishedOn: string
}

interface FeedbackRequest {
  protocol: string
  domain: string
  nonce: string
  items: FeedbackItem[]
}

/** Where a feedback item goes: to one housing company, or to nobody while two have the tenant. */
interface Destined extends FeedbackItem {
  feedbackId: string
  handOverId: string
  subjectTag: Uint8Array
  party: string | null
}

/**
 * Takes in what VDAB says of tenants it reaches with difficulty or not at all: POST /v1/feedback.
 * Each item goes to the one housing company with a current route; an unknown, ended or erased tag
 * gets the one code HB-405.
 */
export function receiveFeedback(context: Context, incoming: Incoming): Promise<Outcome> {
  return receive(context, incoming, async (body, messageId) => {
    const permission = permit(context, incoming, {
      body,
      list: 'items',
      fields: fieldsOf(body['items']),
    })
    const request = body as unknown as FeedbackRequest
    assertItems(request, incoming.at)
    await assertDomain(context, permission, request.domain)
    const { destined, refused } = await destine(context, permission, request, incoming.at)
    const parties = [...new Set(destined.flatMap(item => item.party ?? []))]
    return {
      message: {
        protocol: permission.protocol,
        purpose: permission.purpose,
        fields: permission.fields,
        domain: request.domain,
      },
      accepted: destined.length,
      refused,
      evidence: { rule: permission.rule, subjects: destined.map(item => item.subjectTag) },
      wake: parties,
      store: async tx => {
        await permission.assertCeilings(tx, destined.length, request.domain)
        await insertFeedback(tx, messageId, request, destined, incoming.at)
        const shared = destined.filter(item => item.party === null).length
        if (shared > 0) await recordException(tx, messageId, shared, incoming.at)
      },
    }
  })
}

function assertItems(request: FeedbackRequest, at: Date): void {
  const seen = new Set<string>()
  const today = at.toISOString().slice(0, 10)
  const faults: Reason[] = []
  request.items.forEach((item, index) => {
    if (seen.has(item.tag)) faults.push(reason('HB-409', `/items/${index}/tag`, 'one item per tag'))
    seen.add(item.tag)
    if (item.establishedOn > today) {
      const remedy = 'Name the day on which it was established.'
      const rule = 'a date in the past or today'
      faults.push(reason('HB-202', `/items/${index}/establishedOn`, rule, remedy))
    }
  })
  if (faults.length > 0) throw new Refusal(faults)
}

async function assertDomain(context: Context, permission: Permission, name: string): Promise<void> {
  const domain = await context.domains.find(name)
  if (!domain || domain.protocol !== permission.protocol.id) {
    throw refuse('HB-412', '/domain', `${permission.protocol.id}, pseudonym domain`)
  }
  if (domain.state === 'closed') throw refuse('HB-413', '/domain', 'key epoch')
}

async function destine(
  context: Context,
  permission: Permission,
  request: FeedbackRequest,
  at: Date,
): Promise<{ destined: Destined[]; refused: ItemRefusal[] }> {
  const routes = await findCurrentRoutes(
    context.pool,
    request.domain,
    request.items.map(item => Buffer.from(item.tag, 'base64url')),
  )
  const destined: Destined[] = []
  const refused: ItemRefusal[] = []
  request.items.forEach((item, index) => {
    const current = (routes.get(item.tag) ?? []).filter(route => permission.reaches(route.party))
    const [first, second] = current
    if (first) {
      destined.push({
        ...item,
        feedbackId: newId('fb', at),
        handOverId: newId('del', at),
        subjectTag: first.subjectTag,
        party: second ? null : first.party,
      })
    } else {
      refused.push({ index, ...reason('HB-405', `/items/${index}/tag`, 'one current route') })
    }
  })
  return { destined, refused }
}

interface Route {
  party: string
  subjectTag: Uint8Array
}

/** Current routes by tag (base64url). */
async function findCurrentRoutes(
  db: Queryable,
  domain: string,
  tags: Uint8Array[],
): Promise<Map<string, Route[]>> {
  const { rows } = await db.query<{ tag: Buffer; party_id: string; subject_tag: Buffer }>(
    'SELECT tag, party_id, subject_tag FROM current_route WHERE domain = $1 AND tag = ANY($2)',
    [domain, tags],
  )
  const routes = new Map<string, Route[]>()
  for (const row of rows) {
    const tag = row.tag.toString('base64url')
    routes.set(tag, [
      ...(routes.get(tag) ?? []),
      { party: row.party_id, subjectTag: row.subject_tag },
    ])
  }
  return routes
}

async function insertFeedback(
  tx: Tx,
  messageId: string,
  request: FeedbackRequest,
  destined: Destined[],
  at: Date,
): Promise<void> {
  if (destined.length === 0) return
  await tx.query(INSERT, [
    messageId,
    request.protocol,
    request.domain,
    at,
    destined.map(item => item.feedbackId),
    destined.map(item => item.handOverId),
    destined.map(item => Buffer.from(item.tag, 'base64url')),
    destined.map(item => item.subjectTag),
    destined.map(item => item.party),
    destined.map(item => item.reachability),
    destined.map(item => item.establishedOn),
    EVENTS.reachability,
  ])
}

function recordException(tx: Tx, messageId: string, items: number, at: Date): Promise<unknown> {
  return recordEntry(tx, {
    action: 'exception.opened',
    at,
    actor: { role: 'gateway' },
    message: { id: messageId, type: 'feedback.reachability' },
    counts: { items },
    reason: 'two-current-routes',
  })
}

const INSERT = `
  WITH item AS (
    SELECT * FROM unnest($5::text[], $6::text[], $7::bytea[], $8::bytea[], $9::text[], $10::text[],
      $11::date[]) AS i (id, hand_over, tag, subject_tag, party, reachability, established_on)),
  stored AS (
    INSERT INTO feedback (id, message_id, protocol, domain, tag, subject_tag, party_id, reachability,
      established_on, created_at)
    SELECT id, $1, $2, $3, tag, subject_tag, party, reachability, established_on, $4 FROM item),
  excepted AS (
    INSERT INTO exception (kind, message_id, feedback_id, opened_at)
    SELECT 'two-current-routes', $1, id, $4 FROM item WHERE party IS NULL)
  INSERT INTO hand_over (id, message_id, destination, kind, event, domain, feedback_id, items, state,
    reason, due_at, created_at)
  SELECT hand_over, $1, party, 'event', $12, $3, id, 1,
    CASE WHEN party IS NULL THEN 'held' ELSE 'queued' END,
    CASE WHEN party IS NULL THEN 'two-routes' END, now(), $4 FROM item`
