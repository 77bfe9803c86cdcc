import { lookAfter } from './aftermath.ts'
import { OPERATIONS } from './operations.ts'
import { fuzz } from './run.ts'
import { World } from './world.ts'

/** A part of what `test/fuzz/program.ts` sends in full; always the same, with this seed. */
const REQUESTS = 2_000
const SEED = 20_261_121
/** Operations of which no request at all was good say nothing of what lies behind the door. */
const LEAST_GOOD = 1

let world: World

beforeAll(async () => {
  world = await World.open()
}, 60_000)
// A reply or an entry that is not as described fails here.
afterAll(() => world?.close())

test('no request is our fault, leaks what it says, or leaves anything out of balance', async () => {
  const outcome = await fuzz(world, { seed: SEED, requests: REQUESTS, connections: 12 })
  expect(outcome.faults).toEqual([])
  const { wrong, figures } = await lookAfter(world, outcome)
  expect(wrong).toEqual([])
  expect(outcome.requests).toBe(REQUESTS - outcome.unsent)
  const never = OPERATIONS.filter(({ id }) => (outcome.operations[id]?.good ?? 0) < LEAST_GOOD)
  expect(never.map(({ id }) => id)).toEqual([])
  expect(figures.items).toBeGreaterThan(100)
  expect(Object.keys(outcome.mutations).length).toBeGreaterThan(25)
}, 180_000)
