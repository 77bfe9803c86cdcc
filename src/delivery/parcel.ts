import type { Context } from '../context.ts'
import { modalitiesOf } from '../protocol/lookup.ts'
import { type EventSource, readEvents } from './event.ts'
import type { HandOver } from './outbox.ts'
import { webhookHeaders } from './webhook-signature.ts'

/** One hand-over made ready to send. */
export interface Parcel {
  url: string
  body: string
  /** Made anew for each try: tokens expire and signatures carry the time. */
  headers(): Promise<Record<string, string>>
  /** Called on 401: the token is no longer good. */
  unauthorized(): Promise<void>
}

/**
 * Makes the parcels for one batch to one destination, set-based. A hand-over whose content is gone
 * (tenancy ended, erased, no current route) has no parcel.
 */
export async function buildParcels(
  context: Context,
  destination: string,
  batch: HandOver[],
): Promise<Map<string, Parcel | 'no-webhook'>> {
  const events = batch.filter(handOver => handOver.kind === 'event')
  const calls = batch.filter(handOver => handOver.kind !== 'event')
  return new Map([
    ...(events.length > 0 ? await webhookParcels(context, destination, events) : []),
    ...(calls.length > 0 ? await callParcels(context, destination, calls) : []),
  ])
}

async function webhookParcels(
  context: Context,
  destination: string,
  events: HandOver[],
): Promise<Map<string, Parcel | 'no-webhook'>> {
  const { rows } = await context.pool.query<{ url: string }>(
    'SELECT url FROM webhook WHERE party_id = $1',
    [destination],
  )
  const secret = await context.keys.find(`webhook:${destination}`)
  const url = rows[0]?.url
  // Removed since the claim: the events wait for another one, or for the inbox.
  if (!url || !secret) return new Map(events.map(event => [event.id, 'no-webhook']))
  const bodies = await readEvents(context, destination, events as EventSource[])
  const parcel = (id: string, body: string): Parcel => ({
    url,
    body,
    headers: async () => ({
      'Content-Type': 'application/cloudevents+json',
      ...webhookHeaders(id, context.clock(), body, secret),
    }),
    unauthorized: async () => {},
  })
  return new Map([...bodies].map(([id, envelope]) => [id, parcel(id, JSON.stringify(envelope))]))
}

const PATHS = {
  detection: '/detections',
  'tenancy-ended': '/tenancies/ended',
  progress: '/progress',
}

async function callParcels(
  context: Context,
  destination: string,
  calls: HandOver[],
): Promise<Map<string, Parcel>> {
  const party = await context.parties.find(destination)
  if (!party?.baseUrl || !party.tokenUrl) throw new Error(`party ${destination} has no addresses`)
  const peer = { id: party.id, tokenUrl: party.tokenUrl }
  const bodies = new Map([
    ...(await detectionBodies(context, calls)),
    ...(await tenancyBodies(context, calls)),
    ...(await progressBodies(context, calls)),
  ])
  const parcels = new Map<string, Parcel>()
  for (const call of calls) {
    const body = bodies.get(call.id)
    if (!body) continue
    let token = ''
    parcels.set(call.id, {
      url: `${party.baseUrl}${PATHS[call.kind as keyof typeof PATHS]}`,
      body: JSON.stringify(body),
      headers: async () => {
        token = await context.peerTokens.token(peer)
        return {
          'Content-Type': 'application/json',
          'Idempotency-Key': call.messageId ?? call.id,
          Authorization: `Bearer ${token}`,
        }
      },
      unauthorized: () => context.peerTokens.drop(peer, token),
    })
  }
  return parcels
}

type Bodies = Map<string, object>

async function detectionBodies(context: Context, calls: HandOver[]): Promise<Bodies> {
  const wanted = calls.filter(call => call.kind === 'detection')
  if (wanted.length === 0) return new Map()
  // Sorted by row id, so that the order says nothing.
  const { rows } = await context.pool.query<{ message_id: string; rows: object[] }>(
    `SELECT message_id, json_agg(json_build_object('rowId', ${base64url('row_id')},
       'nonce', ${base64url('nonce')}, 'ciphertext', ${base64url('ciphertext')}) ORDER BY row_id) AS rows
     FROM detection_row WHERE message_id = ANY($1) GROUP BY message_id`,
    [wanted.map(call => call.messageId)],
  )
  const rowsOf = new Map<string | null, object[]>(rows.map(row => [row.message_id, row.rows]))
  return new Map(
    wanted.flatMap(call => {
      const sealed = rowsOf.get(call.messageId)
      const { message } = call
      if (!sealed || !message.protocol) return []
      const body = {
        messageId: call.messageId,
        protocol: message.protocol,
        domain: call.domain,
        period: message.period,
        sender: message.party,
        purpose: message.purpose,
        referenceDate: message.referenceDate,
        targetGroup: message.targetGroup,
        requestDigest: message.digest,
        granularity:
          modalitiesOf(context.protocols.current(), message.protocol)?.granularity ?? 'counts',
        rows: sealed,
      }
      return [[call.id, body]]
    }),
  )
}

async function tenancyBodies(context: Context, calls: HandOver[]): Promise<Bodies> {
  const wanted = calls.filter(call => call.kind === 'tenancy-ended')
  if (wanted.length === 0) return new Map()
  const { rows } = await context.pool.query<{ id: string; items: object[] }>(
    `SELECT h.id, json_agg(json_build_object('tag', ${base64url('e.tag')}, 'endedOn', e.ended_on)
       ORDER BY e.tag) AS items
     FROM hand_over h JOIN tenancy_end e ON e.message_id = h.message_id AND e.domain = h.domain
     WHERE h.id = ANY($1) GROUP BY h.id`,
    [wanted.map(call => call.id)],
  )
  return withHeads(wanted, new Map(rows.map(row => [row.id, row.items])))
}

async function progressBodies(context: Context, calls: HandOver[]): Promise<Bodies> {
  const wanted = calls.filter(call => call.kind === 'progress')
  if (wanted.length === 0) return new Map()
  const { rows } = await context.pool.query<{ id: string; items: object[] }>(
    `SELECT h.id, json_build_array(json_build_object('tag', ${base64url('f.tag')},
       'status', h.event, 'on', CASE h.event WHEN 'closed' THEN f.closed_on ELSE f.taken_up_on END)) AS items
     FROM hand_over h JOIN feedback f ON f.id = h.feedback_id WHERE h.id = ANY($1)`,
    [wanted.map(call => call.id)],
  )
  return withHeads(wanted, new Map(rows.map(row => [row.id, row.items])))
}

function withHeads(calls: HandOver[], items: Map<string, object[]>): Bodies {
  return new Map(
    calls.flatMap(call => {
      const { messageId, domain, message } = call
      const list = items.get(call.id)
      return list ? [[call.id, { messageId, protocol: message.protocol, domain, items: list }]] : []
    }),
  )
}

function base64url(column: string): string {
  return `rtrim(translate(replace(encode(${column}, 'base64'), E'\\n', ''), '+/', '-_'), '=')`
}
