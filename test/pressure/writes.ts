import { randomBytes } from 'node:crypto'
import { ristretto255_hasher } from '@noble/curves/ed25519.js'
import { nonce, tagsOf } from '../attack/kit.ts'
import { COUNTS } from '../reports/counts.ts'
import { detection, forwardedTo, PERIOD, TODAY, tenants } from '../support/detection.ts'
import { type PartyId, type TestGateway, until } from '../support/gateway.ts'

/** A call that writes, and what shows how often it was done. */
export interface Write {
  party: PartyId
  path: string
  body?: object
  /** A body that is refused for good, where there is one. */
  bad?: object
  /** How often it had its effect; the difference is looked at. */
  effects: () => Promise<number>
}

export type MakeWrite = (gateway: TestGateway) => Promise<Write>

let next = 0
const some = (count: number) => {
  next += count
  return tenants(next - count, count)
}

/** A request of woonboog that VDAB has and did not answer. */
async function request(gateway: TestGateway) {
  const people = some(3)
  const { messageId } = await gateway.clients.woonboog.detect(detection(people))
  const { body } = await forwardedTo(gateway, messageId)
  return { messageId, people, requestDigest: body['requestDigest'] }
}

const counter =
  (gateway: TestGateway, sql: string, ...values: unknown[]) =>
  async () =>
    Number((await gateway.db.pool.query<{ n: number }>(sql, values)).rows[0]?.n ?? 0)

const messagesOf = (gateway: TestGateway, party: PartyId) =>
  counter(gateway, 'SELECT count(*) AS n FROM message WHERE party_id = $1', party)

const entriesOf = (gateway: TestGateway, action: string) =>
  counter(
    gateway,
    `SELECT (SELECT count(*) FROM audit_entry WHERE action = $1)
       + (SELECT count(*) FROM audit_pending WHERE action = $1) AS n`,
    action,
  )

const message = (
  gateway: TestGateway,
  party: PartyId,
  path: string,
  body: object,
): Omit<Write, 'bad'> & { bad: object } => ({
  party,
  path,
  body: { nonce: nonce(), ...body },
  bad: { nonce: nonce(), ...body, protocol: 'no-such-protocol' },
  effects: messagesOf(gateway, party),
})

async function giveFeedback(gateway: TestGateway): Promise<string> {
  const { messageId } = await request(gateway)
  const [tag = ''] = await tagsOf(gateway, messageId)
  const sent = await gateway.clients.vdab.feedback(await feedbackAbout(gateway, tag))
  const { rows } = await gateway.db.pool.query<{ id: string }>(
    'SELECT id FROM feedback WHERE message_id = $1',
    [sent.messageId],
  )
  return rows[0]!.id
}

async function feedbackAbout(gateway: TestGateway, tag: string) {
  const { items } = await gateway.clients.vdab.domains()
  const domain = items.find(it => it.domain.startsWith('wm-vdab/'))!.domain
  const item = { tag, reachability: 'hard-to-reach' as const, establishedOn: TODAY }
  return { protocol: 'wm-vdab', domain, items: [item] }
}

