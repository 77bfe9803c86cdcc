// npm run test:scale: several hosts against one store, made of Linux network namespaces, some of which are cut off.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { parseArgs } from 'node:util'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { verifyEvidence } from '../../src/audit/verify-evidence.ts'
import { readConfig } from '../../src/config.ts'
import { openPool } from '../../src/db/pool.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { createLogger } from '../../src/log.ts'
import { openStore } from '../../src/parts.ts'
import { amendFramework } from '../support/gateway.ts'
import { signFolders } from '../support/statements.ts'
import { makeCertificate } from './certificates.ts'
import { personCounter, startLoad } from './load.ts'
import { enterNetwork, insideWith, OUTSIDE, openHosts, whyNoNetwork } from './network.ts'
import { clientOf, joinParties, openDomain } from './parties.ts'
import { openVdab } from './peers.ts'
import * as scenes from './scenes.ts'
import { openStoreHost } from './store.ts'
import { openSystem } from './system.ts'

const SETTLE_MS = 120_000
const say = (line: string) => process.stderr.write(`${line}\n`)
const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
})

function writeProtocols(dir: string): void {
  for (const name of [
    'wm-vdab',
    'wm-vdab-woonboog',
    'wm-vdab-leefgoed',
    'wm-vdab-de-noorderkempen',
  ])
    cpSync(new URL(`../../protocols/${name}/`, import.meta.url), join(dir, name), {
      recursive: true,
    })
  signFolders(dir)
  amendFramework(dir, document => {
    Object.assign(document.periodicity.ceilings ?? {}, { perDay: 1_000_000, perEpoch: 9_000_000 })
  })
}

type Stage = scenes.Stage

/** All hosts with what runs on them, and the parties joined. */
async function open(folder: string, closing: (() => unknown)[], signal: AbortSignal) {
  const hosts = await openHosts(['db', 'a', 'b', 'c', 'd'])
  const certificate = certificateFor(folder, Object.values(hosts))
  const storeHost = await openStoreHost(hosts.db, join(folder, 'db'))
  closing.unshift(() => storeHost.close())
  const system = await openSystem({
    ...{ folder, certificate, store: storeHost, apis: [hosts.a, hosts.b] },
  })
  closing.unshift(() => system.close())
  for (const host of [hosts.a, hosts.b]) for (const role of ROLES) system.start(host, role)
  for (const host of [hosts.c, hosts.d]) system.start(host, 'sequencer')
  await system.allReady()
  const store = await openStore(readConfig(system.settings), createLogger('error'))
  closing.unshift(() => store.close())
  const owner = openPool(storeHost.databaseUrl, { max: 3 })
  closing.unshift(() => owner.end())
  const vdab = await openVdab(certificate)
  closing.unshift(() => vdab.close())
  await joinParties(store, vdab.url)
  await openDomain(clientOf(system.url, 'vdab', { attempts: 10 }), folder)
  const take = personCounter()
  const load = startLoad(clientOf(system.url, 'woonboog'), take)
  closing.unshift(() => load.stop())
  const apis = [hosts.a, hosts.b] as const
  const stage: Stage = { system, store, owner, vdab, load, apis, take, signal }
  return { hosts, stage, engine: storeHost.queueUrl ? 'redis' : 'postgresql' }
}

const ROLES = ['api,console', 'worker']

function certificateFor(folder: string, hosts: readonly { address: string }[]) {
  const made = join(folder, 'certificates')
  mkdirSync(made)
  const certificate = makeCertificate(made, [OUTSIDE, ...hosts.map(({ address }) => address)])
  const authority = readFileSync(certificate.authority, 'utf8')
  setDefaultCACertificates([...getCACertificates('default'), authority])
  return certificate
}

