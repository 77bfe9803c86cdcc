import { detection, forwardedTo, openDomain, PERIOD, tenants } from '../support/detection.ts'
import type { PartyId } from '../support/gateway.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { call, tokenFor } from '../support/raw.ts'

/**
 * Invariant 8. Two worlds that differ in one person only: in one VDAB finds her, in the other not.
 * Everything a housing company can read is compared, ids and times aside.
 */
interface World {
  gateway: TestGateway
  close(): Promise<void>
}

async function openWorld(): Promise<World> {
  const gateway = await testGateway()
  await openDomain(gateway)
  return { gateway, close: () => gateway.close() }
}

/** Sends messages of these sizes, answers with these numbers, and tells all that woonboog can read. */
async function run(
  world: World,
  sizes: number[],
  found: number[],
  base: number,
): Promise<unknown[]> {
  const { gateway } = world
  const { woonboog, vdab } = gateway.clients
  const seen: unknown[] = []
  const sent: string[] = []
  let first = base
  for (const size of sizes) {
    const { messageId } = await woonboog.detect(detection(tenants(first, size)))
    first += size
    sent.push(messageId)
  }
  for (const [index, messageId] of sent.entries()) {
    const { body } = await forwardedTo(gateway, messageId)
    await vdab.answer(messageId, {
      requestDigest: String(body['requestDigest']),
      found: found[index] ?? 0,
    })
  }
  seen.push(await readAll(gateway, sent))
  await woonboog.closePeriod('wm-vdab', PERIOD)
  const hook = gateway.hooks.woonboog
  await until('the number arrives', () => hook.received.length > 0)
  await until('all are delivered', async () => {
    const states = await Promise.all(sent.map(id => woonboog.message(id)))
    const { items } = await woonboog.deliveries()
    const delivered = items.every(({ state }) => state === 'delivered')
    return delivered && states.every(({ state }) => state === 'answered')
  })
  seen.push(
    await readAll(gateway, sent),
    hook.received.map(it => withoutNoise(it.body['data'] as Count)),
  )
  return seen
}

interface Count {
  found: number | null
  tenants: number
}

// The number itself is drawn with noise: disclosure.test.ts proves, exactly, how little it tells.
function withoutNoise(count: Count): object {
  if (typeof count.found !== 'number') return count
  expect(count.found % 5).toBe(0)
  return { ...count, found: 'a rounded number with noise' }
}

async function readAll(gateway: TestGateway, sent: string[]): Promise<unknown> {
  const { woonboog } = gateway.clients
  const messages = await Promise.all(sent.map(id => woonboog.message(id)))
  const deliveries = await woonboog.deliveries()
  const inbox = await woonboog.inbox()
  return {
    messages: messages.map(({ state, items, transitions }) => ({
      state,
      items,
      steps: transitions.map(step => step.state),
    })),
    deliveries: deliveries.items.map(({ event, state, attempts, lastStatus }) => ({
      event,
      state,
      attempts,
      lastStatus,
    })),
    inbox: inbox.items.map(({ type, data }) => ({ type, data: withoutNoise(data as never) })),
  }
}

describe('counts tell nothing about one person', () => {
  let worlds: World[] = []
  beforeEach(async () => {
    worlds = [await openWorld(), await openWorld()]
  })
  afterEach(async () => {
    await Promise.all(worlds.map(world => world.close()))
  })

  const compare = async (sizes: number[], without: number[], withHer: number[]) => {
    const [one, other] = worlds
    if (!one || !other) throw new Error('two worlds')
    expect(await run(one, sizes, without, 0)).toEqual(await run(other, sizes, withHer, 0))
  }

  test('a message about one tenant: found or not reads the same', async () => {
    await compare([1], [0], [1])
  })

  test('1,000 against 999: her own small message beside a large one reads the same', async () => {
    await compare([999, 1], [430, 0], [430, 1])
  })

  test('a group too small to hide in is suppressed, whoever was found', async () => {
    await compare([6], [5], [6])
  })
})

describe('what shows before the period is closed', () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld()
  })
  afterAll(async () => {
    await world.close()
  })

  test('an answered request reads like one that is not answered', async () => {
    const { gateway } = world
    const { woonboog, vdab } = gateway.clients
    const [answered, waiting] = [
      await woonboog.detect(detection(tenants(0, 3))),
      await woonboog.detect(detection(tenants(3, 3))),
    ]
    const { body } = await forwardedTo(gateway, answered.messageId)
    await forwardedTo(gateway, waiting.messageId)
    await until('both are recorded as delivered', async () => {
      const { rows } = await gateway.db.pool.query(
        "SELECT count(*)::int AS n FROM hand_over WHERE kind = 'request' AND state = 'delivered'",
      )
      return rows[0].n === 2
    })
    const before = await readAll(gateway, [answered.messageId])
    await vdab.answer(answered.messageId, {
      requestDigest: String(body['requestDigest']),
      found: 3,
    })
    expect(await readAll(gateway, [answered.messageId])).toEqual(before)
    expect(await readAll(gateway, [waiting.messageId])).toEqual(before)
    expect(gateway.hooks.woonboog.received).toEqual([])
  })

  test('no receipt, delivery or inbox of any party holds the number of an answer', async () => {
    const { gateway } = world
    for (const party of [...COMPANIES] as PartyId[]) {
      const token = await tokenFor(gateway, party)
      for (const path of ['/v1/deliveries', '/v1/inbox']) {
        const reply = await call(gateway, 'GET', path, { token })
        expect(reply.body).toEqual({ items: [], next: null })
      }
    }
  })
})
