import { randomBytes } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { EvidenceBundle } from '../../src/audit/bundle.ts'
import { sequenceOnce } from '../../src/audit/sequencer.ts'
import { makeBundle } from '../../src/cli/audit/prove.ts'
import { PERIOD, TODAY, tenants } from '../support/detection.ts'
import { type PartyId, type TestGateway, until } from '../support/gateway.ts'
import { call, type RawReply, tokenFor } from '../support/raw.ts'
import type { TestRegister } from '../support/register.ts'

type Json = Record<string, unknown>

/** One message as it was sent, and what came back. */
export interface Sent {
  what: string
  /** State or code. */
  expected: string
  party: PartyId
  /** Byte for byte. */
  body: string
  reply: RawReply
}

export const nonce = () => randomBytes(32).toString('base64url')
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

/** RFC 8785 of a value without fractions, from its definition. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join()}}`
}

export const digest = (text: string) => base64url(sha256(Buffer.from(text)))

/** A JWS of Ed25519 checked with @noble/curves, its payload; throws where it is not signed so. */
export function openJws(jws: string, keys: Json[]): { header: Json; payload: Json } {
  const [header = '', payload = '', signature = ''] = jws.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Json
  const key = keys.find(one => one['kid'] === read(header)['kid'])
  const good = ed25519.verify(
    Buffer.from(signature, 'base64url'),
    Buffer.from(`${header}.${payload}`),
    Buffer.from(String(key?.['x']), 'base64url'),
  )
  if (!good) throw new Error('a bad signature')
  return { header: read(header), payload: read(payload) }
}

/** The entry with this leaf hash, which is computed here from its bytes. */
export async function entryOf(gateway: TestGateway, commitment: unknown): Promise<Json> {
  const { rows } = await gateway.db.pool.query<{ entry: Buffer }>('SELECT entry FROM audit_entry')
  const found = rows.find(
    ({ entry }) => base64url(sha256(Buffer.concat([Buffer.of(0), entry]))) === commitment,
  )
  if (!found) throw new Error('no entry has this leaf hash')
  return JSON.parse(found.entry.toString())
}

/** What is to be shown of a message once it was handed over: nothing more comes meanwhile. */
export async function bundleOf(gateway: TestGateway, messageId: string): Promise<EvidenceBundle> {
  await until('it is delivered', async () => {
    const { rows } = await gateway.db.pool.query(
      "SELECT FROM audit_entry WHERE message_id = $1 AND action = 'message.delivered'",
      [messageId],
    )
    return rows.length > 0
  })
  await sequence(gateway)
  return makeBundle(gateway.context, messageId)
}

/** Has all that is pending signed, by whoever leads. */
export function sequence(gateway: TestGateway): Promise<true> {
  return until('all is sequenced', async () => {
    await sequenceOnce(gateway.context)
    const { rows } = await gateway.db.pool.query('SELECT FROM audit_pending LIMIT 1')
    return rows.length === 0
  })
}

