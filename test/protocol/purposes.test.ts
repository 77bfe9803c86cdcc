import { compileMessage } from '../../src/protocol/compile.ts'
import { decide } from '../../src/protocol/decide.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { setInForce } from '../protocol-proof/sets.ts'
import { question, sampleFramework } from './sample.ts'

/** A request under two purposes, whose ground of tenancy serves the first only. */
function twoPurposes(): Agreement {
  const document = sampleFramework()
  document.messageTypes[0]!.purposes = ['detection', 'refinement']
  for (const element of document.dataElements) element.purposes = ['detection', 'refinement']
  document.dataElements.find(one => one.field === 'tenantGround')!.purposes = ['detection']
  return document
}

const common = { protocol: 'wm-vdab', nonce: 'n'.repeat(43), referenceDate: '2026-11-01' }
const targetGroup = { id: 'tenants-with-labour-potential', version: '1.0' }
const named = { ...common, targetGroup }
const bare = { insz: '1', tenantRef: 'A-1' }
const full = { ...bare, tenantGround: 'art-6.1-1-a' }

function judge(purpose: string | undefined, tenant: object, body: object = {}): string[] {
  const told = { ...named, purpose: purpose ?? 'detection', tenants: [tenant], ...body }
  return compileMessage(
    twoPurposes(),
    'detection.request',
    false,
    purpose,
  )(told).map(({ code, pointer }) => `${code} ${pointer}`)
}

function decided(purpose: string, tenant: object) {
  const fields = [...Object.keys(tenant), 'referenceDate', 'targetGroup']
  return decide(setInForce(twoPurposes()), question({ purpose, fields }))
}

test('a datum is asked for under the purposes that it serves, and refused under the others', () => {
  expect(judge('detection', full)).toEqual([])
  expect(judge('detection', bare)).toEqual(['HB-202 /tenants/0/tenantGround'])
  expect(judge('refinement', bare)).toEqual([])
  expect(judge('refinement', full)).toEqual(['HB-312 /tenants/0/tenantGround'])
})

test('the decision says the same', () => {
  expect(decided('detection', full).allow).toBe(true)
  expect(decided('refinement', bare).allow).toBe(true)
  expect(decided('refinement', full)).toMatchObject({ code: 'HB-312' })
})

test('without a purpose, or under one that the type has not, it is the first', () => {
  expect(judge(undefined, full)).toEqual([])
  expect(judge(undefined, bare)).toEqual(['HB-202 /tenants/0/tenantGround'])
  expect(judge('follow-up', bare)).toEqual(['HB-202 /tenants/0/tenantGround'])
  const document = twoPurposes()
  const first = compileMessage(document, 'detection.request', false, 'detection')
  expect(compileMessage(document, 'detection.request')).toBe(first)
  expect(compileMessage(document, 'detection.request', false, 'follow-up')).toBe(first)
  expect(compileMessage(document, 'detection.request', false, 'refinement')).not.toBe(first)
})

test('names that run on into one another are kept apart', () => {
  const document = sampleFramework()
  const [message, element] = [document.messageTypes[0]!, document.dataElements[0]!]
  const types = { 'help.asked': 'falsegoal', 'help.askedfalse': 'goal' }
  document.messageTypes = Object.entries(types).map(([type, purpose]) => ({
    ...message,
    ...{ type, pattern: 'event', purposes: [purpose] },
  }))
  document.dataElements = Object.keys(types).map(type => ({
    ...element,
    messageTypes: [type],
    purposes: Object.values(types),
  }))
  const first = compileMessage(document, 'help.asked')
  expect(compileMessage(document, 'help.askedfalse')).not.toBe(first)
})
