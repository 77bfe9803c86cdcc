import type { Context } from '../context.ts'
import { agreementOf, modalitiesOf } from '../protocol/lookup.ts'
import { profileOf } from '../protocol/profile.ts'
import { isFree } from '../pseudonym/restricted.ts'
import { RouteCipher } from '../pseudonym/route-cipher.ts'
import { protocolNotices } from './notice.ts'
import type { HandOver } from './outbox.ts'

/** A hand-over that carries an event. */
export type EventSource = HandOver & { kind: 'event'; event: string }

/** CloudEvents 1.0, as webhooks and the inbox carry it. */
export interface Envelope {
  specversion: '1.0'
  id: string
  source: string
  type: string
  time: string
  subject: string
  datacontenttype: 'application/json'
  data: Record<string, unknown>
}

export const EVENTS = {
  answered: 'be.huisbrug.detection.answered',
  reachability: 'be.huisbrug.feedback.reachability',
  received: 'be.huisbrug.message.received',
  messageAnswered: 'be.huisbrug.message.answered',
  counts: 'be.huisbrug.message.counts',
  overdue: 'be.huisbrug.feedback.overdue',
  expired: 'be.huisbrug.interaction.expired',
  test: 'be.huisbrug.test',
} as const

/** The event of a message about one person: its own where the type has one. */
export function receivedEvent(type: string): string {
  return type === 'feedback.reachability' ? EVENTS.reachability : EVENTS.received
}

/** The event of an answer: the one number of a period is the same for all types. */
export function answeredEvent(type: string, perPerson: boolean): string {
  return perPerson && type !== 'detection.answer' ? EVENTS.messageAnswered : EVENTS.answered
}

type Content = Map<string, { subject: string; data: Record<string, unknown> }>

/**
 * The envelopes of events for one destination, by hand-over id, tenant references in clear. An event
 * whose content may no longer be told (no current route any more) is left out.
 */
export async function readEvents(
  context: Context,
  destination: string,
  events: EventSource[],
): Promise<Map<string, Envelope>> {
  const contents: Content = new Map([
    ...(await feedbackContents(
      context,
      destination,
      ofType(events, EVENTS.reachability, EVENTS.received),
    )),
    ...(await overdueContents(context, destination, ofType(events, EVENTS.overdue))),
    ...(await personContents(context, destination, events.filter(isPerPerson(context)))),
    ...(await countContents(context, destination, events.filter(isPeriodCount(context)))),
    ...(await groupContents(context, ofType(events, EVENTS.counts))),
    ...noticeContents(events),
    ...(await protocolNotices(context, events)),
  ])
  return new Map(
    events.flatMap(event => {
      const content = contents.get(event.id)
      return content ? [[event.id, toEnvelope(context, event, content)]] : []
    }),
  )
}

function toEnvelope(
  context: Context,
  event: EventSource,
  content: { subject: string; data: Record<string, unknown> },
): Envelope {
  return {
    specversion: '1.0',
    id: event.id,
    source: context.config.publicUrl,
    type: event.event,
    time: event.createdAt.toISOString(),
    subject: content.subject,
    datacontenttype: 'application/json',
    data: content.data,
  }
}

function ofType(events: EventSource[], ...types: string[]): EventSource[] {
  return events.filter(event => types.includes(event.event))
}

function isPerPerson(context: Context): (event: EventSource) => boolean {
  return event =>
    (event.event === EVENTS.messageAnswered || event.event === EVENTS.answered) &&
    granularityOf(context, event) === 'person'
}

function isPeriodCount(context: Context): (event: EventSource) => boolean {
  return event => event.event === EVENTS.answered && granularityOf(context, event) === 'counts'
}

function granularityOf(context: Context, event: EventSource): 'counts' | 'person' {
  return (
    modalitiesOf(context.protocols.current(), event.message.protocol ?? '')?.granularity ?? 'counts'
  )
}

/** The field of a type that holds the party's own reference of a person. */
function referenceField(context: Context, protocol: string, type: string): string {
  const agreement = agreementOf(context.protocols.current(), protocol)
  if (!agreement) return 'tenantRef'
  const own = profileOf(agreement.document, type)?.reference
  // Feedback itself names persons by their tag: the party knows them by the name of its own messages.
  const named = agreement.document.dataElements.find(one => one.format === 'tenant-reference')
  return own ?? named?.field ?? 'tenantRef'
}

