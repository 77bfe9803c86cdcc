import fc from 'fast-check'
import { drawNoise, releaseCount } from '../../src/report/disclosure/noise.ts'

const group = fc
  .integer({ min: 0, max: 5_000 })
  .chain(tenants =>
    fc.record({ tenants: fc.constant(tenants), found: fc.integer({ min: 0, max: tenants }) }),
  )
const threshold = fc.integer({ min: 1, max: 20 })
const noise = fc.integer({ min: -60, max: 60 })

describe('disclosure control of one count', () => {
  test('nothing below the threshold is released, of the found or of the others', () => {
    fc.assert(
      fc.property(group, threshold, noise, ({ tenants, found }, k, n) => {
        const released = releaseCount(found, tenants, k, n).found
        if (released === undefined) return
        expect(released).toBeGreaterThanOrEqual(k)
        expect(tenants).toBeGreaterThanOrEqual(2 * k)
        expect(released % k).toBe(0)
        expect(Math.abs(released - (found + n))).toBeLessThanOrEqual(k / 2)
      }),
    )
  })

  test('a difference with an earlier release that isolates a few people is suppressed', () => {
    const overlap = fc.record({ added: fc.nat(50), removed: fc.nat(50) })
    fc.assert(
      fc.property(threshold, fc.array(overlap, { maxLength: 4 }), (k, overlaps) => {
        const release = releaseCount(1_000, 2_000, k, 0, overlaps)
        const isolates = overlaps.some(({ added, removed }) =>
          [added, removed].some(people => people > 0 && people < k),
        )
        expect(release.suppressed).toBe(isolates)
      }),
    )
  })

  test('a group too small to hide in is suppressed, whatever was found and whatever the noise', () => {
    fc.assert(
      fc.property(threshold, fc.nat(), noise, (k, size, n) => {
        const tenants = size % (2 * k)
        expect(releaseCount(tenants, tenants, k, n).suppressed).toBe(true)
        expect(releaseCount(0, tenants, k, n).suppressed).toBe(true)
      }),
    )
  })
})

/** Probability of each released value, exactly, over the noise of the discrete Laplace distribution. */
function distribution(found: number, tenants: number, k: number): Map<number | undefined, number> {
  const probabilities = new Map<number | undefined, number>()
  const ratio = Math.exp(-1 / k)
  for (let n = -60 * k; n <= 60 * k; n++) {
    const weight = ((1 - ratio) / (1 + ratio)) * ratio ** Math.abs(n)
    const { found: released } = releaseCount(found, tenants, k, n)
    probabilities.set(released, (probabilities.get(released) ?? 0) + weight)
  }
  return probabilities
}

describe('one person, to a reader who knows all the others', () => {
  test.each([
    [0, 1],
    [7, 108],
    [4, 105],
    [5, 10],
    [430, 1_000],
    [99, 100],
    [0, 50],
  ])(
    'found or not, after %i others of %i: every released value is nearly as likely',
    (others, tenants) => {
      const k = 5
      const without = distribution(others, tenants, k)
      const withHer = distribution(others + 1, tenants, k)
      for (const value of new Set([...without.keys(), ...withHer.keys()])) {
        const [p, q] = [without.get(value) ?? 0, withHer.get(value) ?? 0]
        if (p + q < 1e-9) continue
        expect(Math.max(p / q, q / p)).toBeLessThanOrEqual(Math.exp(1 / k) * (1 + 1e-6))
      }
    },
  )
})

describe('the noise', () => {
  test('is the discrete Laplace distribution with scale k', () => {
    const k = 5
    const counts = new Map<number, number>()
    const steps = 400
    // A grid of the unit square instead of random draws: the same figures every time.
    for (let i = 0; i < steps; i++) {
      for (let j = 0; j < steps; j++) {
        const drawn = drawNoise(k, [(i + 0.5) / steps, (j + 0.5) / steps])
        counts.set(drawn, (counts.get(drawn) ?? 0) + 1)
      }
    }
    const ratio = Math.exp(-1 / k)
    for (const n of [-10, -3, -1, 0, 1, 3, 10]) {
      const expected = ((1 - ratio) / (1 + ratio)) * ratio ** Math.abs(n)
      expect(Math.abs((counts.get(n) ?? 0) / steps ** 2 - expected)).toBeLessThan(0.004)
    }
  })
})
