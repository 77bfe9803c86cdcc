import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Machine } from './machine.ts'
import type { Result } from './part.ts'

/** What one run measured: a line of the file. */
export interface Run {
  /** When it ended, ISO 8601. */
  date: string
  /** The revision that was measured; with `+` where the work tree differed from it. */
  revision: string
  machine: Machine
  results: Result[]
}

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Adds a run to a file of JSON lines. */
export function saveRun(file: string, measured: Pick<Run, 'machine' | 'results'>): void {
  const run: Run = { date: new Date().toISOString(), revision: revisionOf(ROOT), ...measured }
  appendFileSync(file, `${JSON.stringify(run)}\n`)
}

/** The runs of such a file, oldest first. */
export function readRuns(file: string): Run[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map(line => JSON.parse(line) as Run)
}

/** A figure with the run that measured it. */
export interface Latest extends Result {
  run: Run
}

/** The last of each figure, in the order of the runs. */
export function latestOf(runs: readonly Run[]): Latest[] {
  const all = runs.flatMap(run => run.results.map(result => ({ ...result, run })))
  return [...new Map(all.map(figure => [figure.name, figure])).values()]
}

/** The short name of the revision of a work tree. */
function revisionOf(folder: string): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' }).trim()
  try {
    const differs = git('status', '--porcelain', '--', 'src', 'bench', 'package.json') !== ''
    return `${git('rev-parse', '--short', 'HEAD')}${differs ? '+' : ''}`
  } catch {
    return 'unknown'
  }
}