/** Sends one message of every kind, and bad ones of every kind. */
export async function sendAll(gateway: TestGateway, register: TestRegister): Promise<Sent[]> {
  const all: Sent[] = []
  const tokens = new Map<PartyId, string>()
  const send = async (
    what: string,
    expected: string,
    party: PartyId,
    path: string,
    body: unknown,
    key = nonce(),
  ) => {
    const token = tokens.get(party) ?? (await tokenFor(gateway, party))
    tokens.set(party, token)
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const reply = await call(gateway, 'POST', path, { token, key, body: text })
    all.push({ what, expected, party, body: text, reply })
    return reply.body as Json
  }
  const request = {
    ...{ protocol: 'wm-vdab', purpose: 'detection', referenceDate: TODAY },
    targetGroup: { id: 'tenants-with-labour-potential', version: '1.0' },
  }
  const asked = { ...request, nonce: nonce(), tenants: tenants(0, 20) }
  const half = [tenants(30, 1)[0], { ...tenants(31, 1)[0], insz: '12345678901' }]
  const detected = await send(
    'detection accepted',
    'accepted',
    'woonboog',
    '/v1/detections',
    asked,
    'one',
  )
  await send('half taken', 'accepted', 'woonboog', '/v1/detections', {
    ...{ ...request, nonce: nonce(), tenants: half },
  })
  const other = { ...asked, nonce: nonce() }
  await send('key of another body', 'HB-501', 'woonboog', '/v1/detections', other, 'one')
  await send('no nonce', 'HB-202', 'woonboog', '/v1/detections', {
    ...request,
    tenants: tenants(0, 1),
  })
  await send('no JSON', 'HB-201', 'woonboog', '/v1/detections', '{"tenants":')
  await send('wrong shape', 'HB-202', 'woonboog', '/v1/detections', { ...asked, tenants: 'x' })
  await send('no such protocol', 'HB-301', 'woonboog', '/v1/detections', {
    ...asked,
    protocol: 'none',
  })
  await send('bad key', 'HB-205', 'woonboog', '/v1/detections', asked, 'no key!')

  const { messageId } = detected as { messageId: string }
  const forwarded = await until('VDAB has it', () =>
    gateway.vdab.received.find(one => one.body['messageId'] === messageId),
  )
  const requestDigest = String(forwarded.body['requestDigest'])
  const answer = `/v1/detections/${messageId}/answer`
  const rows = { requestDigest, found: ['x'], nonce: nonce() }
  await send('answer in another form', 'HB-315', 'vdab', answer, rows)
  await send('answer accepted', 'accepted', 'vdab', answer, {
    requestDigest,
    found: 3,
    nonce: nonce(),
  })
  const about = { protocol: 'wm-vdab', purpose: 'detection', inReplyTo: messageId, requestDigest }
  const steps = { ...about, type: 'steps.counts', items: [{ step: 'training', persons: 5 }] }
  await send('report accepted', 'accepted', 'vdab', '/v1/messages', { ...steps, nonce: nonce() })
  const many = { ...steps, items: [{ step: 'training', persons: 5_000 }] }
  await send('report refused', 'HB-502', 'vdab', '/v1/messages', { ...many, nonce: nonce() })

  const [known] = await register.open(forwarded)
  const event = { reachability: 'not-reached', establishedOn: TODAY }
  const feedback = { protocol: 'wm-vdab', domain: register.domain, nonce: nonce() }
  const items = [{ tag: known?.tag, ...event }]
  await send('feedback accepted', 'accepted', 'vdab', '/v1/feedback', { ...feedback, items })
  const nobody = [{ tag: Buffer.alloc(16, 7).toString('base64url'), ...event }]
  await send('nobody of it taken', 'refused', 'vdab', '/v1/feedback', {
    ...{ ...feedback, nonce: nonce(), items: nobody },
  })
  const told = await until('the feedback arrives', () =>
    gateway.hooks.woonboog.received
      .map(one => one.body as { type: string; data: Record<string, string> })
      .find(one => one.type === 'be.huisbrug.feedback.reachability'),
  )
  const { feedbackId, tenantRef } = told.data
  const progress = `/v1/feedback/${feedbackId}/progress`
  const step = { status: 'taken-up', on: TODAY, nonce: nonce() }
  await send('progress accepted', 'accepted', 'woonboog', progress, step)
  await send('progress refused', 'HB-506', 'leefgoed', progress, { ...step, nonce: nonce() })

  const ended = { protocol: 'wm-vdab', purpose: 'stopping', type: 'tenancy.ended' }
  const gone = { ...ended, nonce: nonce(), items: [{ tenantRef, endedOn: TODAY }] }
  await send('message accepted', 'accepted', 'woonboog', '/v1/messages', gone)
  const { type: _, purpose: __, ...named } = { ...gone, nonce: nonce() }
  await send('tenancy ended, known already', 'refused', 'woonboog', '/v1/tenancies/ended', named)
  const unlisted = { ...ended, type: 'no.such', nonce: nonce(), items: [] }
  await send('unlisted type', 'HB-310', 'woonboog', '/v1/messages', unlisted)
  const month = { protocol: 'wm-vdab', period: PERIOD }
  await send('period closed', 'closed', 'woonboog', '/v1/periods/close', month)
  return all
}
