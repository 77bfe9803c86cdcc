import fc from 'fast-check'
import { releaseCount } from '../../src/report/disclosure.ts'

const group = fc
  .integer({ min: 0, max: 5_000 })
  .chain(tenants =>
    fc.record({ tenants: fc.constant(tenants), found: fc.integer({ min: 0, max: tenants }) }),
  )
const threshold = fc.integer({ min: 1, max: 20 })

describe('disclosure control of one count', () => {
  test('nothing below the threshold is released, of the found or of the others', () => {
    fc.assert(
      fc.property(group, threshold, ({ tenants, found }, k) => {
        const release = releaseCount(found, tenants, k)
        if (found < k || tenants - found < k)
          expect(release).toEqual({ found: undefined, suppressed: true })
        else expect(release.suppressed).toBe(false)
      }),
    )
  })

  test('what is released is a multiple of the threshold, at most half of it away', () => {
    fc.assert(
      fc.property(group, threshold, ({ tenants, found }, k) => {
        const released = releaseCount(found, tenants, k).found
        if (released === undefined) return
        expect(released % k).toBe(0)
        expect(Math.abs(released - found)).toBeLessThanOrEqual(k / 2)
      }),
    )
  })

  test('a difference with the release before that isolates a few people is suppressed', () => {
    fc.assert(
      fc.property(threshold, fc.nat(50), fc.nat(50), (k, added, removed) => {
        const release = releaseCount(1_000, 2_000, k, { added, removed })
        const isolates = [added, removed].some(people => people > 0 && people < k)
        expect(release.suppressed).toBe(isolates)
      }),
    )
  })

  test.each([
    [0, 0],
    [0, 1],
    [1, 1],
    [4, 100],
    [96, 100],
    [100, 100],
    [0, 100],
  ])('%i of %i: none, few, nearly all and all look alike', (found, tenants) => {
    expect(releaseCount(found, tenants, 5)).toEqual({ found: undefined, suppressed: true })
  })
})
