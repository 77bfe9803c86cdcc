import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { partNames } from './list.ts'
import { ROOT } from './saved.ts'

/** What was asked for on the command line. */
export interface Flags {
  parts: string[]
  rounds: number | undefined
  quick: boolean
  json: boolean
  entries: number
  /** Minutes of steady load for part `memory`; absent: none. */
  soak: number | undefined
  /** A revision of the repository to measure beside this one. */
  compare: string | undefined
  /** A file of JSON lines that this run is added to. */
  save: string | undefined
  /** A file of JSON lines to draw, in place of measuring. */
  chart: string | undefined
}

const USUAL_ENTRIES = 10_000_000
const QUICK_ENTRIES = 20_000
const USUAL_SOAK = '30'

const OPTIONS = {
  only: { type: 'string' },
  rounds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  entries: { type: 'string' },
  soak: { type: 'string' },
  compare: { type: 'string' },
  save: { type: 'string' },
  chart: { type: 'string' },
} as const

/** Reads the command line; see docs/performance.md. @throws Error with what is wrong and what there is */
export function readFlags(args: string[]): Flags {
  const { values } = parseArgs({ args: withMinutes(args), options: OPTIONS })
  const { only, rounds, entries, soak, quick, json, compare, save, chart } = values
  if (compare !== undefined) assertRevision(compare)
  return {
    parts: readParts(only),
    rounds: rounds === undefined ? undefined : readWhole('--rounds', rounds),
    quick,
    json,
    entries: entries ? readWhole('--entries', entries) : quick ? QUICK_ENTRIES : USUAL_ENTRIES,
    soak: soak === undefined ? undefined : readWhole('--soak', soak),
    compare,
    save,
    chart,
  }
}

/** `--soak` alone is half an hour. */
function withMinutes(args: readonly string[]): string[] {
  return args.flatMap((arg, i) => {
    const isAlone = arg === '--soak' && (args[i + 1] ?? '--').startsWith('--')
    return isAlone ? [arg, USUAL_SOAK] : [arg]
  })
}

function assertRevision(name: string): void {
  const args = ['-C', ROOT, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`]
  if (spawnSync('git', args).status === 0) return
  throw new Error(`--compare takes a revision of the repository; ${name} is none.`)
}

function readParts(only: string | undefined): string[] {
  const all = partNames()
  const asked = only?.split(',').map(name => name.trim()) ?? all
  const unknown = asked.filter(name => !all.includes(name))
  if (unknown.length === 0) return asked
  throw new Error(`There is no part ${unknown.join(', ')}. There are: ${all.join(', ')}.`)
}

function readWhole(flag: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`${flag} takes a whole number above 0.`)
}
