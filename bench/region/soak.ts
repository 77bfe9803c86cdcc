import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConsoleSessions } from '../../src/access/session.ts'
import { runningPostmaster } from '../../src/db/embedded-postmaster.ts'
import { openPool, type Pool } from '../../src/db/pool.ts'
import type { Program } from '../system/program.ts'
import { type Sample, type Trend, trendsOf, writeSamples } from './samples.ts'
import { PREPARED, type Stage } from './stage.ts'
import { mixedTurns, type Turn } from './turns.ts'

const EVERY_SECONDS = 10
const MB = 1024 * 1024
/** Turns at once while it is found out what the machine bears, and for how long. */
const MOST = { atOnce: 8, seconds: 20 }

export interface SoakOptions {
  minutes: number
  /** One process for each set of roles; the one with `api` first. */
  roles: readonly string[]
  /** Turns a second; half of what the machine bears where left out. */
  rate?: number
  /** Where the samples are written. */
  folder: string
  say(line: string): void
}

/** What a steady load did. */
export interface Soak {
  trends: Trend[]
  /** Turns a second that were done, and that failed altogether. */
  rate: number
  failed: number
  files: string[]
}

/** Keeps a steady mixed load on the product and looks at its memory every ten seconds. */
export async function soak(stage: Stage, options: SoakOptions): Promise<Soak> {
  const { minutes, roles, folder, say } = options
  const databaseUrl = await stage.database.create('soak', PREPARED)
  await stage.vdab.ask({ kind: 'begin', folder: stage.folder })
  const programs = await stage.start({ databaseUrl, folder: join(stage.folder, 'soak'), roles })
  const pool = openPool(databaseUrl, { max: 2, name: 'bench' })
  try {
    const load = new Load(mixedTurns(stage, await signIn(pool)))
    const rate = options.rate ?? (await load.findMost()) / 2
    say(`  ${rate.toFixed(1)} turns a second for ${minutes} minutes`)
    const look = () => sampleOf(stage, { programs, roles, pool })
    const note = (some: readonly Sample[]) => writeSamples(folder, some)
    const samples = await keep(load, { rate, seconds: minutes * 60, look, note, say })
    const done = samples.at(-1)?.at ?? 1
    const files = writeSamples(folder, samples)
    // What fails is not the load that was to be kept.
    if (load.failed > load.done / 100) throw new Error(`${load.failed} failed: ${load.lastFault}`)
    return { trends: trendsOf(samples), rate: load.done / done, failed: load.failed, files }
  } finally {
    await pool.end()
    for (const program of programs.reverse()) await program.stop()
  }
}

/** Does turns at a rate, whatever they take; counts them. */
class Load {
  readonly #turn: Turn
  #next = 0
  readonly #running = new Set<Promise<void>>()
  done = 0
  failed = 0
  lastFault = ''

  constructor(turn: Turn) {
    this.#turn = turn
  }

  /** Turns a second with a few at once all the time. */
  async findMost(): Promise<number> {
    const until = performance.now() + MOST.seconds * 1_000
    const work = async () => {
      while (performance.now() < until) await this.#one()
    }
    await Promise.all(Array.from({ length: MOST.atOnce }, work))
    if (this.done === 0) throw new Error(`nothing is taken: ${this.lastFault}`)
    const most = this.done / MOST.seconds
    this.done = 0
    return most
  }

  start(): void {
    const running: Promise<void> = this.#one().finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  get underWay(): number {
    return this.#running.size
  }

  async idle(): Promise<void> {
    await Promise.all(this.#running)
  }

  async #one(): Promise<void> {
    try {
      await this.#turn(this.#next++)
      this.done += 1
    } catch (error) {
      this.failed += 1
      this.lastFault = String(error)
    }
  }
}

interface Keeping {
  rate: number
  seconds: number
  look(): Promise<Sample['figures']>
  /** What there is so far, also where the rest is cut off. */
  note(samples: readonly Sample[]): unknown
  say(line: string): void
}

const MOST_UNDER_WAY = 200

async function keep(load: Load, { rate, seconds, look, note, say }: Keeping): Promise<Sample[]> {
  const samples: Sample[] = []
  const started = performance.now()
  const passed = () => (performance.now() - started) / 1_000
  let begun = 0
  for (let looked = 0; passed() < seconds; await sleep(Math.min(200, 1_000 / rate))) {
    // What the machine did not bear for a moment is not made up for: the load is steady.
    for (; begun < passed() * rate; begun += 1) if (load.underWay < MOST_UNDER_WAY) load.start()
    if (passed() < looked) continue
    looked += EVERY_SECONDS
    samples.push({ at: passed(), figures: await look() })
    note(samples)
    if (samples.length % 6 === 1)
      say(`  ${line(samples.at(-1))}; ${load.failed} failed ${load.lastFault}`)
  }
  await load.idle()
  return samples
}

function line(sample: Sample | undefined): string {
  const figures = Object.entries(sample?.figures ?? {})
  return figures.map(([name, value]) => `${name} ${value.toFixed(0)}`).join(', ')
}

interface Looked {
  programs: readonly Program[]
  roles: readonly string[]
  pool: Pool
}

async function sampleOf(stage: Stage, { programs, roles, pool }: Looked) {
  const figures: Sample['figures'] = {}
  for (const [i, program] of programs.entries()) {
    const name = programs.length === 1 ? 'program' : (roles[i] ?? '')
    figures[`${name} MB`] = program.memory().resident / MB
  }
  const heap = await heapOf(stage.gateway)
  if (heap !== undefined) figures['heap MB'] = heap / MB
  figures['PostgreSQL MB'] = postgresBytes(stage.folder) / MB
  const { rows } = await pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND application_name <> 'bench'`,
  )
  figures['connections'] = rows[0]?.n ?? Number.NaN
  return figures
}

/** What V8 holds, as the program tells it. */
async function heapOf(url: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const found = /^huisbrug_nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Memory of all processes of the database, what they share counted once (Pss). */
function postgresBytes(folder: string): number {
  const { pid } = runningPostmaster(join(folder, 'postgres')) ?? { pid: -1 }
  const all = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  const family = all.filter(name => name === String(pid) || parentOf(name) === pid)
  return family.reduce((sum, one) => sum + proportionalBytes(one), 0)
}

function parentOf(pid: string): number {
  return Number(read(`/proc/${pid}/status`, /^PPid:\s+(\d+)/m))
}

function proportionalBytes(pid: string): number {
  return Number(read(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+) kB/m)) * 1024
}

/** 0 of a process that ended since. */
function read(file: string, pattern: RegExp): string {
  try {
    return pattern.exec(readFileSync(file, 'utf8'))?.[1] ?? '0'
  } catch {
    return '0'
  }
}

async function signIn(pool: Pool): Promise<string> {
  const sessions = new ConsoleSessions({ pool })
  const { cookie } = await sessions.openSession(await sessions.makeLink('privacy-officer'))
  return `huisbrug-sessie=${cookie}`
}
