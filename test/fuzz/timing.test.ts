import type { TestGateway } from '../support/gateway.ts'
import { Dice } from './dice.ts'
import { measure, openTiming } from './timing-pairs.ts'
import { compare } from './timing-stats.ts'

/** `test/fuzz/timing.ts` measures more, for the figures in docs/testing.md. */
const ROUNDS = 40

let gateway: TestGateway

beforeAll(async () => {
  gateway = await openTiming()
})
afterAll(() => gateway?.close())

/** Times as a busy machine gives them: most near the least, some far above it. */
function timesFrom(seed: string, least: number): number[] {
  const dice = new Dice(seed)
  const random = () => (1 + dice.below(1_000_000)) / 1_000_001
  return Array.from({ length: 200 }, () => least - Math.log(random()) * 1.5)
}

test('a gross difference would be seen, and noise alone is none', () => {
  const [one, other] = [timesFrom('one', 2), timesFrom('other', 2)]
  expect(compare('equal', one, other)).toMatchObject({ isGross: false })
  const slow = compare('a look-up more', one, timesFrom('slow', 6))
  expect(slow).toMatchObject({ isGross: true })
  expect(slow.firstLonger).toBeLessThan(0.1)
  expect(slow.interval[0]).toBeGreaterThan(3)
  expect(compare('the other way', timesFrom('slow', 6), one).isGross).toBe(true)
  // Twice as long, and nobody could tell over a network.
  expect(
    compare(
      'too little',
      one.map(it => it / 20),
      timesFrom('slow', 6).map(it => it / 20),
    ).isGross,
  ).toBe(false)
})

test('what is refused alike takes alike', async () => {
  const found = await measure(gateway, ROUNDS)
  expect(found).toHaveLength(8)
  expect(found.filter(({ isGross }) => isGross)).toEqual([])
}, 120_000)
