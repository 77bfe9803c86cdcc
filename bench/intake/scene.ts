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

/** Processor seconds, by process or what it did. */
export type Cost = Readonly<Record<string, number>>

/** A database in a server of its own or shared, with parties and a protocol in force. */
export interface Ground {
  database: Database
  url: string
  folder: string
  system: System
}

/** A gateway of two processes, intake and sequencer. */
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
  return prepareGround(await opening, folder, 'gateway')
}

/** Prepares another such gateway in the same server; `fill` adds what was there before. */
export async function prepareGround(
  database: Database,
  folder: string,
  name: string,
  fill?: SystemOptions['fill'],
): Promise<Ground> {
  const url = await database.create(name)
  const own = join(folder, name)
  const system = await prepareSystem({
    databaseUrl: url,
    folder: own,
    companies: COMPANIES,
    ...(fill && { fill }),
  })
  return { database, url, folder: own, system }
}

/** Starts the product on what is prepared. */
export async function openScene(options: Ending, ground: Ground): Promise<Scene> {
  const { database, system, url: databaseUrl } = ground
  const start = async (roles: string) => {
    const folder = join(ground.folder, roles)
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
    return { report, cost: { ...differenceOf(before, read()), generator: report.seconds } }
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

/** That of several rounds. */
export function sumOf(costs: readonly Cost[]): Cost {
  const sum: Record<string, number> = {}
  for (const [name, seconds] of costs.flatMap(cost => Object.entries(cost)))
    sum[name] = (sum[name] ?? 0) + seconds
  return sum
}

/** What was spent since. */
export function differenceOf(before: Cost, after: Cost): Cost {
  const names = Object.keys(after)
  return Object.fromEntries(names.map(name => [name, (after[name] ?? 0) - (before[name] ?? 0)]))
}

async function sendersOf(url: string, { companies }: System) {
  return Promise.all(companies.map(async party => ({ party, token: await tokenOf(url, party) })))
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
