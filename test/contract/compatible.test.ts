import { compareContracts, isAtLeast, versionAsked } from '../../scripts/contract/compare.ts'
import type { Contract, Schema } from '../../scripts/contract/document.ts'
import { readContract, readPrevious } from '../../scripts/contract/read.ts'

const previous = readPrevious()
const now = readContract()

// Parts of the contract are looked into member by member.
type Part = ReturnType<typeof JSON.parse>

/** What is breaking between the contract and a copy that was changed, in words. */
function breaks(mutate: (openapi: Part, schemas: Part) => void): string[] {
  const copy = structuredClone(now)
  mutate(copy.openapi, copy.schemas)
  const changes = compareContracts(now, copy)
  if (changes.length === 0) throw new Error('the mutation changed nothing')
  return changes.filter(one => one.breaking).map(({ place, words }) => `${place}: ${words}`)
}

const schemasOf = (contract: Contract) =>
  (contract.openapi['components'] as { schemas: Record<string, Part> }).schemas
const detections = (openapi: Part) => openapi.paths['/v1/detections'].post
const component = (openapi: Part, name: string) => openapi.components.schemas[name]

test('what works with the previous version of the contract works with this one', () => {
  const changes = compareContracts(previous, now)
  const breaking = changes.filter(one => one.breaking)
  expect(breaking.map(({ place, words }) => `${place}: ${words}`)).toEqual([])
  expect([now.version, isAtLeast(now.version, versionAsked(changes, previous.version))]).toEqual([
    now.version,
    true,
  ])
})

test.each<[string, (openapi: Part, schemas: Part) => void]>([
  ['operation removed', o => delete o.paths['/v1/inbox']],
  ['operation removed', o => delete o.paths['/v1/webhook'].put],
  ['operation removed', o => delete o.webhooks['be.huisbrug.test']],
  ['operationId renamed', o => (detections(o).operationId = 'detect')],
  ['no longer open by accessToken', o => (detections(o).security = [{ accessToken: ['other'] }])],
  ['parameter removed: header Idempotency-Key', o => detections(o).parameters.shift()],
  ['parameter required now: header X-JWS', o => (detections(o).parameters[1].required = true)],
  [
    'parameter added: query why',
    o => detections(o).parameters.push({ name: 'why', in: 'query', required: true, schema: {} }),
  ],
  ['response removed', o => delete detections(o).responses['202']],
  ['response added', o => (detections(o).responses['201'] = { description: 'Made' })],
  ['header removed: RateLimit', o => delete detections(o).responses['202'].headers.RateLimit],
  ['content type removed: application/json', o => (detections(o).requestBody.content = {})],
  ['member required now: why', o => component(o, 'DetectionRequest').required.push('why')],
  ['member removed: nonce', o => delete component(o, 'DetectionRequest').properties.nonce],
  [
    'maxItems tightened from 1000 to 500',
    o => (component(o, 'DetectionRequest').properties.tenants.maxItems = 500),
  ],
  [
    'minLength tightened',
    o => (component(o, 'DetectionRequest').properties.purpose = { type: 'string', minLength: 40 }),
  ],
  [
    'type narrowed: no longer string',
    o => (component(o, 'DetectionRequest').properties.protocol = { type: 'integer' }),
  ],
  ['value removed: closed', o => (component(o, 'Progress').properties.status.enum = ['taken-up'])],
  ['member removed: receipt', o => delete component(o, 'DetectionAccepted').properties.receipt],
  [
    'member no longer always there: messageId',
    o => (component(o, 'DetectionAccepted').required = []),
  ],
  [
    'type widened: also null',
    o => (component(o, 'DetectionAccepted').properties.accepted.type = ['integer', 'null']),
  ],
  ['value added: lost', o => component(o, 'Health').properties.status.enum.push('lost')],
  [
    'other members may come now',
    o => (component(o, 'DetectionAccepted').additionalProperties = true),
  ],
  ['receipt: member removed: digest', (_, s) => delete s.receipt.properties.digest],
  ['format removed', (_, s) => delete s['evidence-bundle']],
  ['rule pattern changed', o => (component(o, 'CalendarDate').pattern = '^.{10}$')],
])('breaking: %s', (words, mutate) => {
  expect(breaks(mutate).join('\n')).toContain(words)
})

