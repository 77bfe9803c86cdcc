// npm run test:break: breaks a running system while it works, then looks whether anything was lost.
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { draws } from '../../src/sandbox/draw.ts'
import { type Books, INBOX_ONLY } from './books.ts'
import * as check from './check.ts'
import { closeMonth, readInbox, sendSteadily } from './companies.ts'
import { breakThings, longestRecoveries } from './faults.ts'
import { type Options, type Run, randomOf, setUp } from './setup.ts'
import { hasRedis } from './system.ts'

// A worker that is killed holds what it had in hand for a minute.
const DRAIN_MS = 180_000
const say = (line: string) => process.stderr.write(`${line}\n`)

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '3' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      engine: { type: 'string' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  const { seed, json, keep } = values
  const minutes = Number(values.minutes)
  const drawn = hasRedis && (draws(seed, 'engine', 0)[0] ?? 0) < 0.5 ? 'redis' : 'postgresql'
  const engine = values.engine ?? drawn
  if (!(minutes > 0) || (engine !== 'redis' && engine !== 'postgresql')) {
    say('use: test:break [--minutes N] [--seed S] [--engine redis|postgresql] [--json] [--keep]')
    process.exit(2)
  }
  return { minutes, seed, engine, json, keep }
}

/** Works and breaks for as long as it was told, then lets everything come to its end. */
async function play(run: Run): Promise<void> {
  const { options, system, peers, companies, signal, done, books } = run
  const until = Date.now() + options.minutes * 60_000
  const inbox = companies.find(({ company }) => company === INBOX_ONLY)
  const inboxPeer = peers.find(({ name }) => name === INBOX_ONLY)
  const reading = inbox && readInbox(inbox, inboxPeer?.arrivals ?? [])
  reading?.catch(error => signal.aborted || run.problems.add(`inbox: ${error.name}`))
  const watching = watch(run)
  const random = randomOf(options.seed, 'faults')
  const breakable = peers.filter(({ name }) => name !== INBOX_ONLY)
  await Promise.all([
    ...companies.map(parts => sendSteadily(parts, () => Date.now() < until)),
    breakThings({ system, peers: breakable, random, signal }, until, done),
  ])
  say('faults have stopped; waiting until all has come to its end')
  await settle(run, 'what senders have to say', () => books.open === 0)
  for (const parts of companies) books.run('period', signal, () => closeMonth(parts))
  await settle(run, 'everything on its way', async () => {
    return books.open === 0 && Object.keys(await check.readUnsettled(run.store)).length === 0
  })
  await untilInboxRead(run)
  watching.stop()
}

async function settle(run: Run, what: string, fits: () => boolean | Promise<boolean>) {
  const deadline = Date.now() + DRAIN_MS
  while (!run.signal.aborted) {
    if (await Promise.resolve(fits()).catch(() => false)) return
    if (Date.now() > deadline) {
      const left = await check.readUnsettled(run.store)
      run.problems.add(`stuck: ${what}, ${JSON.stringify(left)}, ${run.books.open} calls open`)
      return
    }
    await sleep(250)
  }
}

async function untilInboxRead({ clients, signal }: Run): Promise<void> {
  while (!signal.aborted && (await clients[INBOX_ONLY].inbox({ limit: 1 })).items.length > 0) {
    await sleep(250)
  }
}

/** Every second: whether the log grows; every ten: how it goes, and whether it is in balance. */
function watch(run: Run): { stop(): void } {
  let size = -1
  let turn = 0
  const look = async () => {
    const { rows } = await run.store.pool.query<{ size: number }>('SELECT size FROM audit_head')
    const now = rows[0]?.size ?? 0
    if (now > size) run.sequenced.push(Date.now())
    size = now
    if (turn++ % 10 > 0) return
    for (const wrong of await check.readImbalance(run.store)) run.problems.add(wrong)
    say(progress(run))
  }
  const timer = setInterval(() => void look().catch(() => {}), 1_000)
  return { stop: () => clearInterval(timer) }
}

