import { tokenOf } from '../attack/kit.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { call } from '../support/raw.ts'
import { BODIES, dribble, flood, type SmallGateway, startSmall, type Tally } from './flood.ts'

/** A process with 256 MiB of heap, bodies of a megabyte as fast as two parties can, and slow clients. */
let gateway: TestGateway
let small: SmallGateway

const HEAP_MIB = 256
const SECONDS = 4
const CALLERS = 300
// The heap, the bodies, the code, the threads and what they share.
const MOST_MIB = 640
const MIB = 1024 * 1024

beforeAll(async () => {
  gateway = await testGateway({ roles: 'api,worker,sequencer,evaluator' })
  await openDomain(gateway)
  small = await startSmall(gateway, HEAP_MIB)
}, 90_000)
afterAll(async () => {
  await small?.stop()
  await gateway?.close()
})

interface Outcome {
  flooded: Tally
  others: Tally
  slowest: number
  peak: number
  /** An instant after it is over. */
  rest: number
}

async function pressOn(): Promise<Outcome> {
  const until = Date.now() + SECONDS * 1000
  const [one, two, other] = await Promise.all([
    tokenOf(gateway, 'woonboog'),
    tokenOf(gateway, 'leefgoed'),
    tokenOf(gateway, 'vdab'),
  ])
  const slow = [
    ...Array.from({ length: 100 }, () => dribble(small.url, one)),
    ...Array.from({ length: 100 }, () => dribble(small.url, undefined)),
  ]
  const flooded: Tally = {}
  let peak = 0
  const watch = setInterval(() => {
    if (small.ended() === undefined) peak = Math.max(peak, small.rss())
    else clearInterval(watch)
  }, 100)
  const floods = Array.from({ length: CALLERS }, (_, index) =>
    flood(small.url, index % 2 ? one : two, until, turn => BODIES[(turn + index) % 5]!, flooded),
  )
  const others: Tally = {}
  let slowest = 0
  // Making the bodies takes this process long on a busy machine.
  for (let turn = 0; turn < 3 || Date.now() < until; turn++) {
    const from = Date.now()
    const { status } = await call({ ...gateway, url: small.url }, 'GET', '/v1/inbox', {
      token: other,
    })
    slowest = Math.max(slowest, Date.now() - from)
    others[status] = (others[status] ?? 0) + 1
  }
  await Promise.all(floods)
  for (const socket of slow) socket.destroy()
  await new Promise(resolve => setTimeout(resolve, 1_500))
  clearInterval(watch)
  return { flooded, others, slowest, peak, rest: small.rss() }
}

test('it neither dies nor leaks, refuses what it cannot hold, and answers another party', async () => {
  const outcomes = [await pressOn(), await pressOn(), await pressOn()]
  process.stdout.write(
    `flood: ${outcomes
      .map(({ peak, rest, slowest, flooded, others }) =>
        JSON.stringify({
          peakMib: Math.round(peak / MIB),
          restMib: Math.round(rest / MIB),
          slowest,
          flooded,
          others,
        }),
      )
      .join('\n       ')}\n`,
  )
  expect(small.ended()).toBeUndefined()
  for (const { flooded, others, peak } of outcomes) {
    expect(flooded['503']).toBeGreaterThan(0)
    expect(others['200']).toBeGreaterThan(0)
    expect(Object.keys(others).filter(status => status !== '200' && status !== '503')).toEqual([])
    expect(peak).toBeLessThan(MOST_MIB * MIB)
  }
  const [, second, third] = outcomes
  expect(third!.rest).toBeLessThan(second!.rest * 1.35)
  const taken = await call({ ...gateway, url: small.url }, 'POST', '/v1/detections', {
    token: await tokenOf(gateway, 'woonboog'),
    key: 'after-the-flood',
    body: { nonce: 'A'.repeat(43), ...detection(tenants(20_000, 5)) },
  })
  expect(taken.status).toBe(202)
}, 120_000)
