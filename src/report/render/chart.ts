import type { Block } from '../../protocol/readable/block.ts'
import { escapeHtml } from '../../protocol/readable/html.ts'
import { number } from '../../protocol/readable/words.ts'
import type { Chart, ReportBlock } from '../document.ts'

/** Where the bars of a chart come; the console lays its own charts out with the same. */
export type LayOut = (columns: Chart['columns']) => {
  width: number
  height: number
  bars: { x: number; y: number; width: number; height: number; part: number }[]
  lines: { y: number; value: number }[]
  labels: { x: number; text: string }[]
}

// For paper: no style sheet goes along. AA contrast against white.
const FILLS = ['#2f7f93', '#c2562d', '#6b5b95', '#8a6d00']
const FONT = 'font-family="Roboto, system-ui, sans-serif" font-size="12" fill="#4a5763"'

/** The blocks with each chart drawn. */
export function drawn(blocks: readonly ReportBlock[], layOut: LayOut): Block[] {
  return blocks.map(block =>
    block.kind === 'chart'
      ? { kind: 'figure', svg: svgOf(block, layOut), text: legendOf(block) }
      : block,
  )
}

function svgOf(chart: Chart, layOut: LayOut): string {
  const { width, height, bars, lines, labels } = layOut(chart.columns)
  const parts = [
    ...lines.map(
      ({ y }) =>
        `<line x1="44" x2="${width}" y1="${y}" y2="${y}" stroke="#c4ccd3" stroke-width="1"/>`,
    ),
    ...lines.map(
      ({ y, value }) =>
        `<text x="36" y="${y + 4}" text-anchor="end" ${FONT}>${number(value)}</text>`,
    ),
    ...bars.map(
      bar =>
        `<rect x="${bar.x}" y="${bar.y}" width="${bar.width}" height="${bar.height}" fill="${FILLS[bar.part % FILLS.length]}"/>`,
    ),
    ...labels.map(
      ({ x, text }) =>
        `<text x="${x}" y="${height - 8}" text-anchor="middle" ${FONT}>${escapeHtml(text)}</text>`,
    ),
    ...keyOf(chart, height),
  ]
  const tall = height + 24
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${tall}" width="${width}" height="${tall}" role="img" aria-label="${escapeHtml(chart.caption)}">${parts.join('')}</svg>`
}

function keyOf({ names }: Chart, top: number): string[] {
  let x = 44
  return names.flatMap((name, part) => {
    const at = x
    x += 34 + name.length * 7
    return [
      `<rect x="${at}" y="${top + 6}" width="12" height="12" fill="${FILLS[part % FILLS.length]}"/>`,
      `<text x="${at + 18}" y="${top + 16}" ${FONT}>${escapeHtml(name)}</text>`,
    ]
  })
}

function legendOf({ caption }: Chart): string {
  return `${caption}. De cijfers staan in de tabel.`
}
