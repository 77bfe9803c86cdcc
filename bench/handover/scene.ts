import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../../src/config.ts'
import type { Context } from '../../src/context.ts'
import { createLogger } from '../../src/log.ts'
import { createParts } from '../../src/parts.ts'
import type { Options } from '../part.ts'
import { scratchFolder } from '../scratch.ts'
import { type Database, openDatabase } from '../system/database.ts'
import { prepareSystem, type System, VDAB } from '../system/parties.ts'
import { processorSeconds } from '../system/processes.ts'
import { type Running, startNode, startProgram } from '../system/program.ts'
import { startBare } from './bare-queue.ts'
import { fillRoutes } from './fill.ts'
import { type Kind, makeMessages, putMessages, type Stock } from './messages.ts'
import { startRedis } from './redis.ts'
import { told } from './told.ts'

/** What the bare worker has under way at once: as many connections as the client makes to one host. */
const CONCURRENCY = 64
const COMPANIES = 40
const PEOPLE_EACH = 250
const LOOK_MS = 5

export type Engine = 'postgresql' | 'redis'

/** What a round took: seconds, and processor seconds of each process. */
export interface Took {
  seconds: number
  processor: Record<string, number>
}

/** A gateway with parties, messages to hand over, a peer, and what is compared with. */
export interface Scene {
  databaseUrl: string
  /** Runs so many worker processes of the product from now on. */
  workers(count: number): Promise<void>
  /** Has the product hand over so many messages: until the last is recorded with its evidence. */
  product(kind: Kind, messages: number): Promise<Took>
  /** Has the bare worker send the same: until the last job is done. */
  bare(kind: Kind, messages: number): Promise<Took>
}

/**
 * Opens it: PostgreSQL, Redis where asked for, a sequencer, the bare worker and the peer that takes all messages,
 * each in a process of its own.
 */
export async function openScene(engine: Engine, options: Options): Promise<Scene> {
  const place = await openPlace(engine, options)
  const { database, redis, peer, stock, settings } = place
  const engineUrl = redis?.url ?? database.url
  const bare = await startBare({ settings, engineUrl, concurrency: CONCURRENCY }, options)
  const programs = new Programs(place)
  options.atEnd(() => programs.stop())
  await programs.start('sequencer', 'sequencer')
  const meter = (): Took['processor'] => ({
    worker: programs.seconds('worker'),
    'bare worker': bare.running.seconds(),
    sequencer: programs.seconds('sequencer'),
    postgresql: database.seconds(),
    ...(redis && { redis: processorSeconds(redis.pid) }),
    peer: peer.seconds(),
  })
  const product: Scene['product'] = async (kind, messages) => {
    const commit = await putUnseen(stock, kind, messages)
    const reached = await expectAtPeer(peer, messages)
    return timed(meter, async () => {
      await commit()
      void stock.context.wakeUps.wake(kind === 'events' ? stock.companies : [VDAB])
      await reached.all
      while (await isUnderWay(stock.context)) await sleep(LOOK_MS)
    })
  }
  return {
    databaseUrl: database.url,
    workers: count => programs.runWorkers(count),
    product,
    bare: async (kind, messages) => {
      await bare.add(await makeMessages(stock, kind, messages))
      return timed(meter, () => bare.run(messages))
    },
  }
}

interface Place {
  folder: string
  database: Database
  redis: { url: string; pid: number } | undefined
  peer: Running
  system: System
  stock: Stock
  settings: Record<string, string>
}