function progress({ books, done, peers, problems }: Run): string {
  const came = peers.reduce((sum, peer) => sum + peer.arrivals.length, 0)
  const time = new Date().toISOString().slice(11, 19)
  const figures = [
    `${done.length} faults`,
    `${books.receipts.size} messages accepted`,
    `${came} arrived`,
    `${books.duplicates} again`,
    `${books.open} calls open`,
    ...(problems.size > 0 ? [`${problems.size} PROBLEMS`] : []),
  ]
  return `${time}  ${figures.join(', ')}`
}

async function report(run: Run): Promise<{ figures: object; wrong: string[] }> {
  const { books, system, options, done, peers, sequenced, folder, persons } = run
  const rows = await check.checkRows(run.store, books)
  const evidence = await check.checkEvidence(run.store, books, run.clients.vdab)
  const doctor = await check.askDoctor(system)
  const leaks = await check.checkLeaks(system, books, folder, persons)
  const wrong = [
    ...books.problems,
    ...check.compareBooks(books),
    ...[...rows, ...evidence.wrong, ...doctor, ...leaks.wrong],
    ...system.ended.map(name => `${name} ended by itself`),
  ]
  const items: Record<string, number> = {}
  for (const { type, accepted } of books.receipts.values()) {
    items[type] = (items[type] ?? 0) + accepted
  }
  const faults: Record<string, number> = {}
  for (const { kind } of done) faults[kind] = (faults[kind] ?? 0) + 1
  const recoveries = longestRecoveries(done, books, peers, sequenced)
  const { seed, engine, minutes } = options
  const figures = {
    ...{ seed, engine, minutes, faults, faultsDone: done.length, items },
    messages: books.receipts.size,
    duplicates: books.duplicates,
    repeatedCalls: books.repeated,
    recoverySeconds: inSeconds(recoveries),
    longestRecoverySeconds: toSeconds(Math.max(0, ...Object.values(recoveries))),
    longestUnderwaySeconds: toSeconds(longestUnderway(books)),
    auditEntries: evidence.entries,
    nationalNumbersLeaked: leaks.leaked,
    wrong: wrong.length,
  }
  return { figures, wrong }
}

/** From the receipt of a request until VDAB had it, the longest. */
function longestUnderway({ receipts, requests }: Books): number {
  const times = [...requests].map(([id, { at }]) => at - (receipts.get(id)?.at ?? at))
  return times.reduce((most, time) => Math.max(most, time), 0)
}

const toSeconds = (milliseconds: number) => Math.round(milliseconds / 100) / 10
const inSeconds = (all: Record<string, number>) =>
  Object.fromEntries(Object.entries(all).map(([kind, time]) => [kind, toSeconds(time)]))

async function main(): Promise<number> {
  const options = readOptions()
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  say(`seed ${options.seed}, engine ${options.engine}, ${options.minutes} minutes`)
  const run = await setUp(options, stop.signal)
  let good = false
  try {
    say(`started at ${run.system.url}; everything is in ${run.folder}`)
    await play(run)
    if (stop.signal.aborted) return 1
    const { figures, wrong } = await report(run)
    good = wrong.length === 0
    for (const line of wrong.slice(0, 50)) say(`WRONG  ${line}`)
    process.stdout.write(`${JSON.stringify(figures, null, options.json ? 0 : 2)}\n`)
    return good ? 0 : 1
  } finally {
    const keep = options.keep || !(good || stop.signal.aborted)
    stop.abort()
    await run.store.close().catch(() => {})
    await run.system.close()
    await Promise.all(run.peers.map(peer => peer.close()))
    if (keep) say(`kept: ${run.folder}`)
    else rmSync(run.folder, { recursive: true, force: true })
  }
}

process.exit(
  await main().catch(error => {
    say(`could not go on: ${error instanceof Error ? error.message : 'an error'}`)
    return 1
  }),
)
