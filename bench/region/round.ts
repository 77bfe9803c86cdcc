import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPool, type Pool } from '../../src/db/pool.ts'
import type { Memory } from '../system/processes.ts'
import type { Program } from '../system/program.ts'
import { ALL_ROLES, PREPARED, type Stage } from './stage.ts'

const LOOK_MS = 20
const PATIENCE_MS = 1_200_000

/** How a list went. */
export interface Round {
  /** From the first POST until nothing is left to be done. */
  seconds: number
  /** Until all requests had their receipt. */
  taken: number
  tenants: number
  /** Processor time by process, in seconds. */
  processor: Record<'program' | 'postgres' | 'vdab' | 'companies', number>
  /** Of each process of the product, by its roles. */
  memory: Record<string, Memory>
  /** The database as it is afterwards; the caller drops it. */
  database: { name: string; url: string }
}

export interface RoundOptions {
  /** Companies that send, the first so many; all of them where left out. */
  companies?: number
  /** One process for each set of roles. */
  roles?: readonly string[]
  nodeArgs?: readonly string[]
}

let made = 0

/**
 * Companies send their whole lists and close the month; until the last answer is recorded, the last
 * hand-over delivered and every entry signed, in a fresh copy of the prepared database.
 */
export async function playRound(stage: Stage, options: RoundOptions = {}): Promise<Round> {
  const { companies = stage.crowd.sizes.length, roles = [ALL_ROLES], nodeArgs = [] } = options
  made += 1
  const name = `round_${made}`
  const url = await stage.database.create(name, PREPARED)
  const folder = join(stage.folder, name)
  mkdirSync(folder)
  await stage.vdab.ask({ kind: 'begin', folder })
  const programs = await stage.start({ databaseUrl: url, folder, roles, nodeArgs })
  const pool = openPool(url, { max: 1 })
  try {
    const clock = startClock(stage, programs)
    const sent = await stage.companies.ask<'sent'>({ kind: 'send', companies })
    const { seconds: taken } = clock()
    const tenants = stage.crowd.sizes.slice(0, companies).reduce((sum, size) => sum + size, 0)
    if (sent.accepted !== tenants) throw new Error(`${sent.accepted} of ${tenants} were accepted`)
    await untilDone(pool, { requests: sent.requests, companies })
    const { seconds, processor } = clock()
    const memory = Object.fromEntries(programs.map((one, i) => [roles[i] ?? '', one.memory()]))
    return { seconds, taken, tenants, processor, memory, database: { name, url } }
  } finally {
    await pool.end()
    for (const program of programs.reverse()) await program.stop()
  }
}

function startClock({ vdab, companies, database }: Stage, programs: readonly Program[]) {
  const read = () => ({
    program: programs.reduce((sum, program) => sum + program.seconds(), 0),
    postgres: database.seconds(),
    vdab: vdab.process.seconds(),
    companies: companies.process.seconds(),
  })
  const before = read()
  const started = performance.now()
  return () => {
    const seconds = (performance.now() - started) / 1_000
    const now = Object.entries(read()) as [keyof typeof before, number][]
    const spent = now.map(([name, value]) => [name, value - before[name]])
    return { seconds, processor: Object.fromEntries(spent) as Round['processor'] }
  }
}

const LEFT = `
  SELECT (SELECT count(*)::int FROM message
      WHERE type = 'detection.answer' AND accepted > 0) AS answered,
    (SELECT count(*)::int FROM period_close WHERE released_at IS NOT NULL) AS released,
    (SELECT count(*)::int FROM hand_over WHERE state IN ('queued', 'retrying', 'held')) AS pending,
    (SELECT count(*)::int FROM hand_over WHERE state = 'parked') AS parked,
    (SELECT count(*)::int FROM audit_pending) AS unsigned`

interface Left {
  answered: number
  released: number
  pending: number
  parked: number
  unsigned: number
}

async function untilDone(
  pool: Pool,
  { requests, companies }: { requests: number; companies: number },
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  let left: Left | undefined
  while (performance.now() < deadline) {
    left = (await pool.query<Left>(LEFT)).rows[0]
    if (left && left.parked > 0) throw new Error(`${left.parked} hand-overs were given up`)
    const isThere = left?.answered === requests && left.released === companies
    if (isThere && left?.pending === 0 && left.unsigned === 0) return
    await sleep(LOOK_MS)
  }
  throw new Error(`it did not come to its end: ${JSON.stringify(left)}`)
}
