import { randomBytes, randomUUID } from 'node:crypto'
import type { Explanation } from '../../src/client/index.ts'
import { post, tagsOf, tokenOf } from '../attack/kit.ts'
import { detection, forwardedTo, TODAY, tenants } from '../support/detection.ts'
import { type PartyId, type TestGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { call, type RawReply } from '../support/raw.ts'

/** A message as it is asked about: its endpoint, and the body with "synthetic" for every number. */
export interface Sample {
  type: string
  path: string
  about?: string
  message: Record<string, unknown>
}

/** What the samples are about: a request that waits for its answer, and a feedback. */
export interface Ground {
  domain: string
  requestId: string
  requestDigest: string
  feedbackId: string
}

let next = 20_000
const nonce = () => randomBytes(32).toString('base64url')

/** Sends a request about two persons and gives feedback about one of them. */
export async function layGround(gateway: TestGateway, domain: string): Promise<Ground> {
  const sent = await gateway.clients.woonboog.detect(detection(tenants(next, 2)))
  next += 2
  const { body } = await forwardedTo(gateway, sent.messageId)
  const [tag = ''] = await tagsOf(gateway, sent.messageId)
  const items = [{ tag, reachability: 'hard-to-reach' as const, establishedOn: TODAY }]
  await gateway.clients.vdab.feedback({ protocol: 'wm-vdab', domain, items })
  const feedbackId = await until('there is feedback', async () => {
    const { rows } = await gateway.db.pool.query<{ id: string }>(
      'SELECT id FROM feedback ORDER BY id DESC LIMIT 1',
    )
    return rows[0]?.id
  })
  const requestDigest = String(body['requestDigest'])
  return { domain, requestId: sent.messageId, requestDigest, feedbackId }
}

const GROUP = { id: 'tenants-with-labour-potential', version: '1.0' }
const GENERAL = '/v1/messages'

/** A good message of every type, in the form of its own endpoint and in the general form. */
export function samples(ground: Ground): Sample[] {
  const { domain, requestId, requestDigest, feedbackId } = ground
  const base = { protocol: 'wm-vdab', nonce: nonce() }
  const reference = () => `ref-${next++}`
  const persons = [1, 2].map(() => ({
    insz: 'synthetic',
    tenantRef: reference(),
    tenantGround: 'art-6.1-1-a',
  }))
  const once = { referenceDate: TODAY, targetGroup: GROUP }
  const tags = [1, 2].map(() => ({
    tag: Buffer.concat([randomBytes(16)]).toString('base64url'),
    reachability: 'not-reached',
    establishedOn: TODAY,
  }))
  const ended = [{ tenantRef: reference(), endedOn: TODAY }]
  const answers = { inReplyTo: requestId, requestDigest }
  const step = { status: 'taken-up', on: TODAY }
  const general = (type: string, purpose: string, items: object[], more: object = {}): Sample => ({
    ...{ type, path: GENERAL },
    message: { ...base, type, purpose, items, ...more },
  })
  return [
    {
      ...{ type: 'detection.request', path: '/v1/detections' },
      message: { ...base, purpose: 'detection', ...once, tenants: persons },
    },
    {
      ...{ type: 'detection.answer', path: `/v1/detections/${requestId}/answer`, about: requestId },
      message: { nonce: nonce(), requestDigest, found: 1 },
    },
    {
      ...{ type: 'feedback.reachability', path: '/v1/feedback' },
      message: { ...base, domain, items: tags },
    },
    {
      ...{ type: 'feedback.progress', path: `/v1/feedback/${feedbackId}/progress` },
      about: feedbackId,
      message: { nonce: nonce(), ...step },
    },
    {
      ...{ type: 'tenancy.ended', path: '/v1/tenancies/ended' },
      message: { ...base, items: ended },
    },
    general('detection.request', 'detection', persons, once),
    general('detection.answer', 'detection', [{ found: 1 }], answers),
    general('steps.counts', 'detection', [{ step: 'contact', persons: 2 }], answers),
    general('feedback.reachability', 'follow-up', tags, { domain }),
    general('feedback.progress', 'follow-up', [{ feedbackId, ...step }]),
    general('tenancy.ended', 'stopping', ended),
  ]
}

/** The same message as it is really sent: another valid number for each "synthetic". */
export function withNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNumbers)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) =>
      name === 'insz' && part === 'synthetic'
        ? [name, syntheticNumber(next++)]
        : [name, withNumbers(part)],
    ),
  )
}

/** Asks the gateway to explain, as a party would. */
export async function ask(
  gateway: TestGateway,
  party: string,
  question: object,
): Promise<RawReply & { body: Explanation }> {
  const token = await tokenOf(gateway, party as PartyId)
  const reply = await call(gateway, 'POST', '/v1/explain', { token, body: question })
  return reply as RawReply & { body: Explanation }
}

/** Asks about a sample. */
export function askAbout(gateway: TestGateway, party: string, sample: Sample, at?: string) {
  const { type, about, message } = sample
  return ask(gateway, party, { type, message, ...(about && { about }), ...(at && { at }) })
}

/** Sends a sample for real. */
export async function send(gateway: TestGateway, party: string, { path, message }: Sample) {
  const token = await tokenOf(gateway, party as PartyId)
  const body = withNumbers(message)
  return call(gateway, 'POST', path, { token, key: randomUUID(), body })
}

export { post }
