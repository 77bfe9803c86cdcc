import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../part.ts'

/** Figures of one moment, by name; memory in MB. */
export interface Sample {
  /** Seconds since the load began. */
  at: number
  figures: Record<string, number>
}

/** How a figure went. */
export interface Trend {
  name: string
  /** Its median over the second quarter, and over the last one. */
  early: number
  late: number
  /** Units an hour: least squares over the second half. */
  slope: number
  /** Whether the last quarter is at most 5 % above the second. */
  flat: boolean
}

const GROWTH = 1.05
const [WIDTH, HEIGHT, MARGIN] = [720, 260, 40]
const COLOURS = ['#1f6feb', '#d1495b', '#2a9d8f', '#e9a23b', '#6f4e9c', '#555555']

/** What became of each figure; the first quarter is warming up. */
export function trendsOf(samples: readonly Sample[]): Trend[] {
  const names = Object.keys(samples[0]?.figures ?? {})
  return names.map(name => {
    const values = samples.map(({ figures }) => figures[name] ?? Number.NaN)
    const quarter = (n: number) => Math.floor((values.length * n) / 4)
    const early = median(values.slice(quarter(1), quarter(2)))
    const late = median(values.slice(quarter(3)))
    const slope = slopeOf(
      samples.slice(quarter(2)).map(({ at }, i) => [at, values[quarter(2) + i]!]),
    )
    return { name, early, late, slope, flat: late <= early * GROWTH }
  })
}

/** Least squares, an hour. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length
  const [at, value] = [mean(0), mean(1)]
  const above = points.reduce((sum, [x, y]) => sum + (x - at) * (y - value), 0)
  const below = points.reduce((sum, [x]) => sum + (x - at) ** 2, 0)
  return (above / below) * 3_600
}

/** Writes them as CSV and as a small chart; returns where. */
export function writeSamples(folder: string, samples: readonly Sample[]): string[] {
  const names = Object.keys(samples[0]?.figures ?? {})
  const rows = samples.map(({ at, figures }) =>
    [at.toFixed(0), ...names.map(name => figures[name]?.toFixed(2))].join(),
  )
  const files = [join(folder, 'soak.csv'), join(folder, 'soak.svg')]
  writeFileSync(
    files[0]!,
    `${['seconds', ...names.map(name => `"${name}"`)].join()}\n${rows.join('\n')}\n`,
  )
  writeFileSync(files[1]!, drawSamples(samples))
  return files
}

/** Memory over time: a line for each figure that is in MB. */
export function drawSamples(samples: readonly Sample[]): string {
  const names = Object.keys(samples[0]?.figures ?? {}).filter(name => name.endsWith('MB'))
  const until = samples.at(-1)?.at ?? 1
  const most = Math.max(
    1,
    ...samples.flatMap(({ figures }) => names.map(name => figures[name] ?? 0)),
  )
  const x = (at: number) => MARGIN + ((WIDTH - 2 * MARGIN) * at) / until
  const y = (value: number) => HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * value) / most
  const lines = names.map((name, i) => {
    const points = samples.map(
      ({ at, figures }) => `${x(at).toFixed(1)},${y(figures[name] ?? 0).toFixed(1)}`,
    )
    const colour = COLOURS[i % COLOURS.length]
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(' ')}"/>
<text x="${MARGIN + 4 + (i % 3) * 220}" y="${14 + Math.floor(i / 3) * 14}" fill="${colour}">${name}</text>`
  })
  const [low, high] = [HEIGHT - MARGIN, MARGIN]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">
<title>Memory over time under a steady mixed load</title>
<path d="M${MARGIN} ${high}V${low}H${WIDTH - MARGIN}" fill="none" stroke="#999"/>
<text x="4" y="${high + 4}">${most.toFixed(0)}</text><text x="4" y="${low}">0 MB</text>
<text x="${WIDTH - MARGIN - 30}" y="${low + 16}">${(until / 60).toFixed(0)} min</text>
${lines.join('\n')}
</svg>
`
}
