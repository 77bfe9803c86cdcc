import type { EntryDraft } from '../../src/audit/types.ts'
import type { Pool } from '../../src/db/pool.ts'
import {
  addEntries,
  addFeedback,
  addHandOver,
  addMessage,
  addParties,
  addTransition,
  ago,
  PROTOCOL,
} from './seed.ts'

/** Ids of the messages of the seeded region. */
export interface Region {
  answered: string
  answer: string
  refused: string
  feedback: string
  parked: string
  hostile: string
}

const FIELDS = ['insz', 'referenceDate', 'targetGroup', 'tenantGround', 'tenantRef']
const GATEWAY = { role: 'gateway' }

/** A day in a region: one message of every kind of journey, each with its entries. */
export async function seedRegion(pool: Pool): Promise<Region> {
  await addParties(pool)
  await addEntries(pool, [
    { action: 'program.started', at: ago(400), actor: GATEWAY },
    { action: 'protocol.in-force', at: ago(399), actor: GATEWAY, protocol: PROTOCOL },
  ])
  const refused = await seedRefused(pool)
  const { answered, answer } = await seedAnswered(pool)
  const parked = await seedParked(pool)
  const feedback = await seedFeedback(pool)
  const hostile = await seedHostile(pool)
  return { answered, answer, refused, feedback, parked, hostile }
}

async function seedRefused(pool: Pool): Promise<string> {
  const at = ago(390)
  const id = await addMessage(pool, {
    at,
    type: 'detection.request',
    party: 'leefgoed',
    accepted: 0,
    refused: 200,
    code: 'HB-304',
  })
  const entry = entryOf('message.refused', at, id, 'detection.request', 'leefgoed')
  const rule = 'wm-vdab-leefgoed 1.0.0, signatures[vdab]'
  await addEntries(pool, [
    { ...entry, decision: 'refused', code: 'HB-304', rule, counts: { refused: 200 } },
  ])
  return id
}

async function seedAnswered(pool: Pool): Promise<{ answered: string; answer: string }> {
  const type = 'detection.request'
  const answered = await addMessage(pool, {
    at: ago(240),
    type,
    party: 'woonboog',
    accepted: 197,
    refused: 3,
    answer: 'answered',
    fields: FIELDS,
    receipt: 'eyJhbGciOiJFZERTQSJ9.c3ludGhldGlj.c2lnbmF0dXJl',
  })
  const handOver = { messageId: answered, to: 'vdab', kind: 'request' as const, items: 197 }
  const deliveredAt = ago(238)
  await addHandOver(pool, {
    ...handOver,
    at: ago(240),
    state: 'delivered',
    deliveredAt,
    status: 202,
    attempts: 2,
  })
  await addTransition(pool, answered, 'retrying', ago(239.5), 'http-503')
  await addTransition(pool, answered, 'delivered', deliveredAt)
  await addTransition(pool, answered, 'answered', ago(200))
  const out = { recipient: 'vdab', purpose: 'detection', protocol: PROTOCOL }
  const step = (action: EntryDraft['action'], minutes: number): EntryDraft => ({
    ...entryOf(action, ago(minutes), answered, type),
    ...out,
    counts: { items: 197 },
  })
  await addEntries(pool, [
    {
      ...entryOf('message.accepted', ago(240), answered, type, 'woonboog'),
      decision: 'allowed',
      code: 'HB-401',
      fields: FIELDS,
      protocol: PROTOCOL,
      purpose: 'detection',
      counts: { accepted: 197, refused: 3 },
      subjects: [Buffer.alloc(16, 1), Buffer.alloc(16, 2)],
    },
    step('message.forwarding', 239.6),
    { ...step('message.retrying', 239.5), reason: 'http-503' },
    step('message.forwarding', 238.1),
    step('message.delivered', 238),
  ])
  const answer = await addMessage(pool, {
    at: ago(200),
    type: 'detection.answer',
    party: 'vdab',
    accepted: 1,
    inReplyTo: answered,
    fields: ['found'],
  })
  await addHandOver(pool, {
    messageId: answer,
    at: ago(200),
    to: 'woonboog',
    kind: 'event',
    event: 'be.huisbrug.detection.answered',
    state: 'held',
    reason: 'period-open',
    attempts: 0,
  })
  await addTransition(pool, answer, 'held', ago(200), 'period-open')
  await addEntries(pool, [
    {
      ...entryOf('message.accepted', ago(200), answer, 'detection.answer', 'vdab'),
      decision: 'allowed',
    },
  ])
  return { answered, answer }
}

