import { join } from 'node:path'
import fc from 'fast-check'
import { toJwks } from '../../src/client/index.ts'
import { operationFor } from '../../src/exchange/explain-question.ts'
import { ROUTES } from '../../src/http/routes/index.ts'
import { suspend } from '../attack/kit.ts'
import { openDomain } from '../support/detection.ts'
import { resign, type TestGateway, testGateway } from '../support/gateway.ts'
import { testKey } from '../support/statements.ts'
import { askAbout, type Ground, layGround, type Sample, samples, send } from './kit.ts'

/*
 * What an explanation says is what happens: for random messages, good and spoilt, of every party, the
 * question and the real thing are sent to the same gateway and compared.
 */

let gateway: TestGateway
let ground: Ground

beforeAll(async () => {
  gateway = await testGateway({
    framework: document => {
      for (const message of document.messageTypes) message.enabled = true
    },
  })
  for (const [id, kind, kbo] of STRANGERS) {
    const pair = testKey(id)
    await gateway.context.parties.add({ id, kind, name: id, kbo, jwks: { set: toJwks(pair) } })
    Object.assign(gateway.keys, { [id]: pair })
  }
  ground = await layGround(gateway, await openDomain(gateway))
})
afterAll(() => gateway?.close())

const STRANGERS = [
  ['a-stranger', 'housing-company', '0999000525'],
  ['an-office', 'welfare-office', '0999000624'],
] as const

const OUTSIDE = STRANGERS.map(([id]) => id)

/** What no explanation knows: it depends on persons or on what was sent before. */
const STATE = new Set(['HB-404', 'HB-407', 'HB-408', 'HB-502', 'HB-504', 'HB-507', 'HB-509'])

type Spoil = (message: Record<string, unknown>, dice: number) => void

const DIGEST = Buffer.alloc(32, 7).toString('base64url')
const ROWS = [Buffer.alloc(16, 7).toString('base64url')]

const VALUES: unknown[] = [
  ...[null, true, 0, -1, 3.5, 'x', '', [], {}, 'marketing', 'refinement', 'stopping'],
  ...['2031-01-01', '2001-02-03', '2026-02-30', 'not-a-day', 'art-6.1-1-b', 'wm-vdab', 'nowhere'],
  ...['hard-to-reach', 'closed', 'wm-vdab-woonboog', 'wm-vdab/9/9', 'é', ' ', ['x'], 'training'],
]

/** Every place in a message but those of national numbers, its type, and the places below them. */
function placesIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => {
    if (name === 'insz' || name === 'type') return []
    const key = Array.isArray(value) ? Number(name) : name
    return [[...path, key], ...placesIn(part, [...path, key])]
  })
}

function holderAt(message: object, path: (string | number)[]): Record<string | number, unknown> {
  return path.slice(0, -1).reduce((part, key) => part[key as never], message) as never
}

const SPOILS: Record<string, Spoil> = {
  change: (message, dice) => {
    const places = placesIn(message)
    const path = places[dice % places.length] ?? []
    const value = structuredClone(VALUES[Math.floor(dice / 97) % VALUES.length])
    if (path.length) holderAt(message, path)[path.at(-1) as never] = value as never
  },
  remove: (message, dice) => {
    const places = placesIn(message)
    const path = places[dice % places.length] ?? []
    if (path.length) delete holderAt(message, path)[path.at(-1) as never]
  },
  removeNumber: message => {
    const { tenants, items } = message as Record<string, { insz?: string }[] | undefined>
    const first = (Array.isArray(tenants) ? tenants : items)?.[0]
    if (first && typeof first === 'object') delete first.insz
  },
  add: (message, dice) => {
    const names = ['reason', 'income', 'on', 'endedOn', 'tag', 'insz', 'domain', 'x-1']
    const name = names[dice % names.length] ?? 'reason'
    const list = (message['tenants'] ?? message['items']) as unknown[] | undefined
    const inside = Array.isArray(list) ? list[0] : undefined
    const target = dice % 3 === 0 || typeof inside !== 'object' || !inside ? message : inside
    Object.assign(target, { [name]: name === 'insz' ? 'synthetic' : '2026-01-01' })
  },
  repeat: (message, dice) => {
    const name = 'tenants' in message ? 'tenants' : 'items'
    const list = message[name]
    if (!Array.isArray(list) || !list.length) return
    const times = [2, 3, 1_001][dice % 3] ?? 2
    message[name] = Array.from({ length: times }, () => structuredClone(list[0]))
  },
  // Values of the right form that are still wrong.
  nearly: (message, dice) => {
    const wrong: Record<string, unknown[]> = {
      domain: ['wm-vdab/9/9', 'other/1/1'],
      requestDigest: [DIGEST],
      inReplyTo: ['msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD'],
      feedbackId: ['fb_01KAJ5K2E8QH4N6R0S1TVWXYZ3'],
      referenceDate: ['2031-01-01', '2020-01-01'],
      found: [ROWS, 0],
      endedOn: ['2031-01-01'],
      establishedOn: ['2031-01-01'],
      on: ['2031-01-01'],
      targetGroup: [{ id: 'tenants-with-labour-potential', version: '9.9' }],
    }
    const places = placesIn(message).filter(path => String(path.at(-1)) in wrong)
    const path = places[dice % places.length]
    const values = path && wrong[String(path.at(-1))]
    if (values)
      holderAt(message, path)[path.at(-1) as never] = values[
        Math.floor(dice / 97) % values.length
      ] as never
  },
  retype: (message, dice) => {
    if (!('type' in message)) return
    message['type'] = ['unknown.type', 'steps.counts', 'feedback.progress', 5, null][dice % 5]
  },
}

