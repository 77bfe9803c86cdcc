import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '../../src/db/migrate.ts'
import { openPool } from '../../src/db/pool.ts'
import { createLogger } from '../../src/log.ts'
import { askPage, pagesToAsk, type Side, type Timing } from '../pages/ask.ts'
import { fillSystem } from '../pages/fill.ts'
import { PEOPLE, serveSystem, type Who } from '../pages/gateway.ts'
import { readWorld } from '../pages/lines.ts'
import { buildLog } from '../pages/log.ts'
import type { Options, Part, Result } from '../part.ts'
import { scratchDatabase, scratchFolder } from '../scratch.ts'

const EMPTY = 200
const FILL_MS = 1_800_000
const AIM_MS = 300

/**
 * The 95th percentile of the time that each page of the console takes out of a system with ten million
 * entries and a million messages, beside the same out of one with next to nothing.
 */
export const part: Part = {
  rounds: 5,
  slow: true,
  about:
    'each page of the console with 10,000,000 entries (--entries), a tenth of that in messages ÷ with none, p95',
  run,
}

async function run(options: Options): Promise<Result[]> {
  const pages = pagesToAsk()
  const server = await scratchDatabase(options)
  const folder = scratchFolder(options)
  const open = async (name: string, entries: number) => {
    const side = await openSide(server, { ...options, name, entries, folder: join(folder, name) })
    options.atEnd(() => side.gateway.close())
    return side
  }
  const empty = await open('empty', EMPTY)
  const filled = await open('filled', options.entries)
  return await measure({ empty, filled }, pages, options)
}

interface Opening extends Pick<Options, 'say' | 'entries'> {
  name: string
  folder: string
}

/** Makes a system of some size and serves it. */
async function openSide(server: string, { name, entries, folder, say }: Opening): Promise<Side> {
  const url = new URL(server)
  url.pathname = `/${name}`
  const admin = openPool(server, { max: 1 })
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.end()
  mkdirSync(folder)
  await migrate(url.href, createLogger('error'))
  const pool = openPool(url.href, { max: 4, statementMs: FILL_MS })
  try {
    const started = performance.now()
    await fillSystem(pool, { entries, say: line => name === 'filled' && say(line) })
    const side = await openFilled(url.href, folder)
    say(`  ${name}: ${entries} entries in ${Math.round((performance.now() - started) / 1000)} s`)
    return side
  } finally {
    await pool.end()
  }
}

/** Serves a database that was filled, once its log is in tiles and signed. */
export async function openFilled(url: string, folder: string): Promise<Side> {
  const pool = openPool(url, { max: 2, statementMs: FILL_MS })
  try {
    const served = await serveSystem(url, folder, pool)
    const { keys, config } = served.gateway.context
    await buildLog(pool, keys, config.logOrigin)
    const worlds: Partial<Side['worlds']> = {}
    for (const who of Object.keys(PEOPLE) as Who[]) worlds[who] = await readWorld(pool, PEOPLE[who])
    return { ...served, worlds: worlds as Side['worlds'] }
  } finally {
    await pool.end()
  }
}

type Sides = Record<'empty' | 'filled', Side>

/** Asks each page of both, one right after the other, and sums up by page. */
export async function measure(
  sides: Sides,
  pages: readonly string[],
  { rounds, say }: Pick<Options, 'rounds' | 'say'>,
): Promise<Result[]> {
  const results: Result[] = []
  for (const page of pages) {
    const kept: Measured = { filled: [], empty: [], rounds: [] }
    for (let round = -1; round < rounds; round++) {
      const filled = round % 2 === 0 ? await askPage(sides.filled, page) : undefined
      const empty = await askPage(sides.empty, page)
      add(kept, filled ?? (await askPage(sides.filled, page)), empty, round < 0)
    }
    results.push(resultOf(page, kept))
    tell(page, kept, say)
  }
  const worst = results.reduce((a, b) => (b.value > a.value ? b : a))
  return [{ ...worst, name: 'pages', aim: { most: AIM_MS, of: 'value' } }, ...results]
}

interface Measured {
  filled: Timing[]
  empty: Timing[]
  /** Of each round the ratio of the slowest answers. */
  rounds: number[]
}

function add(kept: Measured, filled: Timing[], empty: Timing[], isWarm: boolean): void {
  if (isWarm) return
  kept.filled.push(...filled)
  kept.empty.push(...empty)
  const slowest = (timings: Timing[]) => Math.max(...timings.map(({ time }) => time))
  kept.rounds.push(slowest(filled) / slowest(empty))
}

function resultOf(page: string, { filled, empty, rounds }: Measured): Result {
  const [value, ceiling] = [p95(filled), p95(empty)]
  const short = (figure: number) => Number(figure.toPrecision(4))
  return {
    name: `pages, ${page}`,
    value: short(value),
    unit: 'ms',
    ceiling: short(ceiling),
    ratio: short(value / ceiling),
    spread: { min: short(Math.min(...rounds)), max: short(Math.max(...rounds)) },
  }
}

/** Names each way to ask that takes too long, and those that found nothing. */
function tell(page: string, { filled, empty }: Measured, say: Options['say']): void {
  for (const [line, asked] of Map.groupBy(filled, one => one.line)) {
    const time = p95(asked)
    if (time > AIM_MS) say(`  TOO SLOW, ${Math.round(time)} ms: ${line}`)
    if (asked.every(({ status }) => status !== 200)) say(`  never shown: ${line}`)
  }
  say(`  ${page}: ${p95(filled).toFixed(1)} ms, empty ${p95(empty).toFixed(1)} ms`)
}

// What was found, where anything was.
function p95(timings: readonly Timing[]): number {
  const found = timings.filter(({ status }) => status === 200)
  const sorted = (found.length > 0 ? found : timings)
    .map(({ time }) => time)
    .toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN
}
