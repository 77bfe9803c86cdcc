import fc from 'fast-check'
import { layOutBars } from '../../src/console/chart.ts'

describe('a bar chart', () => {
  test('stacks the parts of a column from the baseline up', () => {
    const { bars, baseline, lines } = layOutBars([{ label: '10', parts: [6, 4] }])
    expect(bars.map(({ part }) => part)).toEqual([0, 1])
    const [lower, upper] = bars
    expect((lower?.y ?? 0) + (lower?.height ?? 0)).toBe(baseline)
    expect((upper?.y ?? 0) + (upper?.height ?? 0)).toBeCloseTo(lower?.y ?? 0, 5)
    expect(upper?.y).toBe(lines.at(-1)?.y)
  })

  test.each([
    [0, 2],
    [1, 2],
    [2, 2],
    [3, 4],
    [5, 10],
    [11, 20],
    [100, 100],
    [101, 200],
    [999_999, 1_000_000],
  ])('the highest value %d is drawn under the line of %d', (highest, ceiling) => {
    const { lines } = layOutBars([{ label: '', parts: [highest] }])
    expect(lines.map(({ value }) => value)).toEqual([0, ceiling / 2, ceiling])
  })

  test('no bar leaves the drawing, overlaps its neighbour, or vanishes', () => {
    const column = fc.record({
      label: fc.constant('x'),
      parts: fc.array(fc.nat(100_000), { minLength: 2, maxLength: 2 }),
    })
    fc.assert(
      fc.property(fc.array(column, { maxLength: 48 }), columns => {
        const chart = layOutBars(columns)
        const drawn = columns.flatMap(({ parts }) => parts.filter(value => value > 0))
        expect(chart.bars).toHaveLength(drawn.length)
        for (const { x, y, width, height } of chart.bars) {
          expect(height).toBeGreaterThan(0)
          expect(x).toBeGreaterThan(0)
          expect(x + width).toBeLessThanOrEqual(chart.width)
          expect(y).toBeGreaterThanOrEqual(0)
          expect(y + height).toBeLessThanOrEqual(chart.baseline + 0.2)
        }
        const places = [...new Set(chart.bars.map(({ x }) => x))]
        expect(places).toEqual(places.toSorted((left, right) => left - right))
      }),
    )
  })

  test('without columns there is an empty drawing', () => {
    expect(layOutBars([])).toMatchObject({ bars: [], labels: [] })
  })
})
