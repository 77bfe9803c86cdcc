import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { openPool, type Pool } from '../../src/db/pool.ts'
import { openBareSealing } from '../intake/sealing.ts'
import { insertAll, readRows, writtenTables } from './bare-rows.ts'
import type { Round } from './round.ts'
import type { Stage } from './stage.ts'

/** As many as the product has by default (HUISBRUG_PSEUDONYM_THREADS). */
const THREADS = 2
const CONNECTIONS = 4

/** What something took: seconds, and seconds of processor time of all who did it. */
export interface Cost {
  seconds: number
  processor: number
}

/** What cannot be done without for the same list, one after the other. */
export interface Ceilings {
  /** Group operations, sealing and encrypted references, in as many threads as the product has. */
  sealing: Cost
  /** The same rows in tables of the same columns and indexes, a transaction a message. */
  rows: Cost
  /** Entries of the log, the same way. */
  entries: Cost
  /** The same bytes posted to the same peer, and its answers posted back to it. */
  posts: Cost
  /** VDAB opens the rows of whom it knows. */
  opening: Cost
}

/** Measures all of them for a round that was just played; the product no longer runs. */
export async function measureCeilings(stage: Stage, round: Round): Promise<Ceilings> {
  const folder = join(stage.folder, round.database.name)
  const pool = openPool(round.database.url, { max: CONNECTIONS, statementMs: 600_000 })
  try {
    const bodies = lines(join(folder, 'received.jsonl')).map(({ body }) => body)
    const answers = lines(join(folder, 'answers.jsonl')).flatMap(({ answer }) => answer ?? [])
    const timed = clockOf(stage)
    return {
      opening: await timed(() => stage.vdab.ask({ kind: 'open-rows' })),
      sealing: await seal(timed, round.tenants),
      posts: await post(timed, stage.vdab.url, [...bodies, ...answers]),
      ...(await insert(timed, pool, bodies as Forwarded[])),
    }
  } finally {
    await pool.end()
  }
}

type Clock = (work: () => Promise<unknown>) => Promise<Cost>

function clockOf({ vdab, database }: Stage): Clock {
  const processor = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6 + vdab.process.seconds() + database.seconds()
  }
  return async work => {
    const before = processor()
    const started = performance.now()
    await work()
    const seconds = (performance.now() - started) / 1_000
    return { seconds, processor: processor() - before }
  }
}

async function seal(timed: Clock, people: number): Promise<Cost> {
  const sealing = await openBareSealing(THREADS)
  try {
    // Once before it counts: threads have to load first.
    await sealing.rate(THREADS)
    let rate = Number.NaN
    const { processor } = await timed(async () => {
      rate = await sealing.rate(people)
    })
    return { seconds: people / rate, processor }
  } finally {
    await sealing.close()
  }
}

async function post(timed: Clock, url: string, bodies: readonly unknown[]): Promise<Cost> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const bytes = bodies.map(body => Buffer.from(JSON.stringify(body)))
  const cost = await timed(() => Promise.all(bytes.map(body => postOne(agent, url, body))))
  agent.destroy()
  return cost
}

function postOne(agent: Agent, url: string, body: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = { 'content-type': 'application/json', 'content-length': body.length }
  const call = request(`${url}/bare`, { method: 'POST', agent, headers }, response => {
    response.resume().once('end', resolve)
  })
  call.once('error', reject).end(body)
  return promise
}

interface Forwarded {
  messageId: string
  rows: { rowId: string; nonce: string; ciphertext: string }[]
}

async function insert(
  timed: Clock,
  pool: Pool,
  bodies: Forwarded[],
): Promise<Pick<Ceilings, 'rows' | 'entries'>> {
  await restoreRows(pool, bodies)
  const { entries, others } = await writtenTables(pool)
  const batches = bodies.length
  const [rows, log] = [await readRows(pool, others), await readRows(pool, entries)]
  return {
    rows: await timed(() => insertAll(pool, rows, batches)),
    entries: await timed(() => insertAll(pool, log, batches)),
  }
}

/** Sealed rows are erased once answered: VDAB has them still, and the month knows whose they were. */
async function restoreRows(pool: Pool, bodies: Forwarded[]): Promise<void> {
  for (const { messageId, rows } of bodies) {
    const bytes = (name: 'rowId' | 'nonce' | 'ciphertext') =>
      rows.map(row => Buffer.from(row[name], 'base64url'))
    await pool.query(RESTORE, [messageId, bytes('rowId'), bytes('nonce'), bytes('ciphertext')])
  }
}

const RESTORE = `
  INSERT INTO detection_row (message_id, row_id, nonce, ciphertext, tag, subject_tag)
  SELECT $1, r.row_id, r.nonce, r.ciphertext, p.tag, p.subject_tag
  FROM unnest($2::bytea[], $3::bytea[], $4::bytea[]) AS r (row_id, nonce, ciphertext)
    JOIN period_member p ON p.row_id = r.row_id`

function lines(file: string): Record<string, unknown>[] {
  const all = readFileSync(file, 'utf8').trim().split('\n')
  return all.filter(line => line !== '').map(line => JSON.parse(line))
}
