import fc from 'fast-check'
import { giveFeedback, hurry, tagsOf } from '../attack/kit.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import {
  COMPANIES,
  type Company,
  type TestGateway,
  testGateway,
  until,
} from '../support/gateway.ts'
import { assertBalanced, change, countEntries, isNotice, sleep, states } from './kit.ts'

/** Any order of suspending, resuming, sending, delivering and time passing, with peers that fail. */
const IDS = ['wm-vdab', ...COMPANIES.map(company => `wm-vdab-${company}` as const)] as const
/** What was in the air when a suspension took effect has arrived after this. */
const IN_THE_AIR_MS = 400
let gateway: TestGateway
let next = 0

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
})
afterAll(() => gateway.close())

interface Step {
  what: 'suspend' | 'resume' | 'send' | 'feedback' | 'fail' | 'recover' | 'pass'
  id: (typeof IDS)[number]
  company: Company
}

const step = fc.record<Step>({
  what: fc.constantFrom('suspend', 'resume', 'send', 'send', 'feedback', 'fail', 'recover', 'pass'),
  id: fc.constantFrom(...IDS),
  company: fc.constantFrom(...COMPANIES),
})

/** The test's own idea of what is suspended, and since when nothing may arrive for whom. */
class Model {
  readonly running = new Map<string, number>()
  readonly spans: { id: string; from: number; until: number }[] = []
  readonly sent: string[] = []

  stops(company: Company): boolean {
    return this.running.has('wm-vdab') || this.running.has(`wm-vdab-${company}`)
  }

  end(id: string): void {
    const from = this.running.get(id)
    if (from !== undefined) this.spans.push({ id, from, until: Date.now() })
    this.running.delete(id)
  }
}

async function take({ what, id, company }: Step, model: Model): Promise<void> {
  const codeOf = async (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      error => error.code as string,
    )
  if (what === 'suspend') {
    const expected = model.running.has(id) ? 'already-suspended' : 'done'
    expect(await codeOf(change(gateway, 'suspend', id))).toBe(expected)
    await gateway.context.protocols.reload()
    if (expected === 'done') model.running.set(id, Date.now() + IN_THE_AIR_MS)
  } else if (what === 'resume') {
    const expected = model.running.has(id) ? 'done' : 'not-suspended'
    const before = new Map(model.running)
    model.end(id)
    expect(await codeOf(change(gateway, 'resume', id))).toBe(before.has(id) ? 'done' : expected)
    await gateway.context.protocols.reload()
  } else if (what === 'send') {
    const sent = gateway.clients[company].detect(detection(tenants(next++ * 2, 2)))
    const { messageId, code } = await sent.catch(error => error)
    expect(messageId === undefined ? code : 'accepted').toBe(
      model.stops(company) ? 'HB-307' : 'accepted',
    )
    if (messageId) model.sent.push(messageId)
  } else if (what === 'feedback') {
    const about = model.sent.at(-1)
    const tags = about ? await tagsOf(gateway, about) : []
    if (tags.length > 0) await giveFeedback(gateway, tags).catch(() => {})
  } else if (what === 'fail') {
    for (const peer of peers()) peer.reply = () => ({ status: 503 })
  } else {
    if (what === 'recover') recover()
    else await sleep(300)
    await hurry(gateway)
  }
}

const peers = () => [gateway.vdab, ...Object.values(gateway.hooks)]
function recover(): void {
  for (const peer of peers()) peer.reply = () => ({ status: 202, body: {} })
}

/** What arrived of a company's messages, or for it, in a span; a refusal of the peer is a disclosure too. */
function arrivedIn({ id, from, until }: Model['spans'][number]) {
  const company = id === 'wm-vdab' ? undefined : (id.slice('wm-vdab-'.length) as Company)
  const isIn = ({ at }: { at: number }) => at > from && at < until
  const calls = gateway.vdab.received.filter(
    call => company === undefined || call.body['sender'] === company,
  )
  const hooks = company ? [gateway.hooks[company]] : Object.values(gateway.hooks)
  const events = hooks.flatMap(hook => hook.received).filter(it => !isNotice(it))
  return [...calls, ...events].filter(isIn).map(({ path, at, body }) => ({ path, at, body }))
}

test('nothing arrives while it is suspended, nothing is lost, and everything goes on', async () => {
  const noted = { suspended: 0, resumed: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 14 }), async steps => {
      const model = new Model()
      for (const one of steps) {
        await take(one, model)
        await assertBalanced(gateway)
      }
      for (const id of IDS) {
        if (!model.running.has(id)) continue
        model.end(id)
        await change(gateway, 'resume', id)
      }
      recover()
      await gateway.context.protocols.reload()
      await until('everything has arrived', async () => {
        await hurry(gateway)
        return Object.keys(await states(gateway)).every(it => it === 'delivered')
      })
      for (const span of model.spans) expect(arrivedIn(span)).toEqual([])
      const arrived = new Set(gateway.vdab.received.map(call => call.body['messageId']))
      expect(model.sent.filter(id => !arrived.has(id))).toEqual([])
      await assertBalanced(gateway)
      noted.suspended += model.spans.length
      noted.resumed += model.spans.length
      expect(await countEntries(gateway, 'protocol.suspended')).toBe(noted.suspended)
      expect(await countEntries(gateway, 'protocol.resumed')).toBe(noted.resumed)
      expect(await countEntries(gateway, 'message.held', 'HB-307')).toBe(
        await countEntries(gateway, 'message.resumed'),
      )
    }),
    { numRuns: 12, endOnFailure: true },
  )
}, 180_000)
