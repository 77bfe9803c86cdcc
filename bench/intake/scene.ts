import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPool, type Pool } from '../../src/db/pool.ts'
import type { Options } from '../part.ts'
import { scratchFolder } from '../scratch.ts'
import { type Database, openDatabase } from '../system/database.ts'
import { prepareLoad } from '../system/drive.ts'
import type { LoadReport } from '../system/load-plan.ts'
import { prepareSystem, type System, type SystemOptions, tokenOf } from '../system/parties.ts'
import { type Program, startProgram } from '../system/program.ts'

/** As many as Flanders has. */
const COMPANIES = 40
const PATH = '/v1/detections'
const SETTLED_MS = 60_000

/** Processor seconds, by process. */
export type Cost = Record<'api' | 'sequencer' | 'postgres' | 'generator', number>

/** A database server and, in its database `name`, parties with a protocol in force, to be copied. */
export interface Ground {
  database: Database
  folder: string
  name: string
  system: System
}

/** A gateway of two processes, intake and sequencer, with a database of its own. */
export interface Scene {
  url: string
  pool: Pool
  api: Program
  /** Sends requests about new persons from a process of its own; ends once their evidence is in the log. */
  send(load: Sending): Promise<{ report: LoadReport; cost: Cost }>
}

export interface Sending {
  requests: number
  /** In each request. */
  tenants: number
  connections: number
  /** Requests a second; absent: as fast as replies come. */
  perSecond?: number
}

type Ending = Pick<Options, 'atEnd'>

/** Starts PostgreSQL and prepares forty companies and VDAB in it. */
export async function openGround(options: Ending): Promise<Ground> {
  const folder = scratchFolder(options)
  const opening = openDatabase(folder)
  options.atEnd(async () => (await opening).close())
  return prepareGround(await opening, folder, 'prepared')
}

/** Prepares another such gateway in the same server; `fill` adds what was there before. */
export async function prepareGround(
  database: Database,
  folder: string,
  name: string,
  fill?: SystemOptions['fill'],
): Promise<Ground> {
  const databaseUrl = await database.create(name)
  const own = join(folder, name)
  const system = await prepareSystem({
    databaseUrl,
    folder: own,
    companies: COMPANIES,
    ...(fill && { fill }),
  })
  return { database, folder: own, name, system }
}

/** Starts the product on a copy of what is prepared. */
export async function openScene(options: Ending, ground: Ground, name: string): Promise<Scene> {
  const { database, system } = ground
  const databaseUrl = await database.create(name, ground.name)
  const start = async (roles: string) => {
    const folder = join(ground.folder, `${name}-${roles}`)
    const starting = startProgram({ roles, databaseUrl, folder, settings: system.settings })
    options.atEnd(async () => (await starting).stop())
    return starting
  }
  const [sequencer, api] = [await start('sequencer'), await start('api')]
  const pool = openPool(databaseUrl, { max: 2, statementMs: 60_000 })
  options.atEnd(() => pool.end())
  let firstPerson = 0
  const send = async ({ requests, tenants, ...rest }: Sending) => {
    const senders = await sendersOf(api.url, system)
    const batch = { senders, requests, tenants, firstPerson }
    firstPerson += requests * tenants
    const load = await prepareLoad({ url: api.url, path: PATH, batch, ...rest })
    const read = () => ({
      api: api.seconds(),
      sequencer: sequencer.seconds(),
      postgres: database.seconds(),
    })
    const before = read()
    const report = await load.run()
    await settled(pool)
    const after = read()
    return { report, cost: costOf(before, after, report.seconds) }
  }
  return { url: databaseUrl, pool, api, send }
}

/** Milliseconds of processor time an item, by process, as a line. */
export function costLine(cost: Cost, items: number): string {
  const each = Object.entries(cost).map(
    ([name, seconds]) => `${name} ${((seconds * 1_000) / items).toFixed(3)}`,
  )
  return `${each.join(', ')} ms of processor time each`
}

/** The same of several rounds. */
export function sumOf(costs: readonly Cost[]): Cost {
  const sum = { api: 0, sequencer: 0, postgres: 0, generator: 0 }
  for (const cost of costs)
    for (const name of Object.keys(sum) as (keyof Cost)[]) sum[name] += cost[name]
  return sum
}

async function sendersOf(url: string, { companies }: System) {
  return Promise.all(companies.map(async party => ({ party, token: await tokenOf(url, party) })))
}

type Read = Omit<Cost, 'generator'>

function costOf(before: Read, after: Read, generator: number): Cost {
  return {
    api: after.api - before.api,
    sequencer: after.sequencer - before.sequencer,
    postgres: after.postgres - before.postgres,
    generator,
  }
}

/** Until each entry has its place in the log: what is left to do would slow what is measured next. */
async function settled(pool: Pool): Promise<void> {
  const until = performance.now() + SETTLED_MS
  while (performance.now() < until) {
    const { rowCount } = await pool.query('SELECT FROM audit_pending LIMIT 1')
    if (rowCount === 0) return
    await sleep(20)
  }
  throw new Error('the evidence did not come into the log')
}
