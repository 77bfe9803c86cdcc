import type { Context } from '../context.ts'
import { modalitiesOf } from '../protocol/lookup.ts'
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
  expired: 'be.huisbrug.interaction.expired',
  test: 'be.huisbrug.test',
} as const

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
    ...(await reachabilityContents(context, destination, ofType(events, EVENTS.reachability))),
    ...(await answeredContents(context, destination, ofType(events, EVENTS.answered))),
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

function ofType(events: EventSource[], type: string): EventSource[] {
  return events.filter(event => event.event === type)
}

async function reachabilityContents(
  context: Context,
  destination: string,
  events: EventSource[],
): Promise<Content> {
  if (events.length === 0) return new Map()
  const { rows } = await context.pool.query<{
    id: string
    feedback_id: string
    protocol: string
    domain: string
    reference: Buffer
    reachability: string
    established_on: string
  }>(
    `SELECT h.id, f.id AS feedback_id, f.protocol, f.domain, r.reference, f.reachability, f.established_on
     FROM hand_over h JOIN feedback f ON f.id = h.feedback_id
     JOIN current_route r ON r.domain = f.domain AND r.tag = f.tag AND r.party_id = f.party_id
     WHERE h.id = ANY($1) AND f.party_id = $2 AND f.reachability IS NOT NULL`,
    [events.map(event => event.id), destination],
  )
  const ciphers = await ciphersFor(
    context,
    destination,
    rows.map(row => row.domain),
  )
  const purposeOf = new Map(events.map(event => [event.id, event.message.purpose]))
  return new Map(
    rows.map(row => {
      const data = {
        feedbackId: row.feedback_id,
        protocol: row.protocol,
        tenantRef: ciphers.get(row.domain)?.open(row.reference),
        reachability: row.reachability,
        establishedOn: row.established_on,
        purpose: purposeOf.get(row.id),
      }
      return [row.id, { subject: row.feedback_id, data }]
    }),
  )
}

async function answeredContents(
  context: Context,
  destination: string,
  events: EventSource[],
): Promise<Content> {
  const perPerson = events.filter(event => granularityOf(context, event) === 'person')
  const counts = events.filter(event => granularityOf(context, event) === 'counts')
  return new Map([
    ...(await personContents(context, destination, perPerson)),
    ...(await countContents(context, destination, counts)),
  ])
}

function granularityOf(context: Context, event: EventSource): 'counts' | 'person' {
  return (
    modalitiesOf(context.protocols.current(), event.message.protocol ?? '')?.granularity ?? 'counts'
  )
}

async function personContents(
  context: Context,
  destination: string,
  events: EventSource[],
): Promise<Content> {
  if (events.length === 0) return new Map()
  const { rows } = await context.pool.query<{
    message_id: string
    domain: string
    reference: Buffer
    found: boolean
  }>(
    `SELECT d.message_id, d.domain, r.reference, d.found FROM detection_result d
     JOIN route r ON r.domain = d.domain AND r.tag = d.tag AND r.party_id = $2 AND r.ended_on IS NULL
     WHERE d.message_id = ANY($1) ORDER BY r.reference_hash`,
    [events.map(event => event.messageId), destination],
  )
  const ciphers = await ciphersFor(
    context,
    destination,
    rows.map(row => row.domain),
  )
  return new Map(
    events.map(event => {
      const results = rows
        .filter(row => row.message_id === event.messageId)
        .map(row => ({
          tenantRef: ciphers.get(row.domain)?.open(row.reference),
          result: row.found ? 'found' : 'not-found',
        }))
      const { protocol, purpose, inReplyTo } = event.message
      const data = { messageId: inReplyTo, protocol, purpose, results }
      return [event.id, { subject: inReplyTo ?? event.id, data }]
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
      .filter(event => event.event !== EVENTS.reachability && event.event !== EVENTS.answered)
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
