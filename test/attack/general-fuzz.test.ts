import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { ERRORS } from '../../src/error-table.ts'
import { addThirdProtocol, THIRD } from '../messages/third.ts'
import { TODAY } from '../messages/welfare.ts'
import { openDomain } from '../support/detection.ts'
import { type PartyId, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { call, type RawReply } from '../support/raw.ts'
import { findForbidden } from './forbidden.ts'
import { assertConserved, nonce, tokenOf } from './kit.ts'

/** Whatever a message of the general form holds, its refusal is a known one and never our fault. */
let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway()
  await addThirdProtocol(gateway)
  await openDomain(gateway)
  const { vdab } = gateway.clients
  const { domain } = await until('a domain opens', async () => {
    const { items } = await vdab.domains()
    return items.find(it => it.domain.startsWith(`${THIRD}/`))
  })
  await vdab.domainReady(domain)
})
afterAll(async () => {
  await gateway.close()
})

const SECRET = syntheticNumber(5_555)
const MESSAGE = 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD'
const FEEDBACK = 'fb_01KAJ5K2E8QH4N6R0S1TVWXYZ3'
const TAG = 'A'.repeat(22)
const about = { inReplyTo: MESSAGE, requestDigest: 'A'.repeat(43) }
const target = { id: 'tenants-with-labour-potential', version: '1.0' }

/** A good message of every pattern, of protocols with named types and without. */
const GOOD: [PartyId, Record<string, unknown>][] = [
  [
    'woonboog',
    third('participants.question', { insz: '1', dossier: 'd', signedOn: TODAY, paper: 'p' }),
  ],
  ['vdab', third('participants.answer', { row: TAG, known: true }, about)],
  ['woonboog', third('participation.withdrawn', { dossier: 'd' })],
  ['woonboog', third('referral.announced', { dossier: 'd', announcedOn: TODAY })],
  ['vdab', third('referral.taken-up', { feedbackId: FEEDBACK, status: 'closed', on: TODAY })],
  ['woonboog', third('objection.raised', { dossier: 'd' })],
  ['vdab', third('steps.taken', { step: 'work', persons: 1 }, about)],
  [
    'woonboog',
    own(
      'detection.request',
      'detection',
      { insz: '1', tenantRef: 't', tenantGround: 'art-6.1-1-a' },
      {
        referenceDate: TODAY,
        targetGroup: target,
      },
    ),
  ],
  ['vdab', own('detection.answer', 'detection', { found: 1 }, about)],
  [
    'vdab',
    own(
      'feedback.reachability',
      'follow-up',
      { tag: TAG, reachability: 'hard-to-reach', establishedOn: TODAY },
      { domain: 'wm-vdab/1/1' },
    ),
  ],
  [
    'woonboog',
    own('feedback.progress', 'follow-up', { feedbackId: FEEDBACK, status: 'closed', on: TODAY }),
  ],
  ['woonboog', own('tenancy.ended', 'stopping', { tenantRef: 't', endedOn: TODAY })],
]

function third(type: string, item: object, more: object = {}) {
  const stops = ['participation.withdrawn', 'objection.raised'].includes(type)
  return { protocol: THIRD, type, purpose: stops ? 'stopping' : 'help', ...more, items: [item] }
}

function own(type: string, purpose: string, item: object, more: object = {}) {
  return { protocol: 'wm-vdab', type, purpose, ...more, items: [item] }
}

const oddArb = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, false, -1, 0, 0.5, 1e308, '', ' ', SECRET, '\u0000', 'a\u0000b', '\ud800'],
    ...[
      '__proto__',
      'constructor',
      'toString',
      '\u202e',
      '🏠',
      '0000-01-01',
      '2199-12-31',
      Number(SECRET),
    ],
    ...[
      'x'.repeat(5_000),
      [],
      {},
      [[]],
      [null],
      { length: 9 },
      Array(2_000).fill({}),
      Array(6_000).fill(1),
    ],
    ...[`wm-vdab/1/1\u0000`, `${MESSAGE}\u0000`, `p-${SECRET}`, { id: SECRET, version: '\u0000' }],
  ),
  fc.jsonValue(),
)

const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  SECRET,
  'domain',
  'inReplyTo',
  'feedbackId',
  '',
  '/~0',
]

/** A body with one place changed, taken away, doubled or added to. */
function mutate(value: unknown, odd: unknown, dice: () => number): unknown {
  if (Array.isArray(value)) {
    const at = dice() % 4
    if (at === 0) return [...value, ...value]
    if (at === 1) return odd
    return value.map(part => mutate(part, odd, dice))
  }
  if (typeof value !== 'object' || value === null) return odd
  const entries = Object.entries(value)
  const [name] = entries[dice() % (entries.length + 2)] ?? []
  if (name === undefined) {
    const added = JSON.stringify(NAMES[dice() % NAMES.length])
    return JSON.parse(`${JSON.stringify(value).slice(0, -1)},${added}:${JSON.stringify(odd) ?? 1}}`)
  }
  if (dice() % 6 === 0) return Object.fromEntries(entries.filter(([key]) => key !== name))
  return Object.fromEntries(
    entries.map(([key, part]) => [key, key === name ? mutate(part, odd, dice) : part]),
  )
}

function judge({ status, text, body }: RawReply, sent: unknown): void {
  const known = status < 300 || Object.hasOwn(ERRORS, String(body.code))
  const fault = status >= 500 && !['HB-307', 'HB-316'].includes(String(body.code))
  expect({
    known,
    fault,
    sent: (!known || fault) && sent,
    text: (!known || fault) && text,
  }).toEqual({
    known: true,
    fault: false,
    sent: false,
    text: false,
  })
  for (const refused of (body['refused'] as { code: string }[] | undefined) ?? []) {
    expect(ERRORS).toHaveProperty(refused.code)
  }
}

test.each(GOOD.map(([party, body]) => [String(body['type']), party, body] as const))(
  'a message of type %s with anything anywhere',
  async (_type, party, good) => {
    const codes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(oddArb, fc.infiniteStream(fc.nat(1_000)), async (odd, stream) => {
        const dice = () => Number(stream.next().value)
        const twice = dice() % 3 === 0
        const once = mutate({ nonce: nonce(), ...good }, odd, dice)
        const body = twice ? mutate(once, odd, dice) : once
        const token = await tokenOf(gateway, party)
        const key = randomUUID()
        const reply = await call(gateway, 'POST', '/v1/messages', { token, key, body })
        codes.add(reply.body.code ?? String(reply.status))
        judge(reply, body)
        const question = { type: String(good['type']), message: body }
        judge(await call(gateway, 'POST', '/v1/explain', { token, body: question }), question)
      }),
      { numRuns: 60, seed: 20_261_121 },
    )
    expect(codes.size).toBeGreaterThan(2)
  },
  60_000,
)

test('no national number of all this is anywhere', async () => {
  await assertConserved(gateway)
  expect(await findForbidden(gateway, [SECRET], [])).toEqual([])
})
