import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { sequenceOnce } from '../../src/audit/sequencer.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { createClient, type HuisbrugClient, newNonce } from '../../src/client/index.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { migrate } from '../../src/db/migrate.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { detection, tenants } from '../support/detection.ts'
import { COMPANIES, type Company, type TestGateway, until } from '../support/gateway.ts'
import { keepLines } from '../support/kept-log.ts'
import { testLog } from '../support/log.ts'
import { call, type RawReply, tokenFor } from '../support/raw.ts'
import { announceServer, newDatabaseName, runOnServer, urlOfDatabase } from '../support/server.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** A PostgreSQL of this test file alone, which it may ill-treat. */
export interface OwnServer {
  url: string
  folder: string
  /** Ends it: SIGINT fast, SIGQUIT immediate, SIGKILL as a crash. It starts again by itself. */
  signal(signal: NodeJS.Signals): void
  close(): Promise<void>
}

/** Starts it, and has every gateway of this file work on it. */
export async function ownServer(
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-outage-')),
): Promise<OwnServer> {
  const { log } = testLog()
  const database = await startEmbedded(folder, log)
  const template = newDatabaseName()
  await runOnServer(database.url, `CREATE DATABASE ${template} ENCODING 'UTF8' TEMPLATE template0`)
  await migrate(urlOfDatabase(database.url, template), log)
  announceServer({ url: database.url, template })
  const signal = (which: NodeJS.Signals) => {
    const [pid] = readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')
    process.kill(Number(pid), which)
  }
  const close = async () => {
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { url: database.url, folder, signal, close }
}

/** A process of the gateway's, with roles of its own. */
export interface Running {
  child: ChildProcess
  url: string
  said(): string
  /** Ends it; milliseconds until it was gone, and its exit code. */
  end(signal: NodeJS.Signals): Promise<{ took: number; code: number | null }>
}

const children = new Set<Running>()

/** Starts `huisbrug serve` beside the gateway of the test, on its database. */
export async function startProcess(
  gateway: TestGateway,
  settings: Record<string, string>,
): Promise<Running> {
  const { config } = gateway.context
  const port = settings['HUISBRUG_PORT'] ?? String(config.port)
  const env = {
    ...bareEnvironment(),
    HUISBRUG_PORT: port,
    HUISBRUG_PUBLIC_URL: config.publicUrl,
    HUISBRUG_DATA_DIR: config.dataDir,
    HUISBRUG_DATABASE_URL: gateway.db.url,
    HUISBRUG_PROTOCOLS_DIR: gateway.protocolsDir,
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    HUISBRUG_LOG_LEVEL: 'info',
    ...(config.queueUrl && { HUISBRUG_QUEUE_URL: config.queueUrl }),
    ...settings,
  }
  const child = spawn(process.execPath, ['--no-warnings', CLI, 'serve'], { env })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      keepLines(chunk)
      said += chunk
    })
  }
  const end = async (signal: NodeJS.Signals) => {
    children.delete(running)
    const begun = performance.now()
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    }
    return { took: performance.now() - begun, code: child.exitCode }
  }
  const running = { child, url: `http://127.0.0.1:${port}`, said: () => said, end }
  children.add(running)
  const isReady = () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${said}`)
    return said.includes('huisbrug is ready')
  }
  await until(`${settings['HUISBRUG_ROLES']} is ready`, isReady, 60)
  return running
}

/** Kills what a test left running. */
export async function endProcesses(): Promise<void> {
  await Promise.all([...children].map(running => running.end('SIGKILL')))
}

/** A client that repeats what fails in a way that may pass. */
export function patientClient(gateway: TestGateway, company: Company): HuisbrugClient {
  return createClient({
    gateway: gateway.url,
    partyId: company,
    privateKey: gateway.keys[company].privateKey,
    timeoutMs: 10_000,
    retry: { attempts: 60, firstPauseMs: 50, longestPauseMs: 500 },
  })
}

/** Settings under which no test is held up by its number of calls. */
export const NO_LIMITS = {
  HUISBRUG_PARTY_BURST: '100000',
  HUISBRUG_PARTY_PER_SECOND: '10000',
  HUISBRUG_ADDRESS_BURST: '100000',
  HUISBRUG_ADDRESS_PER_SECOND: '10000',
}

export interface Load {
  /** Ids of what was accepted. */
  accepted: string[]
  /** What a client saw that is no acceptance. */
  errors: unknown[]
  /** Sends no more, and waits for what is under way. */
  stop(): Promise<void>
}

let next = 0

const stoppers = new Set<() => Promise<void>>()

function stopper(halt: () => void, running: Promise<void>[]): () => Promise<void> {
  const stop = async () => {
    stoppers.delete(stop)
    halt()
    await Promise.all(running)
  }
  stoppers.add(stop)
  return stop
}

/** Stops what a test that failed left going. */
export async function stopAll(): Promise<void> {
  await Promise.allSettled([...stoppers].map(stop => stop()))
}

/** A request about somebody who was in none before. */
export function newDetection() {
  next += 1
  return detection(tenants(next, 1))
}

/** Sends requests of one tenant each, one after another for each client, until it is stopped. */
export function startLoad(clients: HuisbrugClient[], pauseMs = 20): Load {
  const load = { accepted: [] as string[], errors: [] as unknown[] }
  let stopped = false
  const running = clients.map(async client => {
    while (!stopped) {
      await client.detect(newDetection()).then(
        ({ messageId }) => load.accepted.push(messageId),
        error => load.errors.push(error),
      )
      await sleep(pauseMs)
    }
  })
  return { ...load, stop: stopper(() => (stopped = true), running) }
}

/** What an impatient caller and a load balancer saw. */
export interface Seen {
  /** Answers to requests, with how long each took. */
  answers: { id: string | undefined; reply: RawReply; took: number }[]
  live: number[]
  ready: number[]
  /** The last look has been taken. */
  stop(): Promise<void>
}

/** Sends a request, asks whether it lives and whether it is ready, again and again until it is stopped. */
export function startWatching(gateway: TestGateway, token: string): Seen {
  const seen = { answers: [] as Seen['answers'], live: [] as number[], ready: [] as number[] }
  let stopped = false
  const status = async (path: string) => (await call(gateway, 'GET', path)).status
  const ask = async () => {
    const begun = performance.now()
    const body = { ...newDetection(), nonce: newNonce() }
    const reply = await call(gateway, 'POST', '/v1/detections', {
      token,
      key: `watch-${next}`,
      body,
    })
    const id = reply.body['messageId'] as string | undefined
    seen.answers.push({ id, reply, took: performance.now() - begun })
  }
  const looks = [
    ask,
    async () => seen.live.push(await status('/health/live')),
    async () => seen.ready.push(await status('/health/ready')),
  ]
  const running = looks.map(async look => {
    while (!stopped) {
      await look()
      await sleep(30)
    }
  })
  return { ...seen, stop: stopper(() => (stopped = true), running) }
}

/** Each answer was an acceptance, or an honest refusal soon enough. @returns the ids accepted */
export function assertHonest({ answers, live }: Seen, withinMs = 15_000): string[] {
  expect(new Set(live)).toEqual(new Set([200]))
  for (const { reply, took } of answers) {
    expect(took).toBeLessThan(withinMs)
    if (reply.status === 202) continue
    expect([reply.status, reply.body.code]).toEqual([503, 'HB-903'])
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
  }
  return answers.flatMap(({ id, reply }) => (reply.status === 202 && id ? [id] : []))
}

/**
 * Has something happen under load, looks at what everybody saw of it, and that all goes on soon after.
 * @param accepted what the test sent before; what is accepted now is added
 * @param happen begins the outage
 * @param keep keeps it up, asked until somebody noticed: for what a connection made meanwhile escapes
 * @param restore ends it
 */
export async function throughOutage(
  gateway: TestGateway,
  accepted: string[],
  happen: () => Promise<void>,
  keep: () => Promise<void> = async () => {},
  restore: () => Promise<void> = async () => {},
): Promise<void> {
  const load = startLoad(COMPANIES.map(company => patientClient(gateway, company)))
  const seen = startWatching(gateway, await tokenFor(gateway, 'woonboog'))
  await until('it is under way', () => seen.answers.length > 3 && load.accepted.length > 3)
  await happen()
  // A call under way may wait for its statement, one after another of a pool that is cut.
  const refused = () => seen.answers.some(it => it.reply.status === 503)
  await until('it is refused', async () => refused() || (await keep()), 45)
  await until('it is not ready', async () => seen.ready.includes(503) || (await keep()), 45)
  await restore()
  const before = seen.answers.length
  await until('it is taken again', () => seen.answers.slice(before).some(it => it.id))
  await until('it is ready', () => seen.ready.at(-1) === 200)
  await load.stop()
  await seen.stop()
  expect(load.errors).toEqual([])
  accepted.push(...load.accepted, ...assertHonest(seen))
  await addUnknown(gateway, accepted)
  await assertAllCame(gateway, accepted)
}

/** What was refused while it was not known whether it was stored may have been: a repeat hears so. */
export async function addUnknown({ db }: TestGateway, accepted: string[]): Promise<void> {
  // A connection of ours that was cut may not have heard so yet.
  const all = () =>
    Promise.all(Array.from({ length: db.pool.options.max }, () => db.pool.query('SELECT')))
  await until('our own connections answer', () =>
    all().then(
      () => true,
      () => false,
    ),
  )
  const { rows } = await db.pool.query<{ id: string }>(
    `SELECT m.id FROM message m JOIN idempotency i ON i.response ->> 'messageId' = m.id
     WHERE i.key LIKE 'watch-%' AND i.status = 202`,
  )
  for (const { id } of rows) if (!accepted.includes(id)) accepted.push(id)
}

/** What VDAB received as requests, by message id, with how often. */
export function receivedRequests(gateway: TestGateway): Map<string, number> {
  const times = new Map<string, number>()
  for (const { body } of gateway.vdab.to('/api/detections')) {
    const id = String(body['messageId'])
    times.set(id, (times.get(id) ?? 0) + 1)
  }
  return times
}

/**
 * Everything that was accepted came, nothing else did, every item is in one place, and the log verifies.
 * @returns how many came more than once, with the same id
 */
export async function assertAllCame(
  gateway: TestGateway,
  accepted: string[],
  seconds = 40,
): Promise<number> {
  const begun = performance.now()
  await until(
    'all that was accepted came',
    async () => {
      // What was claimed in a COMMIT that nobody heard of comes back when the claim lapses.
      if (performance.now() - begun > 3_000) await lapse(gateway)
      const came = receivedRequests(gateway)
      return accepted.every(id => came.has(id)) && (await openHandOvers(gateway)) === 0
    },
    seconds,
  )
  const came = receivedRequests(gateway)
  expect([...came.keys()].toSorted()).toEqual([...new Set(accepted)].toSorted())
  expect(await countMessages(gateway)).toBe(accepted.length)
  await assertSound(gateway)
  return [...came.values()].filter(times => times > 1).length
}

/** Every item is in one place, and the log holds all and verifies. */
export async function assertSound({ context, db }: TestGateway): Promise<void> {
  const balances = await readBalances(db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
  const { config, clock } = context
  const { pool } = db
  const keys = new KeyStore(pool, context.keys.keyring)
  await until('the log holds all', async () => {
    await sequenceOnce({ pool, keys, config, clock }).catch(() => {})
    const { rows } = await pool.query('SELECT count(*)::int AS n FROM audit_pending')
    return rows[0].n === 0
  })
  const report = await verifyLog(pool, await loadLogVerifierKey(keys, config.logOrigin))
  expect(report).toMatchObject({ ok: true, problems: [] })
}

async function lapse({ db }: TestGateway): Promise<void> {
  await db.pool.query(
    `UPDATE hand_over SET due_at = now() WHERE state IN ('queued', 'retrying') AND due_at > now()
       AND claimed_until < now() + interval '110 seconds'`,
  )
}

async function openHandOvers({ db }: TestGateway): Promise<number> {
  const { rows } = await db.pool.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM hand_over WHERE state <> 'delivered'",
  )
  return rows[0]?.n ?? 0
}

/** Detection requests in the database, once connections that were cut are out of the way. */
export async function countMessages({ db }: TestGateway): Promise<number> {
  const count = () =>
    db.pool.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM message WHERE type = 'detection.request' AND accepted > 0",
    )
  const { rows } = await until('the messages can be counted', () => count().catch(() => undefined))
  return rows[0]?.n ?? 0
}

export const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
