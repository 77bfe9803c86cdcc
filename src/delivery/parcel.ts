import type { Context } from '../context.ts'
import { modalitiesOf } from '../protocol/lookup.ts'
import { NONCE_BYTES } from '../pseudonym/row.ts'
import { coverEvent, coversFor, JOSE, NO_ENCRYPTION_KEY, sealCall } from './envelope.ts'
import { type EventSource, readEvents } from './event.ts'
import type { HandOver } from './outbox.ts'
import { signatureHeader } from './sign.ts'
import { findSecrets } from './webhook-secrets.ts'
import { webhookHeaders } from './webhook-signature.ts'

const ROW_ID_BYTES = 16

/** One hand-over made ready to send. */
export interface Parcel {
  url: string
  body: string
  /** Whether what it says of persons is in an envelope. */
  sealed: boolean
  /** Made anew for each try: tokens expire and signatures carry the time. */
  headers(): Promise<Record<string, string>>
  /** Called on 401: the token is no longer good. */
  unauthorized(): Promise<void>
}

/** Why there is no parcel yet, though there is something to send. */
export type Missing = 'no-webhook' | typeof NO_ENCRYPTION_KEY

/**
 * Makes the parcels for one batch to one destination, set-based. A hand-over whose content is gone
 * (tenancy ended, erased, no current route) has no parcel.
 */
export async function buildParcels(
  context: Context,
  destination: string,
  batch: HandOver[],
): Promise<Map<string, Parcel | Missing>> {
  const events = batch.filter(handOver => handOver.kind === 'event')
  const probes = batch.filter(handOver => handOver.kind === 'probe')
  const calls = batch.filter(handOver => handOver.kind === 'request' || handOver.kind === 'items')
  return new Map([
    ...(events.length > 0 ? await webhookParcels(context, destination, events) : []),
    ...(calls.length > 0 ? await callParcels(context, destination, calls) : []),
    ...probes.map(probe => probeParcel(context, probe)),
  ])
}

function probeParcel({ probePeer, clock }: Context, probe: HandOver): [string, Parcel | Missing] {
  const { url } = probePeer
  if (!url) return [probe.id, 'no-webhook']
  const body = JSON.stringify({ probe: probe.id, protocol: probe.message.protocol })
  const headers = async () => ({
    'Content-Type': 'application/json',
    ...probePeer.sign(probe.id, clock(), body),
  })
  return [probe.id, { url, body, sealed: false, headers, unauthorized: async () => {} }]
}

async function webhookParcels(
  context: Context,
  destination: string,
  events: HandOver[],
): Promise<Map<string, Parcel | Missing>> {
  const { rows } = await context.pool.query<{ url: string; overlap: boolean }>(
    'SELECT coalesce(former_until > now(), false) AS overlap, url FROM webhook WHERE party_id = $1',
    [destination],
  )
  const secrets = await findSecrets(context, destination, rows[0]?.overlap)
  const url = rows[0]?.url
  // Removed since the claim: the events wait for another one, or for the inbox.
  if (!url || secrets.length === 0) return new Map(events.map(event => [event.id, 'no-webhook']))
  const covers = await coversFor(context, destination, events)
  const envelopes = await readEvents(context, destination, events as EventSource[])
  const parcel = (id: string, body: string, sealed: boolean): Parcel => ({
    url,
    body,
    sealed,
    headers: async () => ({
      'Content-Type': 'application/cloudevents+json',
      ...webhookHeaders(id, context.clock(), body, secrets),
      ...(await signatureHeader(context, { to: destination, url, id, body })),
    }),
    unauthorized: async () => {},
  })
  const make = async (event: HandOver): Promise<[string, Parcel | Missing][]> => {
    const envelope = envelopes.get(event.id)
    const cover = covers.get(event.id)
    if (!envelope || !cover) return []
    if (cover === NO_ENCRYPTION_KEY) return [[event.id, cover]]
    const sent = await coverEvent(envelope, cover)
    return [[event.id, parcel(event.id, JSON.stringify(sent), cover !== 'open')]]
  }
  return new Map((await Promise.all(events.map(make))).flat())
}

/** The endpoints of types that have their own at the employment service. */
const PATHS: Readonly<Record<string, string>> = {
  'detection.request': '/detections',
  'tenancy.ended': '/tenancies/ended',
  'feedback.progress': '/progress',
}

async function callParcels(
  context: Context,
  destination: string,
  calls: HandOver[],
): Promise<Map<string, Parcel | Missing>> {
  const party = await context.parties.find(destination)
  if (!party?.baseUrl || !party.tokenUrl) throw new Error(`party ${destination} has no addresses`)
  const peer = { id: party.id, tokenUrl: party.tokenUrl, networks: party.networks }
  const bodies = new Map([
    ...(await requestBodies(context, calls)),
    ...(await itemBodies(context, calls)),
  ])
  const first = await firstCalls(context, calls)
  const covers = await coversFor(context, destination, calls)
  const parcels = new Map<string, Parcel | Missing>()
  for (const call of calls) {
    const body = bodies.get(call.id)
    const cover = covers.get(call.id)
    if (!body || !cover) continue
    if (cover === NO_ENCRYPTION_KEY) {
      parcels.set(call.id, cover)
      continue
    }
    let token = ''
    const path = isNamed(call) ? PATHS[call.message.type ?? ''] : undefined
    const key = path && first.has(call.id) ? (call.messageId ?? call.id) : call.id
    const url = `${party.baseUrl}${path ?? '/messages'}`
    const sent = cover === 'open' ? JSON.stringify(body) : await sealCall(body, cover, key)
    parcels.set(call.id, {
      url,
      body: sent,
      sealed: cover !== 'open',
      headers: async () => {
        token = await context.peerTokens.token(peer)
        return {
          'Content-Type': cover === 'open' ? 'application/json' : JOSE,
          'Idempotency-Key': key,
          Authorization: `Bearer ${token}`,
          ...(await signatureHeader(context, { to: destination, url, id: key, body: sent })),
        }
      },
      unauthorized: () => context.peerTokens.drop(peer, token),
    })
  }
  return parcels
}