async function play(folder: string, closing: (() => unknown)[], signal: AbortSignal) {
  const { hosts, stage, engine } = await open(folder, closing, signal)
  const { load, system } = stage
  const figures: Record<string, unknown> = { engine }
  const wrong: string[] = []
  const scene = async (name: string, found: Promise<scenes.Found>) => {
    const result = await found
    signal.throwIfAborted()
    figures[name] = result.figures
    wrong.push(...result.wrong)
    say(`${name}: ${JSON.stringify(result.figures)}`)
  }
  await scene('one key at both', scenes.sameKeyAtBoth(stage))
  await scene('one assertion at both', scenes.sameAssertionAtBoth(stage))
  await scene('limits', scenes.oneBucket(stage))
  await scene('leader killed', scenes.failOver(stage, 'killed'))
  await system.allReady()
  await scene('leader cut off', scenes.failOver(stage, 'cut off'))
  for (const host of Object.values(hosts)) host.mend()
  wrong.push(...load.failed.splice(0).map(name => `intake: ${name}`))
  await Promise.all([
    scene('host cut off', scenes.cutOffWorker(stage, hosts.b)),
    scene('row of a host cut off', scenes.heldRow(stage, hosts.c)),
  ])
  for (const host of Object.values(hosts)) host.mend()
  await load.stop()
  wrong.push(...load.failed.map(name => `intake with a host cut off: ${name}`))
  await scene('at the end', settle(stage))
  return { figures, wrong }
}

/** Waits until all is delivered and logged, and compares what everybody has. */
async function settle({ store, load, vdab, owner, apis }: Stage): Promise<scenes.Found> {
  const deadline = Date.now() + SETTLE_MS
  const open = async () => {
    const { rows } = await owner.query<{ count: number }>(
      `SELECT (SELECT count(*) FROM hand_over WHERE state <> 'delivered')
         + (SELECT count(*) FROM audit_pending) AS count`,
    )
    return Number(rows[0]?.count)
  }
  while ((await open()) > 0 && Date.now() < deadline) await sleep(250)
  const left = await open()
  const key = await loadLogVerifierKey(store.keys, store.config.logOrigin)
  const report = await verifyEvidence(store.pool, key)
  const balances = await readBalances(store.pool)
  const lost = [...load.accepted.keys()].filter(id => !vdab.came.has(id))
  const strange = [...vdab.came.keys()].filter(id => !load.accepted.has(id))
  const came = [...vdab.came.values()]
  const shares = apis.map(({ name, address }) => [
    name,
    came.filter(({ from }) => from[0]?.endsWith(address)).length,
  ])
  const wrong = [
    ...(left > 0 ? [`${left} hand-overs or entries never settled`] : []),
    ...lost.map(id => `${id}: accepted, and never came`),
    ...strange.map(id => `${id}: came without a receipt`),
    ...report.problems.map(({ kind, what }) => `audit: ${kind}, ${what}`),
    ...balances.filter(it => !it.balanced).map(it => `${it.protocol} ${it.day} out of balance`),
    ...shares.filter(([, count]) => count === 0).map(([name]) => `${name} delivered nothing`),
  ]
  const again = came.filter(({ from }) => from.length > 1).length
  const figures = { messages: came.length, deliveredBy: Object.fromEntries(shares), again }
  return { figures: { ...figures, entriesVerified: report.entries }, wrong }
}

const STOPPED = 130

async function inside(folder: string): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  mkdirSync(join(folder, 'protocols'))
  writeProtocols(join(folder, 'protocols'))
  const closing: (() => unknown)[] = []
  try {
    const { promise, reject } = Promise.withResolvers<never>()
    stop.signal.addEventListener('abort', () => reject(new Error('stopped')))
    const { figures, wrong } = await Promise.race([play(folder, closing, stop.signal), promise])
    for (const line of wrong.slice(0, 50)) say(`WRONG  ${line}`)
    process.stdout.write(`${JSON.stringify(figures, null, options.json ? 0 : 2)}\n`)
    return wrong.length === 0 ? 0 : 1
  } catch (error) {
    if (stop.signal.aborted) return STOPPED
    throw error
  } finally {
    for (const close of closing) await Promise.resolve(close()).catch(() => {})
  }
}

async function main(): Promise<number> {
  const given = insideWith()
  if (given) return inside(given)
  const reason = whyNoNetwork()
  if (reason) {
    say(`skipped: this machine makes no network namespaces (${reason}); run it as root on Linux`)
    return 0
  }
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-scale-'))
  const code = await enterNetwork(folder)
  // By now nothing of it runs any more.
  if (options.keep || code === 1) say(`kept: ${folder}`)
  else rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  return code
}

process.exit(
  await main().catch(error => {
    say(`could not go on: ${error instanceof Error ? error.message : 'an error'}`)
    return 1
  }),
)