test.each<[string, (openapi: Part) => void]>([
  ['an operation', o => (o.paths['/v1/new'] = { get: { operationId: 'new', responses: {} } })],
  ['a refusal', o => (detections(o).responses['418'] = { description: 'A teapot' })],
  [
    'a parameter that may be left out',
    o => detections(o).parameters.push({ name: 'why', in: 'query', schema: {} }),
  ],
  [
    'a member that may be left out',
    o => (component(o, 'DetectionRequest').properties.why = { type: 'string' }),
  ],
  [
    'a member of a reply',
    o => (component(o, 'DetectionAccepted').properties.why = { type: 'string' }),
  ],
  [
    'a member that is always there now',
    o => {
      component(o, 'DetectionAccepted').properties.why = {}
      component(o, 'DetectionAccepted').required.push('why')
    },
  ],
  [
    'more of a list that is sent to us',
    o => (component(o, 'DetectionRequest').properties.tenants.maxItems = 2000),
  ],
  ['a kind of event', o => component(o, 'Envelope').oneOf.push({ type: 'object' })],
])('an addition is none: %s', (_, mutate) => {
  expect(breaks(mutate)).toEqual([])
})

/** The schemas that replies and events are made of, by what an operation refers to. */
function answered(): Set<string> {
  const found = new Set<string>()
  const look = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part ?? {}).matchAll(
      /"#\/components\/schemas\/(\w+)/g,
    )) {
      if (found.has(name)) continue
      found.add(name)
      look(schemasOf(now)[name])
    }
  }
  const items = Object.values(now.openapi['paths'] as Record<string, Schema>)
  for (const operation of items.flatMap(item => Object.values(item))) {
    look((operation as Part).responses)
  }
  return found
}

test('no member of any reply can go, or become one that may be missing, without a word', () => {
  const copy = structuredClone(now)
  const words = () => new Set(compareContracts(now, copy).map(one => one.breaking && one.words))
  const silent: string[] = []
  let mutations = 0
  for (const name of answered()) {
    const schema = schemasOf(copy)[name]
    const { properties = {}, required = [] } = schema
    const asked: [string, string][] = [
      ...Object.keys(properties).map(
        it => ['properties', `member removed: ${it}`] as [string, string],
      ),
      ...required.map((it: string) => ['required', `member no longer always there: ${it}`]),
    ]
    for (const part of ['properties', 'required']) {
      const expected = asked.filter(([of]) => of === part)
      if (expected.length === 0) continue
      schema[part] = part === 'required' ? [] : {}
      const said = words()
      silent.push(...expected.filter(([, it]) => !said.has(it)).map(([, it]) => `${name}: ${it}`))
      Object.assign(schema, { properties, required })
      mutations += expected.length
    }
  }
  expect(silent).toEqual([])
  expect(mutations).toBeGreaterThan(400)
})

test.each([
  ['1.4.2', [], '1.4.2'],
  ['1.4.2', [false], '1.5.0'],
  ['1.4.2', [false, true], '2.0.0'],
  ['0.1.0', [false], '0.1.1'],
  ['0.1.0', [true], '0.2.0'],
  ['0.1.0-1', [false], '0.1.0'],
])('after %s, changes of which %j are breaking ask for %s', (before, breaking, asked) => {
  const changes = breaking.map(one => ({ place: '', words: '', breaking: one }))
  expect(versionAsked(changes, before)).toBe(asked)
  expect(isAtLeast(asked, asked)).toBe(true)
  expect(isAtLeast('1.10.0', '1.9.9') && !isAtLeast('0.1.0', '0.1.1')).toBe(true)
})