const SPOILED = ['change', 'remove', 'removeNumber', 'add', 'repeat', 'retype'] as const

const messageArb = fc.record({
  sample: fc.nat(10),
  sender: fc.oneof(
    { arbitrary: fc.constant('right'), weight: 9 },
    { arbitrary: fc.constantFrom('vdab', 'woonboog', 'leefgoed', ...OUTSIDE), weight: 2 },
  ),
  spoils: fc.array(fc.tuple(fc.constantFrom(...SPOILED, 'nearly', 'nearly'), fc.nat(100_000)), {
    maxLength: 2,
  }),
})

const OF_VDAB = new Set(['detection.answer', 'steps.counts', 'feedback.reachability'])

interface Drawn {
  sample: number
  sender: string
  spoils: [string, number][]
}

function draw({ sample, sender, spoils }: Drawn): { sample: Sample; party: string } {
  const drawn = structuredClone(samples(ground)[sample] as Sample)
  const own = OF_VDAB.has(drawn.type) ? 'vdab' : 'woonboog'
  for (const [name, dice] of spoils) SPOILS[name]?.(drawn.message, dice)
  const { type } = drawn.message
  if (typeof type === 'string') drawn.type = type
  return { sample: drawn, party: sender === 'right' ? own : sender }
}

/** Refusals that the random messages must come to, at the least. */
const EXPECTED = [
  ...['HB-107', 'HB-202', 'HB-301', 'HB-302', 'HB-309', 'HB-310', 'HB-311', 'HB-312', 'HB-313'],
  ...['HB-314', 'HB-315', 'HB-403', 'HB-409', 'HB-412', 'HB-503', 'HB-505', 'HB-506'],
]

/** Counts what was seen, so that a property over nothing but refusals would be noticed. */
const seen: Record<string, number> = {}

async function assertAgrees(drawn: Drawn): Promise<void> {
  const { sample, party } = draw(drawn)
  const told = await askAbout(gateway, party, sample)
  const real = await send(gateway, party, sample)
  const place = JSON.stringify({ party, ...sample, told: told.body, real: real.body })
  const { code = '202', errors = [] } = real.body
  seen[code] = (seen[code] ?? 0) + 1
  expect([told.status, place]).toEqual([200, place])
  if (STATE.has(code)) {
    expect([told.body.passes, place]).toEqual([true, place])
    return
  }
  expect([told.body.passes, place]).toEqual([real.status === 202, place])
  const same = errors.map(({ code, pointer, rule, remedy }) => ({ pointer, code, rule, remedy }))
  expect([told.body.errors.slice(0, same.length), place]).toEqual([same, place])
  const stop = told.body.checks.find(({ outcome }) => outcome === 'stops')
  expect([stop?.code, place]).toEqual([same[0]?.code, place])
}

async function property(numRuns: number, seed: number): Promise<void> {
  await fc.assert(fc.asyncProperty(messageArb, assertAgrees as never), { numRuns, seed })
}

test('under a protocol in force', async () => {
  await property(600, 11)
  expect(seen['202']).toBeGreaterThan(20)
  const never = EXPECTED.filter(code => !seen[code])
  expect(never).toEqual([])
}, 240_000)

test.each(['wm-vdab', 'wm-vdab-woonboog'])(
  'while %s is suspended',
  async id => {
    await suspend(gateway, id, { from: new Date(Date.now() - 60_000), until: null })
    await property(40, 12)
    await suspend(gateway, id)
    expect(seen['HB-307']).toBeGreaterThan(5)
  },
  120_000,
)

test('where the accession is not signed, and where it is not published', async () => {
  const folder = join(gateway.protocolsDir, 'wm-vdab-woonboog')
  let signatures: unknown[] = []
  let publication: unknown[] = []
  resign(folder, record => {
    signatures = record.signatures.splice(0)
  })
  await gateway.context.protocols.reload()
  await property(25, 13)
  resign(folder, record => {
    record.signatures.push(...(signatures as never[]))
    publication = record.publication.splice(0)
  })
  await gateway.context.protocols.reload()
  await property(25, 14)
  resign(folder, record => {
    record.publication.push(...(publication as never[]))
  })
  await gateway.context.protocols.reload()
  expect(seen['HB-304']).toBeGreaterThan(3)
  expect(seen['HB-319']).toBeGreaterThan(3)
}, 120_000)

test('the endpoint of a type asks for the scope that the explanation names', () => {
  const scopeOf = (path: string) => ROUTES.find(route => route.path === path)?.access
  expect(operationFor('detection.request', false)).toBe(scopeOf('/v1/detections'))
  expect(operationFor('detection.answer', false)).toBe(scopeOf('/v1/detections/:messageId/answer'))
  expect(operationFor('feedback.reachability', false)).toBe(scopeOf('/v1/feedback'))
  expect(operationFor('feedback.progress', false)).toBe(
    scopeOf('/v1/feedback/:feedbackId/progress'),
  )
  expect(operationFor('tenancy.ended', false)).toBe(scopeOf('/v1/tenancies/ended'))
  expect(operationFor('tenancy.ended', true)).toBe(scopeOf('/v1/messages'))
  expect(operationFor('steps.counts', true)).toBe(scopeOf('/v1/messages'))
})