interface FeedbackRow {
  id: string
  feedback_id: string
  protocol: string
  domain: string
  reference: Buffer
  content: Record<string, string>
}

// By their ids alone: the party is compared and not looked up, as one may have a great many. And one by one (OFFSET keeps
// it so), whatever is known of tables that grow by the second; with one plan for any number (SELECT $1).
const FEEDBACK = `
  SELECT e.id, f.id AS feedback_id, f.protocol, f.domain, r.reference,
    coalesce(o.content, f.content) AS content
  FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[])) AS e (id, message_id, feedback_id)
  CROSS JOIN LATERAL (SELECT * FROM feedback f WHERE f.id = e.feedback_id OFFSET 0) f
  CROSS JOIN LATERAL (
    SELECT * FROM current_route r
    WHERE r.domain = f.domain AND r.tag = f.tag AND r.party_id = f.party_id OFFSET 0) r
  LEFT JOIN LATERAL (
    SELECT * FROM outgoing_item o
    WHERE o.message_id = e.message_id AND o.feedback_id = e.feedback_id OFFSET 0) o ON true
  WHERE f.party_id IS NOT DISTINCT FROM $4 AND coalesce(o.content, f.content) IS NOT NULL
    AND ${isFree('f.subject_tag')}`

/** Events about one person, and progress that comes back to who sent one. */
async function feedbackContents(
  context: Context,
  destination: string,
  events: EventSource[],
): Promise<Content> {
  if (events.length === 0) return new Map()
  const values = [
    events.map(event => event.id),
    events.map(event => event.messageId),
    events.map(event => event.feedbackId),
    destination,
  ]
  const statement = { name: 'feedback-events', text: FEEDBACK, values }
  const { rows } = await context.pool.query<FeedbackRow>(statement)
  const ciphers = await ciphersFor(
    context,
    destination,
    rows.map(row => row.domain),
  )
  const byId = new Map(events.map(event => [event.id, event]))
  return new Map(
    rows.flatMap(row => {
      const event = byId.get(row.id)
      if (!event) return []
      const { feedback_id: feedbackId, protocol, content } = row
      const { type = '', purpose } = event.message
      const field = referenceField(context, protocol, type ?? '')
      const item = { [field]: ciphers.get(row.domain)?.open(row.reference), ...content }
      const data =
        event.event === EVENTS.reachability
          ? { feedbackId, protocol, ...item, purpose }
          : { feedbackId, protocol, type, purpose, item }
      return [[row.id, { subject: feedbackId, data }] as const]
    }),
  )
}

interface OverdueRow {
  id: string
  feedbackId: string
  protocol: string
  type: string
  status: string
  dueOn: string
  domain: string
  reference: Buffer
  isOwn: boolean
}

/** Feedback that is late, to who reports its progress; nothing once it is closed after all. */
async function overdueContents(
  context: Context,
  destination: string,
  events: EventSource[],
): Promise<Content> {
  if (events.length === 0) return new Map()
  const { rows } = await context.pool.query<OverdueRow>(
    `SELECT h.id, f.id AS "feedbackId", f.protocol, f.type, f.status, f.due_on AS "dueOn", f.domain,
       r.reference, f.party_id = f.receiver_id AS "isOwn"
     FROM hand_over h JOIN feedback f ON f.id = h.feedback_id
     JOIN current_route r ON r.domain = f.domain AND r.tag = f.tag AND r.party_id = f.party_id
     WHERE h.id = ANY($1) AND f.receiver_id = $2 AND f.status <> 'closed'
       AND ${isFree('f.subject_tag')}`,
    [events.map(event => event.id), destination],
  )
  const own = rows.filter(row => row.isOwn).map(row => row.domain)
  const ciphers = await ciphersFor(context, destination, own)
  return new Map(
    rows.map(row => {
      const { id, feedbackId, protocol, type, status, dueOn, domain, isOwn } = row
      const named = receivedEvent(type) === EVENTS.reachability
      const field = named ? 'tenantRef' : referenceField(context, protocol, type)
      // The reference is the party's own: the employment service knows the feedback by its id alone.
      const item = isOwn ? { [field]: ciphers.get(domain)?.open(row.reference) } : undefined
      const whose = named ? item : { type, ...(item && { item }) }
      return [id, { subject: feedbackId, data: { feedbackId, protocol, ...whose, status, dueOn } }]
    }),
  )
}

