import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { drawAims } from './drawing.ts'
import { partOf, placeOf } from './list.ts'
import { describeMachine, type Machine } from './machine.ts'
import { describeAim } from './measure.ts'
import { type Latest, latestOf, readRuns } from './saved.ts'

const DRAWING = fileURLToPath(new URL('../docs/drawings/performance.svg', import.meta.url))
const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url))
const BLOCK = /(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)/s
// Of a part with more, only what is aimed at is shown.
const MOST_OF_A_PART = 10

/** Draws what was measured last, and writes its table in docs/performance.md. */
export function drawSaved(file: string, tell: (line: string) => void): void {
  const latest = inOrder(latestOf(readRuns(file)))
  writeFileSync(DRAWING, drawAims(latest))
  writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), latest))
  tell(`${latest.length} figures in ${DRAWING} and ${PAGE}`)
}

/** The figures of all runs that belong on the page, in the order of the parts. */
export function inOrder(latest: readonly Latest[]): Latest[] {
  const count = Map.groupBy(latest, ({ name }) => partOf(name))
  const isShown = ({ name, aim }: Latest) => {
    const part = partOf(name)
    return aim || name === part || (count.get(part)?.length ?? 0) <= MOST_OF_A_PART
  }
  return latest.filter(isShown).toSorted((one, other) => placeOf(one.name) - placeOf(other.name))
}

/** The page with the table of these figures in place of the one that was there. */
export function withFigures(page: string, latest: readonly Latest[]): string {
  if (!BLOCK.test(page)) throw new Error('docs/performance.md has no place for figures')
  return page.replace(BLOCK, () => figuresTable(latest))
}

/** What was measured, on what, as Markdown. */
export function figuresTable(latest: readonly Latest[]): string {
  const last = latest.map(({ run }) => run).toSorted((a, b) => a.date.localeCompare(b.date))
  const machine = last.at(-1)?.machine
  const about = machine ? describeMachine(machine).join('. ') : 'Nothing was measured yet'
  const rows = latest.map(({ name, value, unit, ceiling, ratio, spread, aim, meets, run }) =>
    [
      name,
      `${number(value)} ${unit}`,
      number(ceiling),
      meets === false ? `**${number(ratio)}**` : number(ratio),
      `${number(spread.min)} to ${number(spread.max)}`,
      aim ? describeAim(aim) : '',
      aim ? (meets ? 'met' : '**not met**') : '',
      `${run.date.slice(0, 10)}, ${run.revision}, ${elsewhere(run.machine, machine)}load ${run.machine.load}`,
    ].join(' | '),
  )
  return `${about}.\n\n${HEAD}${rows.map(row => `| ${row} |\n`).join('')}`
}

// Ratios of two machines compare, seconds do not.
function elsewhere({ cpu }: Machine, last: Machine | undefined): string {
  return cpu === last?.cpu ? '' : `${cpu}, `
}

const HEAD = `| name | value | ceiling | ratio | spread | aim | | measured |
| --- | --- | --- | --- | --- | --- | --- | --- |
`

function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 3 : value < 100 ? 1 : 0 })
}
