import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { loadLogVerifierKeys } from '../../src/audit/log-key.ts'
import { readConfig } from '../../src/config.ts'
import { freePort } from '../../src/db/embedded-server.ts'
import { createLogger } from '../../src/log.ts'
import { openStore } from '../../src/parts.ts'
import { testKey } from '../../test/support/statements.ts'
import { Ending } from '../ending.ts'
import type { Options } from '../part.ts'
import { type Database, openDatabase } from '../system/database.ts'
import { prepareSystem, type System } from '../system/parties.ts'
import { type Program, startProgram } from '../system/program.ts'
import { type Peer, startPeer } from './peers.ts'
import type { Crowd } from './people.ts'
import type { ToCompanies, ToVdab } from './talk.ts'

export const ALL_ROLES = 'api,worker,sequencer,evaluator,console'

/** Peers, and a database in which VDAB's register is prepared, to be copied for each round. */
export interface Stage {
  folder: string
  /** Where the product is reached, whichever copy runs. */
  gateway: string
  crowd: Crowd
  system: System
  database: Database
  vdab: Peer<ToVdab>
  companies: Peer<ToCompanies>
  /** Starts the product, one process for each set of roles. */
  start(options: StartOptions): Promise<Program[]>
  close(): Promise<void>
}

export interface StartOptions {
  databaseUrl: string
  /** New for each copy of a database: a program refuses one that is older than what it published. */
  folder: string
  /** One process for each of these; all in one where left out. */
  roles?: readonly string[]
  nodeArgs?: readonly string[]
}

/** The database that rounds copy. */
export const PREPARED = 'prepared'

/**
 * Makes everything that is there before a list arrives: parties, a protocol in force, VDAB's register. All
 * of it is gone once it is closed, at the end of the part at the latest.
 */
export async function setStage(
  { atEnd, say }: Pick<Options, 'atEnd' | 'say'>,
  crowd: Crowd,
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-bench-'))
  const ending = new Ending()
  ending.add(() => rmSync(folder, { recursive: true, force: true }))
  const close = () => ending.run()
  atEnd(close)
  const database = await openDatabase(folder)
  ending.add(() => database.close())
  const vdab = await startPeer<ToVdab>('vdab', join(folder, 'vdab.log'))
  ending.add(() => vdab.process.stop())
  const companies = await startPeer<ToCompanies>('companies', join(folder, 'companies.log'))
  ending.add(() => companies.process.stop())
  const databaseUrl = await database.create(PREPARED)
  const system = await prepareSystem({
    ...{ databaseUrl, folder, companies: crowd.sizes.length },
    vdab: { baseUrl: vdab.url, tokenUrl: `${vdab.url}/oauth/token` },
    webhook: company => `${companies.url}/${company}`,
  })
  const port = String(await freePort())
  const gateway = `http://127.0.0.1:${port}`
  const start = async (options: StartOptions) => {
    const programs = await startAll(system.settings, { port, gateway }, options)
    for (const program of programs) ending.add(() => program.stop())
    return programs
  }
  const stage = { folder, gateway, crowd, system, database, vdab, companies, start, close }
  const [program] = await start({ databaseUrl, folder: join(folder, 'first') })
  const started = performance.now()
  await openPeers(stage, await readLogKey(system, databaseUrl, folder))
  await program?.stop()
  say(`  register prepared in ${Math.round((performance.now() - started) / 1_000)} s`)
  return stage
}

async function startAll(
  settings: System['settings'],
  { port, gateway }: { port: string; gateway: string },
  { databaseUrl, folder, roles = [ALL_ROLES], nodeArgs = [] }: StartOptions,
): Promise<Program[]> {
  const programs: Program[] = []
  for (const [i, some] of roles.entries()) {
    const isFront = some.split(',').includes('api')
    const env = { HUISBRUG_PUBLIC_URL: gateway, ...(isFront && { HUISBRUG_PORT: port }) }
    const own = { roles: some, databaseUrl, folder: join(folder, `program-${i}`) }
    programs.push(await startProgram({ ...own, settings, env, nodeArgs }))
  }
  return programs
}

async function openPeers(stage: Stage, logKey: string): Promise<void> {
  const { gateway, vdab, companies, system, crowd, folder } = stage
  const keyOf = (party: string) => testKey(party).privateKey as JWK
  const keys = Object.fromEntries(system.companies.map(id => [id, keyOf(id)]))
  const { webhookSecrets } = system
  await companies.ask({ kind: 'open', gateway, keys, webhookSecrets, crowd })
  const register = join(folder, 'register')
  const privateKey = keyOf('vdab')
  await vdab.ask({ kind: 'open', gateway, logKey, privateKey, folder: register, crowd })
  await vdab.ask({ kind: 'prepare' })
}

/** What the operator gives partners, to check what the log publishes. */
async function readLogKey(
  { settings }: System,
  databaseUrl: string,
  folder: string,
): Promise<string> {
  const config = readConfig({
    ...settings,
    HUISBRUG_DATABASE_URL: databaseUrl,
    HUISBRUG_DATA_DIR: join(folder, 'prepared'),
  })
  const store = await openStore(config, createLogger('error'))
  try {
    const [key = ''] = await loadLogVerifierKeys(store.keys, config.logOrigin)
    return key
  } finally {
    await store.close()
  }
}
