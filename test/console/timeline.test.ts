import fc from 'fast-check'
import { buildTimeline, type Moment, spansOf } from '../../src/console/timeline.ts'

function moment(second: number, kind: string, sentence = kind): Moment {
  return { at: new Date(second * 1000), kind, title: kind, sentence, tone: 'neutral' }
}

describe('the timeline', () => {
  test('is in order of time; at one instant in the order given', () => {
    const steps = buildTimeline([moment(5, 'c'), moment(1, 'a'), moment(1, 'b')])
    expect(steps.map(({ kind }) => kind)).toEqual(['a', 'b', 'c'])
    expect(steps.map(({ elapsed }) => elapsed)).toEqual([0, 0, 4000])
  })

  test('three of a kind are three steps, four are one with their number and last time', () => {
    const three = [1, 2, 3].map(second => moment(second, 'tried'))
    expect(buildTimeline(three)).toHaveLength(3)
    const [step, ...rest] = buildTimeline([...three, moment(9, 'tried')])
    expect(rest).toEqual([])
    expect(step).toMatchObject({ count: 4, at: new Date(1000), until: new Date(9000) })
  })

  test('loses nothing and never goes back in time', () => {
    const moments = fc.array(
      fc.record({ second: fc.nat(1000), kind: fc.constantFrom('a', 'b', 'c', 'd') }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(moments, list => {
        const steps = buildTimeline(list.map(({ second, kind }) => moment(second, kind)))
        expect(steps.reduce((total, { count }) => total + count, 0)).toBe(list.length)
        expect(steps.every(({ elapsed }) => elapsed >= 0)).toBe(true)
      }),
    )
  })

  test('of nothing is empty', () => {
    expect(buildTimeline([])).toEqual([])
  })
})

describe('the time in each state', () => {
  const at = (second: number) => new Date(second * 1000)
  const step = (state: string, second: number) => ({ state, at: at(second), code: null })

  test('lasts until the next state, and the last one until now', () => {
    const spans = spansOf([step('accepted', 0), step('retrying', 10), step('parked', 70)], at(100))
    expect(spans.map(({ state, lasted, isLast }) => [state, lasted, isLast])).toEqual([
      ['accepted', 10_000, false],
      ['retrying', 60_000, false],
      ['parked', 30_000, true],
    ])
  })

  test.each(['refused', 'delivered', 'answered', 'expired', 'withdrawn'])(
    '%s at the end does not last',
    state => {
      expect(spansOf([step(state, 1)], at(100))[0]?.lasted).toBeUndefined()
    },
  )
})
