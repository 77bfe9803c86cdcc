import { suspendedBetween } from '../../src/protocol/pause.ts'
import { setWith } from '../protocol/sample.ts'

/** The clock of a protocol: it stands still while the framework or the accession is suspended. */
const HOUR = 3_600_000
const at = (hour: number) => new Date(Date.UTC(2026, 10, 1) + hour * HOUR)

type Span = [number, number | null]

function suspensions(spans: Span[]) {
  return spans.map(([from, until]) => ({
    from: at(from).toISOString(),
    until: until === null ? null : at(until).toISOString(),
    by: 'vdab',
    reason: 'test',
  }))
}

/** Hours that stood still from hour 0 to hour 100. */
function paused(framework: Span[], accession: Span[], party = 'woonboog'): number {
  const set = setWith({
    frameworkRecord: record => {
      record.suspensions = suspensions(framework)
    },
    accessionRecord: record => {
      record.suspensions = suspensions(accession)
    },
  })
  return suspendedBetween(set, 'wm-vdab', party, at(0), at(100)) / HOUR
}

describe('how long a clock stood still', () => {
  const cases: [string, Span[], Span[], number][] = [
    ['never suspended', [], [], 0],
    ['the framework', [[10, 30]], [], 20],
    ['the accession', [], [[10, 30]], 20],
    ['one after the other', [[10, 20]], [[30, 45]], 25],
    ['both at once count once', [[10, 30]], [[10, 30]], 20],
    ['overlapping in part', [[10, 30]], [[20, 40]], 30],
    ['one within the other', [[10, 50]], [[20, 30]], 40],
    [
      'a short one within, then one that starts before the long one ends',
      [
        [10, 50],
        [45, 60],
      ],
      [[20, 30]],
      50,
    ],
    ['touching', [[10, 20]], [[20, 30]], 20],
    [
      'not in order',
      [
        [60, 70],
        [10, 20],
      ],
      [[15, 25]],
      25,
    ],
    ['from before the start', [[-50, 10]], [], 10],
    ['until after the end', [[90, 200]], [], 10],
    ['still going on', [], [[40, null]], 60],
    ['longer than all of it', [[-10, null]], [[-20, 300]], 100],
    ['over before the start', [[-50, -10]], [], 0],
    ['after the end', [[150, 160]], [[200, null]], 0],
  ]
  test.each(cases)('%s', (_, framework, accession, hours) => {
    expect(paused(framework, accession)).toBe(hours)
  })

  test('another company is not paused with one accession', () => {
    expect(paused([[0, 10]], [[20, 40]], 'leefgoed')).toBe(10)
  })

  test('an agreement that is not there pauses nothing', () => {
    expect(suspendedBetween(setWith(), 'unknown', 'woonboog', at(0), at(100))).toBe(0)
  })
})