/**
 * The first call of each message: its key is the message id. Persons of another domain go in a call of
 * their own, which has another key, or it would pass for a repeated one.
 */
async function firstCalls(context: Context, calls: HandOver[]): Promise<Set<string>> {
  const { rows } = await context.pool.query<{ id: string }>(
    `SELECT min(id) AS id FROM hand_over WHERE message_id = ANY($1) AND kind IN ('request', 'items')
     GROUP BY message_id`,
    [calls.map(call => call.messageId)],
  )
  return new Set(rows.map(row => row.id))
}

type Bodies = Map<string, object>

async function requestBodies(context: Context, calls: HandOver[]): Promise<Bodies> {
  const wanted = calls.filter(call => call.kind === 'request')
  if (wanted.length === 0) return new Map()
  const rowsOf = await sealedRows(context, wanted)
  return new Map(
    wanted.flatMap(call => {
      const sealed = rowsOf.get(call.messageId)
      const { message } = call
      if (!sealed || !message.protocol) return []
      const body = {
        ...headOf(call),
        period: message.period,
        sender: message.party,
        purpose: message.purpose,
        ...(message.referenceDate && { referenceDate: message.referenceDate }),
        ...(message.targetGroup && { targetGroup: message.targetGroup }),
        requestDigest: message.digest,
        granularity:
          modalitiesOf(context.protocols.current(), message.protocol)?.granularity ?? 'counts',
        rows: sealed,
      }
      return [[call.id, body]]
    }),
  )
}

/** The sealed rows of requests, by message id, sorted by row id, so that the order says nothing. */
async function sealedRows(
  { pool }: Context,
  calls: HandOver[],
): Promise<Map<string | null, object[]>> {
  const { rows } = await pool.query<{ id: string; count: number; sealed: Buffer }>({
    name: 'sealed-rows',
    text: SEALED_ROWS,
    values: [calls.map(call => call.messageId)],
  })
  return new Map(rows.map(row => [row.id, splitRows(row.sealed, row.count)]))
}

// One value a message: as JSON of the database each row would cost several times as much.
const SEALED_ROWS = `
  SELECT m.id, r.count, r.sealed FROM unnest($1::text[]) AS m (id)
  CROSS JOIN LATERAL (
    SELECT count(*) AS count, string_agg(bytes, '') AS sealed FROM (
      SELECT row_id || nonce || ciphertext AS bytes FROM detection_row
      WHERE message_id = m.id ORDER BY row_id) sorted) r
  WHERE r.count > 0`

function splitRows(sealed: Buffer, count: number): object[] {
  // Rows are padded: all are of one size.
  const size = sealed.length / count
  return Array.from({ length: count }, (_, row) => {
    const at = row * size
    const nonceAt = at + ROW_ID_BYTES
    const ciphertextAt = nonceAt + NONCE_BYTES
    return {
      rowId: sealed.toString('base64url', at, nonceAt),
      nonce: sealed.toString('base64url', nonceAt, ciphertextAt),
      ciphertext: sealed.toString('base64url', ciphertextAt, at + size),
    }
  })
}

async function itemBodies(context: Context, calls: HandOver[]): Promise<Bodies> {
  const wanted = calls.filter(call => call.kind === 'items')
  if (wanted.length === 0) return new Map()
  // Which feedback it is says something only where VDAB itself is told of it or told it.
  const { rows } = await context.pool.query<{ id: string; items: Item[] }>(
    `SELECT h.id, json_agg(json_build_object('tag', ${base64url('o.tag')}, 'feedbackId', o.feedback_id,
       'content', o.content) ORDER BY o.tag, o.position) AS items
     FROM hand_over h JOIN outgoing_item o ON o.message_id = h.message_id AND o.domain = h.domain
     WHERE h.id = ANY($1) GROUP BY h.id`,
    [wanted.map(call => call.id)],
  )
  const itemsOf = new Map(rows.map(row => [row.id, row.items]))
  return new Map(
    wanted.flatMap(call => {
      const stored = itemsOf.get(call.id)
      if (!stored) return []
      const { party: sender, purpose } = call.message
      const named = isNamed(call)
      const items = stored.map(({ tag, feedbackId, content }) => ({
        tag,
        ...(!named && feedbackId && { feedbackId }),
        ...content,
      }))
      return [[call.id, { ...headOf(call), ...(!named && { sender, purpose }), items }]]
    }),
  )
}

interface Item {
  tag: string
  feedbackId: string | null
  content: Record<string, string>
}

function isNamed({ message }: HandOver): boolean {
  return Object.hasOwn(PATHS, message.type ?? '')
}

/** What every call says; the general one also says its type and which hand-over it is. */
function headOf(call: HandOver): object {
  const { messageId, domain, message } = call
  const general = { deliveryId: call.id, type: message.type }
  return { messageId, ...(!isNamed(call) && general), protocol: message.protocol, domain }
}

function base64url(column: string): string {
  return `rtrim(translate(replace(encode(${column}, 'base64'), E'\\n', ''), '+/', '-_'), '=')`
}