/** A call of each writing operation, fresh every time it is asked for. */
export const WRITES: Readonly<Record<string, MakeWrite>> = {
  'post /v1/detections': async gateway =>
    message(gateway, 'woonboog', '/v1/detections', detection(some(3))),
  'post /v1/messages': async gateway => {
    const { tenants: items, ...rest } = detection(some(3))
    const body = { type: 'detection.request', ...rest, items }
    return message(gateway, 'woonboog', '/v1/messages', body)
  },
  'post /v1/detections/:messageId/answer': async gateway => {
    const { messageId, requestDigest } = await request(gateway)
    const path = `/v1/detections/${messageId}/answer`
    const bad = { nonce: nonce(), requestDigest: 'A'.repeat(43), found: 1 }
    return { ...message(gateway, 'vdab', path, { requestDigest, found: 1 }), bad }
  },
  'post /v1/feedback': async gateway => {
    const { messageId } = await request(gateway)
    const [tag = ''] = await tagsOf(gateway, messageId)
    return message(gateway, 'vdab', '/v1/feedback', await feedbackAbout(gateway, tag))
  },
  'post /v1/feedback/:feedbackId/progress': async gateway => {
    const path = `/v1/feedback/${await giveFeedback(gateway)}/progress`
    const step = { status: 'taken-up', on: TODAY }
    const bad = { nonce: nonce(), status: 'lost', on: TODAY }
    return { ...message(gateway, 'woonboog', path, step), bad }
  },
  'post /v1/reports/annex-1': async gateway =>
    message(gateway, 'woonboog', '/v1/reports/annex-1', COUNTS),
  'post /v1/tenancies/ended': async gateway => {
    const { people } = await request(gateway)
    const items = people.map(({ tenantRef }) => ({ tenantRef, endedOn: TODAY }))
    return message(gateway, 'woonboog', '/v1/tenancies/ended', { protocol: 'wm-vdab', items })
  },
  'post /v1/pseudonyms/evaluations': async gateway => {
    const { items } = await gateway.clients.vdab.domains()
    const { domain } = items.find(it => it.domain.startsWith('wm-vdab/'))!
    const element = () =>
      Buffer.from(ristretto255_hasher.hashToCurve(randomBytes(32)).toBytes()).toString('base64url')
    const blinded = Array.from({ length: 20 }, element)
    const bad = { domain, blinded: [...blinded.slice(0, 3), 'A'.repeat(43)] }
    const effects = counter(gateway, 'SELECT coalesce(sum(used), 0) / 20.0 AS n FROM quota_use')
    return {
      party: 'vdab',
      path: '/v1/pseudonyms/evaluations',
      body: { domain, blinded },
      bad,
      effects,
    }
  },
  'post /v1/periods/close': async gateway => {
    const { clients } = gateway
    // A period closes once: as if this one was never closed before.
    await gateway.db.pool.query("DELETE FROM period_close WHERE party_id = 'de-noorderkempen'")
    await clients['de-noorderkempen'].detect(detection(some(2)))
    const body = { protocol: 'wm-vdab', period: PERIOD }
    const bad = { ...body, period: '2020-01' }
    const path = '/v1/periods/close'
    return {
      party: 'de-noorderkempen',
      path,
      body,
      bad,
      effects: entriesOf(gateway, 'period.closed'),
    }
  },
  'put /v1/webhook': async gateway => ({
    party: 'leefgoed',
    path: '/v1/webhook',
    body: { url: `${gateway.hooks.leefgoed.url}/webhook` },
    bad: { url: 'https://10.0.0.1/' },
    effects: entriesOf(gateway, 'webhook.changed'),
  }),
  'delete /v1/webhook': async gateway => {
    await setWebhook(gateway)
    return {
      party: 'leefgoed',
      path: '/v1/webhook',
      effects: entriesOf(gateway, 'webhook.changed'),
    }
  },
  'post /v1/webhook/rotate': async gateway => {
    await setWebhook(gateway)
    const effects = entriesOf(gateway, 'webhook.changed')
    return { party: 'leefgoed', path: '/v1/webhook/rotate', effects }
  },
  'post /v1/webhook/test': async gateway => {
    await setWebhook(gateway)
    const sql = "SELECT count(*) AS n FROM hand_over WHERE event = 'be.huisbrug.test'"
    return { party: 'leefgoed', path: '/v1/webhook/test', effects: counter(gateway, sql) }
  },
  'post /v1/deliveries/:id/retry': async gateway => {
    const id = await delivered(gateway)
    const path = `/v1/deliveries/${id}/retry`
    return { party: 'woonboog', path, effects: deliveriesOf(gateway, id) }
  },
  'post /v1/deliveries/retry': async gateway => {
    const id = await delivered(gateway)
    const since = await createdAt(gateway, id)
    const body = { state: 'delivered', since }
    const bad = { state: 'no-such-state' }
    const path = '/v1/deliveries/retry'
    return { party: 'woonboog', path, body, bad, effects: deliveriesOf(gateway, id) }
  },
  'post /v1/inbox/acknowledgements': async gateway => {
    const id = await delivered(gateway)
    await gateway.clients.woonboog.inbox({ limit: 1000 })
    const sql = 'SELECT count(*) AS n FROM hand_over WHERE id = $1 AND acknowledged_at IS NOT NULL'
    const bad = { upTo: 'none' }
    const path = '/v1/inbox/acknowledgements'
    return { party: 'woonboog', path, body: { upTo: id }, bad, effects: counter(gateway, sql, id) }
  },
}

async function setWebhook(gateway: TestGateway): Promise<void> {
  await gateway.clients.leefgoed.setWebhook({ url: `${gateway.hooks.leefgoed.url}/webhook` })
}

/** The hand-over of a feedback that woonboog's webhook took. */
async function delivered(gateway: TestGateway): Promise<string> {
  const feedbackId = await giveFeedback(gateway)
  return until('it is delivered', async () => {
    const { rows } = await gateway.db.pool.query<{ id: string }>(
      "SELECT id FROM hand_over WHERE feedback_id = $1 AND state = 'delivered'",
      [feedbackId],
    )
    return rows[0]?.id
  })
}

async function createdAt(gateway: TestGateway, id: string): Promise<string> {
  const { rows } = await gateway.db.pool.query<{ at: Date }>(
    'SELECT created_at AS at FROM hand_over WHERE id = $1',
    [id],
  )
  return rows[0]!.at.toISOString()
}

/** How often a hand-over reached the webhook, a second after it is at rest. */
const deliveriesOf = (gateway: TestGateway, id: string) => async () => {
  await until('it is at rest', async () => {
    const { rows } = await gateway.db.pool.query('SELECT state FROM hand_over WHERE id = $1', [id])
    return rows[0].state === 'delivered'
  })
  return gateway.hooks.woonboog.received.filter(it => it.headers['webhook-id'] === id).length
}