async function seedParked(pool: Pool): Promise<string> {
  const type = 'tenancy.ended'
  const at = ago(120)
  const id = await addMessage(pool, {
    at,
    type,
    party: 'woonboog',
    accepted: 2,
    fields: ['tenantRef', 'endedOn'],
  })
  await addHandOver(pool, {
    messageId: id,
    at,
    to: 'vdab',
    kind: 'items',
    items: 2,
    state: 'parked',
    reason: 'http-422',
    status: 422,
  })
  await addTransition(pool, id, 'parked', ago(119), 'http-422')
  await addEntries(pool, [
    {
      ...entryOf('message.accepted', at, id, type, 'woonboog'),
      decision: 'allowed',
      protocol: PROTOCOL,
    },
    { ...entryOf('message.forwarding', ago(119.5), id, type), recipient: 'vdab' },
    { ...entryOf('message.parked', ago(119), id, type), recipient: 'vdab', reason: 'http-422' },
  ])
  return id
}

async function seedFeedback(pool: Pool): Promise<string> {
  const type = 'feedback.reachability'
  const at = ago(60)
  const id = await addMessage(pool, {
    at,
    type,
    party: 'vdab',
    accepted: 7,
    refused: 1,
    fields: ['establishedOn', 'reachability', 'tag'],
  })
  await addFeedback(pool, id, 'woonboog', [
    'open',
    'open',
    'open',
    'taken-up',
    'taken-up',
    'closed',
  ])
  const event = 'be.huisbrug.feedback.reachability'
  const entries: EntryDraft[] = [
    {
      ...entryOf('message.accepted', at, id, type, 'vdab'),
      decision: 'allowed',
      code: 'HB-405',
      counts: { accepted: 7, refused: 1 },
    },
  ]
  for (let item = 0; item < 6; item++) {
    const sentAt = new Date(at.getTime() + 800 + item * 50)
    const deliveredAt = new Date(sentAt.getTime() + 40)
    await addHandOver(pool, {
      messageId: id,
      at: sentAt,
      to: 'woonboog',
      kind: 'event',
      event,
      state: 'delivered',
      status: 204,
      deliveredAt,
    })
    entries.push(
      {
        ...entryOf('message.forwarding', sentAt, id, type),
        recipient: 'woonboog',
        counts: { items: 1 },
      },
      {
        ...entryOf('message.delivered', deliveredAt, id, type),
        recipient: 'woonboog',
        counts: { items: 1 },
      },
    )
  }
  await addHandOver(pool, {
    messageId: id,
    at,
    to: null,
    kind: 'event',
    event,
    state: 'held',
    reason: 'two-current-routes',
    attempts: 0,
  })
  await addTransition(pool, id, 'delivered', new Date(at.getTime() + 840))
  await pool.query(
    `INSERT INTO exception (kind, message_id, opened_at) VALUES ('two-current-routes', $1, $2)`,
    [id, at],
  )
  entries.push({ ...entryOf('exception.opened', at, id, type), reason: 'two-current-routes' })
  await addEntries(pool, entries)
  return id
}

async function seedHostile(pool: Pool): Promise<string> {
  const at = ago(30)
  const id = await addMessage(pool, {
    at,
    type: 'detection.request',
    party: 'hostile',
    accepted: 0,
    refused: 1,
    code: 'HB-301',
    protocol: null,
  })
  const entry = entryOf('message.refused', at, id, 'detection.request', 'hostile')
  await addEntries(pool, [
    {
      ...entry,
      decision: 'refused',
      code: 'HB-301',
      rule: 'GET /v1/protocols',
      counts: { refused: 1 },
    },
  ])
  return id
}

function entryOf(
  action: EntryDraft['action'],
  at: Date,
  id: string,
  type: string,
  party?: string,
): EntryDraft {
  const role = party === 'vdab' ? 'employment-service' : party ? 'housing-company' : 'gateway'
  return { action, at, actor: { role, ...(party && { party }) }, message: { id, type } }
}
