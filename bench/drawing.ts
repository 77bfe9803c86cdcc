import type { Aim } from './part.ts'
import type { Latest } from './saved.ts'

// Lengths in user units. Names stand left of the bars, figures right of them.
const LETTER = 7.5
const BARS = 430
const TOLD = 200
const TOP = 64
const ROW = 24
const BAR = 12
/** Powers of two that are drawn at least and at most, on either side of the aim. */
const REACH = { least: 1, most: 4 }
const MET = '#1a7f4b'
const SHORT = '#b3261e'

type Aimed = Latest & { aim: Aim }

/**
 * A bar for each figure with an aim: to the right of the line it does better than aimed at, to the left
 * not as well; each step of the axis is a factor of two. The whisker is the spread of the rounds.
 */
export function drawAims(latest: readonly Latest[]): string {
  const aimed = latest.filter((one): one is Aimed => one.aim !== undefined)
  const furthest = Math.max(0, ...aimed.map(one => Math.abs(Math.log2(scoreOf(one)))))
  const reach = Math.min(REACH.most, Math.max(REACH.least, Math.ceil(furthest)))
  const longest = Math.max(0, ...aimed.map(({ name }) => name.length))
  const left = Math.ceil(24 + LETTER * longest)
  const scale = { x: scaleTo(reach, left), reach, left, bottom: TOP + aimed.length * ROW }
  const [width, height] = [left + BARS + TOLD, scale.bottom + 20]
  const met = aimed.filter(({ meets }) => meets).length
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif" font-size="13">
<title id="t">How each part does beside its aim</title>
<desc id="d">${met} of ${aimed.length} figures meet their aim. ${aimed.map(describe).join(' ')}</desc>
<rect width="${width}" height="${height}" fill="#fff"/>
<g text-anchor="middle" fill="#333"><text x="${scale.x(1)}" y="20" font-weight="700">the aim</text><text x="${left + BARS}" y="20" text-anchor="end">better ▸</text><text x="${left}" y="20" text-anchor="start">◂ short of it</text></g>
${axis(scale)}
${aimed.map((one, row) => drawRow(one, TOP + row * ROW, scale)).join('\n')}
<path d="M${scale.x(1)} 48V${scale.bottom}" stroke="#111" stroke-width="2"/>
</svg>
`
}

interface Scale {
  /** Where so many times as good as the aim is. */
  x(score: number): number
  reach: number
  /** Where the bars begin. */
  left: number
  bottom: number
}

function scaleTo(reach: number, left: number): Scale['x'] {
  return score => {
    const steps = Math.max(-reach, Math.min(reach, Math.log2(score)))
    return Math.round(left + ((steps + reach) / (2 * reach)) * BARS)
  }
}

function axis({ x, reach, bottom }: Scale): string {
  const steps = Array.from({ length: 2 * reach + 1 }, (_, step) => step - reach)
  const lines = steps.map(step => `M${x(2 ** step)} 48V${bottom}`).join('')
  const labels = steps.map(step => {
    const text = step < 0 ? `÷ ${2 ** -step}` : `× ${2 ** step}`
    return `<text x="${x(2 ** step)}" y="40">${text}</text>`
  })
  return `<path d="${lines}" stroke="#d5d9de"/>
<g text-anchor="middle" fill="#555" font-size="12">${labels.join('')}</g>`
}

function drawRow(one: Aimed, y: number, { x, left }: Scale): string {
  const [end, aim] = [x(scoreOf(one)), x(1)]
  const middle = y + BAR / 2
  const { min, max } = one.spread
  const whisker = one.aim.of === 'value' ? [] : [scored(one.aim, min), scored(one.aim, max)].map(x)
  const [from, to] = whisker
  const line =
    from === undefined || to === undefined
      ? ''
      : `<path d="M${from} ${middle}H${to}M${from} ${middle - 4}v8M${to} ${middle - 4}v8" stroke="#111" stroke-opacity=".65"/>`
  const colour = one.meets ? MET : SHORT
  return `<text x="${left - 12}" y="${y + 11}" text-anchor="end">${escaped(one.name)}</text><rect x="${Math.min(aim, end)}" y="${y}" width="${Math.max(2, Math.abs(end - aim))}" height="${BAR}" fill="${colour}"/>${line}<text x="${left + BARS + 12}" y="${y + 11}" fill="${colour}">${escaped(told(one))}</text>`
}

/** How many times as good as its aim; above 1 is better. */
function scoreOf({ aim, value, ratio }: Aimed): number {
  return scored(aim, aim.of === 'value' ? value : ratio)
}

function scored({ least, most }: Aim, figure: number): number {
  const scores = [
    ...(least === undefined ? [] : [figure / least]),
    ...(most === undefined ? [] : [most / figure]),
  ]
  return Math.min(...scores)
}

function told({ aim, value, ratio, unit }: Aimed): string {
  const figure = aim.of === 'value' ? `${value} ${unit}` : String(Number(ratio.toPrecision(3)))
  return `${figure}, aim ${aim.least === undefined ? `≤ ${aim.most}` : `≥ ${aim.least}`}`
}

function describe(one: Aimed): string {
  return `${escaped(one.name)}: ${escaped(told(one))}, ${one.meets ? 'met' : 'not met'}.`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