interface PersonRow {
  message_id: string
  domain: string
  reference: Buffer
  found: boolean
  content: Record<string, string> | null
}

async function personContents(
  context: Context,
  destination: string,
  events: EventSource[],
): Promise<Content> {
  if (events.length === 0) return new Map()
  const { rows } = await context.pool.query<PersonRow>(
    `SELECT d.message_id, d.domain, r.reference, d.found, d.content FROM detection_result d
     JOIN route r ON r.domain = d.domain AND r.tag = d.tag AND r.party_id = $2 AND r.ended_on IS NULL
     WHERE d.message_id = ANY($1) AND ${isFree('r.subject_tag')} ORDER BY r.reference_hash`,
    [events.map(event => event.messageId), destination],
  )
  const ciphers = await ciphersFor(
    context,
    destination,
    rows.map(row => row.domain),
  )
  const byMessage = Map.groupBy(rows, row => row.message_id)
  return new Map(
    events.map(event => {
      const { protocol, purpose, inReplyTo, type } = event.message
      const field = referenceField(context, protocol ?? '', type ?? '')
      const named = event.event === EVENTS.answered
      const results = (byMessage.get(event.messageId ?? '') ?? []).map(row => {
        const reference = ciphers.get(row.domain)?.open(row.reference)
        if (named) return { tenantRef: reference, result: row.found ? 'found' : 'not-found' }
        return { item: { [field]: reference }, answer: row.found ? row.content : null }
      })
      const data = { messageId: inReplyTo, protocol, ...(!named && { type }), purpose, results }
      return [event.id, { subject: inReplyTo ?? event.id, data }]
    }),
  )
}

/** Numbers about the group of a request, as disclosure control left them. */
async function groupContents(context: Context, events: EventSource[]): Promise<Content> {
  if (events.length === 0) return new Map()
  const { rows } = await context.pool.query<{ message_id: string; items: object[] }>(
    `SELECT message_id, json_agg(content ORDER BY position) AS items FROM counts_item
     WHERE message_id = ANY($1) GROUP BY message_id`,
    [events.map(event => event.messageId)],
  )
  const itemsOf = new Map(rows.map(row => [row.message_id, row.items]))
  return new Map(
    events.flatMap(event => {
      const items = itemsOf.get(event.messageId ?? '')
      const { inReplyTo: messageId, protocol, type, purpose } = event.message
      if (!items) return []
      const data = { messageId, protocol, type, purpose, items }
      return [[event.id, { subject: messageId ?? event.id, data }] as const]
    }),
  )
}

async function countContents(
  context: Context,
  destination: string,
  events: EventSource[],
): Promise<Content> {
  if (events.length === 0) return new Map()
  const { rows } = await context.pool.query<{
    protocol: string
    period: string
    tenants: number
    found: number | null
  }>(
    `SELECT protocol, period, tenants, found FROM period_close
     WHERE party_id = $1 AND protocol = ANY($2) AND released_at IS NOT NULL`,
    [destination, events.map(event => event.message.protocol)],
  )
  return new Map(
    events.flatMap(event => {
      const { protocol, period, purpose } = event.message
      const release = rows.find(row => row.protocol === protocol && row.period === period)
      if (!release) return []
      const { tenants, found } = release
      const data = { protocol, period, purpose, tenants, found, suppressed: found === null }
      return [[event.id, { subject: event.messageId ?? event.id, data }]]
    }),
  )
}

function noticeContents(events: EventSource[]): Content {
  return new Map(
    events
      .filter(event => event.event === EVENTS.expired || event.event === EVENTS.test)
      .map(event => {
        const { messageId, message } = event
        const expiredAt = event.createdAt
        const { type, protocol } = message
        const data = messageId
          ? { messageId, protocol, type, expiredAt }
          : { note: 'This is a test of your webhook.' }
        return [event.id, { subject: messageId ?? event.id, data }]
      }),
  )
}

async function ciphersFor(
  context: Context,
  party: string,
  domains: string[],
): Promise<Map<string, RouteCipher>> {
  const distinct = [...new Set(domains)]
  const ciphers = distinct.map(async domain => {
    return [domain, await RouteCipher.open(context.keys, domain, party)] as const
  })
  return new Map(await Promise.all(ciphers))
}
