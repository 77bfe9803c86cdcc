import fc from 'fast-check'
import { endOfDay, format, formatDuration, startOfDay } from '../../src/console/format.ts'

describe('durations', () => {
  test.each([
    [-5, '0 ms'],
    [0, '0 ms'],
    [849.6, '850 ms'],
    [1000, '1,0 s'],
    [4249, '4,2 s'],
    [59_999, '59,9 s'],
    [60_000, '1 min.'],
    [185_000, '3 min. 5 s'],
    [3_600_000, '1 uur'],
    [7_260_000, '2 uur 1 min.'],
    [86_400_000, '1 dag'],
    [187_200_000, '2 dagen 4 uur'],
    [1e11, '1.157 dagen 9 uur'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text)
  })

  test('an age of less than a second has no figure', () => {
    expect(format.age(12)).toBe('minder dan een seconde')
    expect(format.age(61_000)).toBe('1 min. 1 s')
  })
})

describe('days in Belgium', () => {
  test.each([
    ['2026-01-15', '2026-01-14T23:00:00.000Z', '2026-01-15T23:00:00.000Z'],
    ['2026-07-15', '2026-07-14T22:00:00.000Z', '2026-07-15T22:00:00.000Z'],
    ['2026-03-29', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['2026-10-25', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['2024-02-29', '2024-02-28T23:00:00.000Z', '2024-02-29T23:00:00.000Z'],
    ['2026-12-31', '2026-12-30T23:00:00.000Z', '2026-12-31T23:00:00.000Z'],
  ])('%s lasts from %s to %s', (day, from, until) => {
    expect(startOfDay(day)?.toISOString()).toBe(from)
    expect(endOfDay(day)?.toISOString()).toBe(until)
  })

  test.each(['', '2026-02-29', '2026-13-01', '2026-00-10', '10-03-2026', '2026-3-1', 'vandaag'])(
    '%j is no day',
    text => {
      expect(startOfDay(text)).toBeUndefined()
      expect(endOfDay(text)).toBeUndefined()
    },
  )

  test('every day ends where the next one begins, and shows as itself', () => {
    const days = fc.date({
      min: new Date('1990-01-01T12:00:00Z'),
      max: new Date('2080-12-31T12:00:00Z'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(days, date => {
        const day = date.toISOString().slice(0, 10)
        const next = new Date(Date.parse(`${day}T12:00:00Z`) + 86_400_000)
          .toISOString()
          .slice(0, 10)
        const start = startOfDay(day)
        expect(endOfDay(day)).toEqual(startOfDay(next))
        expect(start && format.moment(start)).toMatch(/00:00:00$/)
        expect(start && format.day(start)).toBe(format.day(day))
      }),
    )
  })
})

test('numbers and instants are written the Belgian way', () => {
  expect(format.number(1234567)).toBe('1.234.567')
  expect(format.moment(new Date('2026-03-10T13:30:05Z'))).toBe('10 mrt 2026, 14:30:05')
  expect(format.hour(new Date('2026-07-10T13:00:00Z'))).toBe('15:00')
  expect(format.day('2026-03-01')).toBe('1 maart 2026')
})
