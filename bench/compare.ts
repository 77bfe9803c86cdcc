import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Ending } from './ending.ts'
import type { Flags } from './flags.ts'
import { placeOf } from './list.ts'
import { loadPart, type Running, USUAL_ROUNDS } from './measure.ts'
import { median, type Part, type Result } from './part.ts'
import { ROOT } from './saved.ts'

type Side = 'now' | 'before'

/** A figure of both revisions. */
export interface Difference {
  name: string
  unit: string
  now: Result
  before: Result
  /** Value now ÷ value then. */
  values: number
  /** The same of the ratios to the ceilings: what other work on the machine weighs least on. */
  ratios: number
  /** Whether the median of one lies in the range of the other: no difference that was shown. */
  withinSpread: boolean
}

/** What was measured of both revisions. */
export interface Comparison {
  revision: string
  /** Of this one. */
  results: Result[]
  differences: Difference[]
}

/**
 * Measures the parts of another revision and of this one in turn, each in a process of its own: now, then,
 * then, now, so that what becomes of the machine meanwhile weighs on both; once each for a part that takes
 * minutes to make ready. Tells what is now beside what was then.
 */
export async function compareWith(
  revision: string,
  flags: Flags,
  { ending, signal, tell }: Running,
): Promise<Comparison> {
  const measured = { now: [] as Result[], before: [] as Result[] }
  try {
    const folder = checkOut(revision, ending)
    for (const name of flags.parts) {
      if (!existsSync(join(folder, 'bench/parts', `${name}.ts`))) {
        tell.figure(`${name}: ${revision} has no such part`)
        continue
      }
      const part = await loadPart(name)
      for (const side of turnsOf(part)) {
        // Interrupted: what it would run on is being removed, and the program ends.
        if (signal.aborted) return await new Promise(() => {})
        tell.progress(`${name}, ${side}`)
        const place = side === 'now' ? ROOT : folder
        const rounds = roundsOf(part, flags)
        measured[side].push(...(await runBench(place, name, { ...flags, rounds }, ending)))
      }
    }
  } finally {
    await ending.run()
  }
  const differences = differencesOf(measured.now, measured.before)
  for (const line of tableOf(differences, revision)) tell.figure(line)
  const shown = new Set(differences.map(({ name }) => name))
  const alone = [...measured.now, ...measured.before].filter(({ name }) => !shown.has(name))
  const names = [...new Set(alone.map(({ name }) => name))]
  if (names.length > 0) tell.figure(`of one of them only: ${names.join('; ')}`)
  const byName = Map.groupBy(measured.now, ({ name }) => name)
  return { revision, results: [...byName.values()].map(merged), differences }
}

function turnsOf({ slow }: Part): Side[] {
  return slow ? ['before', 'now'] : ['now', 'before', 'before', 'now']
}

/** As many in all as it would have alone, over the turns of a side. */
function roundsOf(part: Part, { rounds, quick }: Flags): number {
  const all = rounds ?? (quick ? 2 : (part.rounds ?? USUAL_ROUNDS))
  return part.slow ? all : Math.ceil(all / 2)
}

/** Checks the revision out in a work tree of its own, with its dependencies; gone at the end. */
function checkOut(revision: string, ending: Ending): string {
  const above = mkdtempSync(join(tmpdir(), 'huisbrug-bench-'))
  ending.add(() => rmSync(above, { recursive: true, force: true }))
  const folder = join(above, 'then')
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', ROOT, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  git('worktree', 'add', '--quiet', '--detach', folder, revision)
  ending.add(() => git('worktree', 'remove', '--force', folder))
  const same = (file: string) =>
    readFileSync(join(ROOT, file), 'utf8') === readFileSync(join(folder, file), 'utf8')
  if (same('package-lock.json'))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir')
  // Not ci: that refuses where the lock file of then did not fit. npm under npm run may be told to be silent.
  else
    execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      stdio: ['ignore', 2, 2],
    })
  return folder
}

/** Runs one part of a revision and gives its figures. */
async function runBench(
  folder: string,
  name: string,
  { rounds, quick, entries }: Pick<Flags, 'rounds' | 'quick' | 'entries'>,
  ending: Ending,
): Promise<Result[]> {
  const args = ['bench/bench.ts', '--json', '--only', name, '--rounds', String(rounds)]
  if (quick) args.push('--quick')
  // Older ones always take ten million.
  if (existsSync(join(folder, 'bench/flags.ts'))) args.push('--entries', String(entries))
  const child = spawn(process.execPath, args, {
    cwd: folder,
    // Its own process group: Ctrl-C reaches it once, from here.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  ending.add(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT')
    await ended
  })
  let said = ''
  for await (const chunk of child.stdout) said += chunk
  const code = await ended
  const last = said.trimEnd().split('\n').at(-1) ?? ''
  // A part that failed says so itself, and has no figures.
  if (code !== 0 && !last.startsWith('{')) return []
  return (JSON.parse(last) as { results: Result[] }).results
}

/** What is now beside what was then, figure by figure; what only one of them has is left out. */
export function differencesOf(now: readonly Result[], before: readonly Result[]): Difference[] {
  const byName = Map.groupBy(before, ({ name }) => name)
  const both = [...Map.groupBy(now, ({ name }) => name)].flatMap(([name, results]) => {
    const others = byName.get(name)
    return others ? [differenceOf(merged(results), merged(others))] : []
  })
  return both.toSorted((one, other) => placeOf(one.name) - placeOf(other.name))
}

function differenceOf(now: Result, before: Result): Difference {
  const inside = (value: number, { min, max }: Result['spread']) => value >= min && value <= max
  return {
    name: now.name,
    unit: now.unit,
    now,
    before,
    values: short(now.value / before.value),
    ratios: short(now.ratio / before.ratio),
    withinSpread: inside(now.ratio, before.spread) || inside(before.ratio, now.spread),
  }
}

/** The turns of one figure as one: medians in the middle, the widest spread. */
function merged(results: readonly Result[]): Result {
  const first = results[0] as Result
  const middle = (of: (result: Result) => number) => short(median(results.map(of)))
  return {
    ...first,
    value: middle(({ value }) => value),
    ceiling: middle(({ ceiling }) => ceiling),
    ratio: middle(({ ratio }) => ratio),
    spread: {
      min: Math.min(...results.map(({ spread }) => spread.min)),
      max: Math.max(...results.map(({ spread }) => spread.max)),
    },
  }
}

function tableOf(differences: readonly Difference[], revision: string): string[] {
  const rows = differences.map(({ name, unit, now, before, values, ratios, withinSpread }) => [
    name,
    `${now.value} ${unit}`,
    `${before.value} ${unit}`,
    String(values),
    `${now.ratio} (${now.spread.min} to ${now.spread.max})`,
    `${before.ratio} (${before.spread.min} to ${before.spread.max})`,
    String(ratios),
    withinSpread ? 'within the spread' : 'DIFFERS',
  ])
  const head = ['name', 'now', revision, 'now ÷ then', 'ratio now', 'ratio then', 'now ÷ then', '']
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  return all.map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
}

function short(value: number): number {
  return Number(value.toPrecision(4))
}
