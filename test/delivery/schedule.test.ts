import fc from 'fast-check'
import {
  baseDelays,
  DEFAULT_RETRIES,
  LONGEST_RETRY_AFTER,
  parseRetryAfter,
  retryDelay,
} from '../../src/delivery/backoff.ts'

const total = (delays: number[]) => delays.reduce((sum, delay) => sum + delay, 0)

const schedules = fc
  .record({
    firstSeconds: fc.double({ min: 1, max: 60, noNaN: true }),
    tries: fc.integer({ min: 3, max: 100 }),
    hours: fc.double({ min: 0.01, max: 336, noNaN: true }),
  })
  .filter(({ firstSeconds, tries, hours }) => (tries - 1) * firstSeconds <= hours * 3600)

describe('the usual schedule', () => {
  test('is 30 tries over 75 hours, the second within seconds, none longer than five hours', () => {
    const delays = baseDelays(DEFAULT_RETRIES)
    expect(delays).toHaveLength(29)
    expect(total(delays) / 3600).toBeCloseTo(75, 3)
    expect(delays.slice(0, 5)).toEqual([2, 4, 8, 16, 32])
    expect(retryDelay(1, 0.999)).toBeLessThan(5)
    expect(Math.max(...delays)).toBeLessThan(5 * 3600)
  })

  test('keeps to the last delay where it goes on by hand', () => {
    expect(retryDelay(200, 0.5)).toBe(retryDelay(29, 0.5))
  })
})

test('any schedule: the first delay and the sum are as asked, and delays never shrink', () => {
  fc.assert(
    fc.property(schedules, schedule => {
      const delays = baseDelays(schedule)
      expect(delays).toHaveLength(schedule.tries - 1)
      expect(delays[0]).toBeCloseTo(schedule.firstSeconds, 5)
      expect(total(delays) / (schedule.hours * 3600)).toBeCloseTo(1, 5)
      for (const [turn, delay] of delays.slice(1).entries()) {
        expect(delay).toBeGreaterThanOrEqual(delays[turn]! * (1 - 1e-9))
      }
    }),
  )
})

test('jitter: from half to one and a half, evenly, so that the mean is the schedule', () => {
  fc.assert(
    fc.property(
      schedules,
      fc.nat(98),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (schedule, turn, random) => {
        const tries = (turn % (schedule.tries - 1)) + 1
        const base = baseDelays(schedule)[tries - 1]!
        const delay = retryDelay(tries, random, 0, schedule)
        expect(delay / base).toBeCloseTo(0.5 + random, 9)
      },
    ),
  )
})

test('Retry-After is the least, up to four hours', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(1_000_000), (tries, retryAfter) => {
      const plain = retryDelay(tries, 0.5)
      const asked = Math.min(retryAfter, LONGEST_RETRY_AFTER)
      expect(retryDelay(tries, 0.5, retryAfter)).toBe(Math.max(plain, asked))
    }),
  )
})

test('Retry-After is read as seconds or as a date, and nonsense says nothing', () => {
  const now = new Date('2026-11-21T09:30:00Z')
  expect(parseRetryAfter('120', now)).toBe(120)
  expect(parseRetryAfter('Sat, 21 Nov 2026 09:31:00 GMT', now)).toBe(60)
  expect(parseRetryAfter('Sat, 21 Nov 2026 09:00:00 GMT', now)).toBe(0)
  for (const nonsense of [undefined, '', '-5', 'soon', '1e99']) {
    expect(parseRetryAfter(nonsense, now)).toBe(0)
  }
})