async function openPlace(engine: Engine, options: Options): Promise<Place> {
  const folder = scratchFolder(options)
  const database = await openDatabase(folder)
  options.atEnd(() => database.close())
  const redis = engine === 'redis' ? await startRedis(folder, options) : undefined
  const peer = startNode({ file: join(import.meta.dirname, 'peer.ts') })
  options.atEnd(() => peer.stop())
  const { url } = await told<{ url: string }>(peer, 'url')
  const system = await prepareSystem({
    databaseUrl: database.url,
    folder,
    companies: COMPANIES,
    vdab: { baseUrl: `${url}/api`, tokenUrl: `${url}/oauth/token` },
    webhook: company => `${url}/${company}`,
  })
  const settings = {
    ...system.settings,
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    HUISBRUG_DATABASE_URL: database.url,
    HUISBRUG_DATA_DIR: join(folder, 'bench'),
    HUISBRUG_LOG_LEVEL: 'error',
    ...(redis && { HUISBRUG_QUEUE_URL: redis.url }),
  }
  mkdirSync(settings.HUISBRUG_DATA_DIR)
  const { context, close } = await createParts(readConfig(settings), createLogger('error'))
  options.atEnd(async () => {
    await context.wakeUps.close()
    await close()
  })
  const { domain, companies } = system
  const routes = await fillRoutes(context, domain, companies, PEOPLE_EACH)
  const stock = { context, domain, companies, routes }
  return { folder, database, redis, peer, system, stock, settings }
}

/** The processes of the product. */
class Programs {
  readonly #place: Place
  readonly #running = new Map<string, Running>()

  constructor(place: Place) {
    this.#place = place
  }

  async start(name: string, roles: string): Promise<void> {
    const { folder, database, redis, system } = this.#place
    const program = await startProgram({
      roles,
      databaseUrl: database.url,
      folder: join(folder, name),
      settings: system.settings,
      queueUrl: redis?.url,
      ...profiling(name),
    })
    this.#running.set(name, program)
  }

  async runWorkers(count: number): Promise<void> {
    const names = Array.from({ length: count }, (_, i) => `worker-${i}`)
    const gone = [...this.#running.keys()].filter(it => it !== 'sequencer' && !names.includes(it))
    for (const name of gone) await this.#stop(name)
    for (const name of names) if (!this.#running.has(name)) await this.start(name, 'worker')
  }

  /** Processor seconds of those whose name begins so. */
  seconds(prefix: string): number {
    const own = [...this.#running].filter(([name]) => name.startsWith(prefix))
    return own.reduce((total, [, running]) => total + running.seconds(), 0)
  }

  async stop(): Promise<void> {
    for (const name of [...this.#running.keys()].reverse()) await this.#stop(name)
  }

  async #stop(name: string): Promise<void> {
    await this.#running.get(name)?.stop()
    this.#running.delete(name)
  }
}

/** Everything written and checked, to be seen by all once it is committed. */
async function putUnseen(stock: Stock, kind: Kind, messages: number): Promise<() => Promise<void>> {
  const client = await stock.context.pool.connect()
  await client.query('BEGIN')
  await putMessages(client, stock, kind, messages)
  await client.query('SET CONSTRAINTS ALL IMMEDIATE')
  return async () => {
    await client.query('COMMIT')
    client.release()
  }
}

async function expectAtPeer(peer: Running, messages: number): Promise<{ all: Promise<unknown> }> {
  const ready = told(peer, 'expects')
  peer.child.send({ expect: messages })
  await ready
  return { all: told(peer, 'reached') }
}

async function isUnderWay({ pool }: Context): Promise<boolean> {
  const { rows } = await pool.query<{ isUnderWay: boolean }>(
    `SELECT EXISTS (SELECT FROM hand_over WHERE state NOT IN ('delivered', 'withdrawn', 'expired'))
       AS "isUnderWay"`,
  )
  return rows[0]?.isUnderWay ?? true
}

async function timed(meter: () => Took['processor'], work: () => Promise<void>): Promise<Took> {
  const before = meter()
  const started = performance.now()
  await work()
  const seconds = (performance.now() - started) / 1000
  const spent = Object.entries(meter()).map(([name, now]) => [name, now - (before[name] ?? 0)])
  return { seconds, processor: Object.fromEntries(spent) }
}

// For who works on it: --profile=FOLDER takes a profile of each process of the product.
function profiling(name: string): { nodeArgs?: string[] } {
  const folder = process.argv.find(it => it.startsWith('--profile='))?.slice('--profile='.length)
  if (!folder) return {}
  return {
    nodeArgs: ['--cpu-prof', '--cpu-prof-dir', folder, '--cpu-prof-name', `${name}.cpuprofile`],
  }
}
