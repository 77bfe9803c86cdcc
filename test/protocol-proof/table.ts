/*
 * What the shipped framework wm-vdab says, read by a person from protocols/wm-vdab/README.md and the
 * document, and written down a second time. Shares no code with src/protocol: where the two differ,
 * one of them is wrong.
 */

export type Kind = 'housing-company' | 'employment-service' | 'welfare-office'

/** Where a message of a type goes, what it carries, and whether it is on. */
export interface Row {
  from: Kind
  to: Kind | 'gateway'
  on: boolean
  fields: readonly string[]
}

export const TABLE: Readonly<Record<string, Row>> = {
  'detection.request': {
    from: 'housing-company',
    to: 'employment-service',
    on: true,
    fields: ['insz', 'tenantRef', 'tenantGround', 'referenceDate', 'targetGroup'],
  },
  'detection.answer': {
    from: 'employment-service',
    to: 'housing-company',
    on: true,
    fields: ['found'],
  },
  'steps.counts': {
    from: 'employment-service',
    to: 'housing-company',
    on: false,
    fields: ['step', 'persons'],
  },
  'feedback.reachability': {
    from: 'employment-service',
    to: 'housing-company',
    on: true,
    fields: ['tag', 'reachability', 'establishedOn'],
  },
  'feedback.progress': {
    from: 'housing-company',
    to: 'gateway',
    on: true,
    fields: ['status', 'on'],
  },
  'tenancy.ended': {
    from: 'housing-company',
    to: 'employment-service',
    on: true,
    fields: ['tenantRef', 'endedOn'],
  },
}

/** A value of each field that is in order. */
export const VALUES: Readonly<Record<string, unknown>> = {
  insz: '85.07.30-033.28',
  tenantRef: 'WB-2026-000417',
  tenantGround: 'art-6.1-1-a',
  referenceDate: '2026-11-01',
  targetGroup: { id: 'tenants-with-labour-potential', version: '1.0' },
  found: 214,
  step: 'guidance',
  persons: 40,
  tag: 'pZ0wq1Jb0yQmX3d7aK9sDg',
  reachability: 'hard-to-reach',
  establishedOn: '2026-11-19',
  status: 'taken-up',
  on: '2026-11-21',
  endedOn: '2026-10-31',
}

const NONCE = 'q0v3hN1yT5uWmJx8sKfZ2bRcLpDgEaYiOwQtUzXn6VM'
const DIGEST = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'
const protocol = 'wm-vdab'
const domain = 'wm-vdab/1/1'
const answers = { inReplyTo: 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', requestDigest: DIGEST }

interface Layout {
  around: Record<string, unknown>
  /** Member with the items; null where the message is one item itself. */
  list: string | null
  aroundItem?: Record<string, unknown>
}

/** The named operations: what stands around the fields. There is none for steps.counts. */
const NAMED: Readonly<Record<string, Layout>> = {
  'detection.request': {
    around: { protocol, purpose: 'detection', nonce: NONCE },
    list: 'tenants',
  },
  'detection.answer': { around: { nonce: NONCE, requestDigest: DIGEST }, list: null },
  'feedback.reachability': { around: { protocol, domain, nonce: NONCE }, list: 'items' },
  'feedback.progress': { around: { nonce: NONCE }, list: null },
  'tenancy.ended': { around: { protocol, nonce: NONCE }, list: 'items' },
}

/** The general form of POST /v1/messages, likewise. */
const GENERAL: Readonly<Record<string, Layout>> = {
  'detection.request': general('detection', {}),
  'detection.answer': general('detection', answers),
  'steps.counts': general('detection', answers),
  'feedback.reachability': general('follow-up', { domain }),
  'feedback.progress': general('follow-up', {}, { feedbackId: 'fb_01KAJ5K2E8QH4N6R0S1TVWXYZ3' }),
  'tenancy.ended': general('stopping', {}),
}

function general(purpose: string, more: object, aroundItem: Record<string, unknown> = {}): Layout {
  return { around: { protocol, purpose, nonce: NONCE, ...more }, list: 'items', aroundItem }
}

/** Fields that a message has once; all others are of its items, where it has items. */
const ONCE = ['referenceDate', 'targetGroup']

/** A message of a type with these fields, all in order; undefined without a named operation. */
export function messageOf(type: string, fields: readonly string[], isGeneral: boolean) {
  const layout = (isGeneral ? GENERAL : NAMED)[type]
  if (!layout) return undefined
  const { around, list, aroundItem } = layout
  const top = fields.filter(field => list === null || ONCE.includes(field))
  const item = fields.filter(field => !top.includes(field))
  const body = { ...around, ...(isGeneral && { type }), ...valuesOf(top) }
  return list === null ? body : { ...body, [list]: [{ ...aroundItem, ...valuesOf(item) }] }
}

function valuesOf(fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(fields.map(field => [field, VALUES[field]]))
}
