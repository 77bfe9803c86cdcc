import { generateKeyPairSync } from 'node:crypto'
import pg from 'pg'
import { BATCH_ENTRIES, sequenceBatch, takeLead } from '../../src/audit/batch.ts'
import { columnsOf, sealEntry } from '../../src/audit/entry.ts'
import { noteSigner } from '../../src/audit/note.ts'
import { PublishedCheckpoints } from '../../src/audit/published.ts'
import type { EntryDraft } from '../../src/audit/types.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openPool } from '../../src/db/pool.ts'
import { createLogger } from '../../src/log.ts'
import { alternate, type Options, type Part, type Result, summarise } from '../part.ts'
import { scratchDatabase, scratchFolder } from '../scratch.ts'

/** Connections that write at once. */
const WRITERS = 16
/** Entries of a round, at one and at ten rows a transaction. */
const ENTRIES = { one: 12_000, ten: 40_000 }
/** As the sequencer of the program does. */
const BATCH_EVERY_MS = 200

/**
 * Entries a second that are accepted, sequenced, put in tiles, signed and on the disk, while they are
 * written, against the same rows put in a table by the same connections and nothing else. The real
 * PostgreSQL with fsync and synchronous_commit on.
 */
export const part: Part = {
  rounds: 10,
  about: `entries written by ${WRITERS} connections and signed ÷ the same rows inserted only`,
  run,
}

type Scene = Awaited<ReturnType<typeof open>>

async function run(options: Options): Promise<Result[]> {
  const { rounds, quick, say } = options
  const scene = await open(options)
  const results: Result[] = []
  for (const [name, rows, most, aim] of [
    ['sequence', 1, ENTRIES.one, { least: 0.75 }],
    ['sequence, ten a transaction', 10, ENTRIES.ten, undefined],
  ] as const) {
    const entries = quick ? 1_600 : most
    const measured = await alternate(
      rounds,
      1,
      () => sequence(scene, prepare(entries, rows)),
      () => rate(entries, insert(scene, 'plain', prepare(entries, rows))),
    )
    say(`  ${name}: ${measured.length} rounds of ${entries} entries, ${rows} a transaction`)
    results.push(summarise(name, 'entries a second', measured, aim))
  }
  results.push(await measureHeadroom(scene, options))
  return results
}

/** What the one sequencer places where enough waits, against what all those connections can hand it. */
async function measureHeadroom(scene: Scene, { rounds, quick }: Options): Promise<Result> {
  const entries = quick ? 1_600 : ENTRIES.one
  const place = async () => {
    await insert(scene, 'audit_pending', prepare(entries, 50))
    return rate(entries, sequenceAll(scene))
  }
  const write = () => rate(entries, insert(scene, 'plain', prepare(entries, 1)))
  const measured = await alternate(rounds, 1, place, write)
  return summarise('sequence, headroom', 'entries a second', measured)
}

async function sequenceAll({ leader }: Scene): Promise<void> {
  while ((await sequenceBatch(leader, new Date())) > 0);
}

/** Entries a second of work that has just begun. */
async function rate(entries: number, work: Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work
  return entries / ((performance.now() - started) / 1_000)
}

/** A database as the program makes it, and a table of the same columns without anything around it. */
async function open(options: Options) {
  const url = await scratchDatabase(options)
  await migrate(url, createLogger('error'))
  const pool = openPool(url, { max: 2 })
  options.atEnd(() => pool.end())
  await pool.query('CREATE TABLE plain (LIKE audit_pending INCLUDING ALL)')
  const writers = Array.from({ length: WRITERS }, () => new pg.Client(url))
  options.atEnd(() => Promise.all(writers.map(writer => writer.end())))
  await Promise.all(writers.map(writer => writer.connect()))
  const db = await pool.connect()
  options.atEnd(() => db.release(true))
  const signer = noteSigner('huisbrug.example/bench', generateKeyPairSync('ed25519').privateKey)
  const leader = await takeLead(db, signer, new PublishedCheckpoints(scratchFolder(options)))
  return { pool, writers, leader }
}

/** What each writer sends, transaction by transaction, made before the time counts. */
function prepare(entries: number, rows: number): unknown[][][] {
  const turns = Math.floor(entries / rows / WRITERS)
  return Array.from({ length: WRITERS }, (_, w) =>
    Array.from({ length: turns }, (_, turn) =>
      columns(Array.from({ length: rows }, (_, i) => w * 1_000 + turn + i)),
    ),
  )
}

/** Writes entries, and signs them meanwhile as the sequencer does; entries a second until all are signed. */
async function sequence(scene: Scene, work: unknown[][][]): Promise<number> {
  const entries = work.flat().reduce((sum, [ids]) => sum + (ids as unknown[]).length, 0)
  let writing = true
  const written = insert(scene, 'audit_pending', work).finally(() => {
    writing = false
  })
  return rate(entries, Promise.all([written, sign(scene, entries, () => writing, written)]))
}

async function sign(
  { leader }: Scene,
  entries: number,
  isWriting: () => boolean,
  written: Promise<void>,
): Promise<void> {
  for (let signed = 0; signed < entries; ) {
    const started = performance.now()
    const added = await sequenceBatch(leader, new Date())
    signed += added
    const left = started + BATCH_EVERY_MS - performance.now()
    // Once all are written, what is left is taken at once: a round ends, a program goes on.
    if (isWriting() && added < BATCH_ENTRIES && left > 0)
      await Promise.race([written, new Promise(resolve => setTimeout(resolve, left))])
  }
}

/** The same rows, by the same connections, one statement a transaction. */
async function insert({ writers }: Scene, table: string, work: unknown[][][]): Promise<void> {
  const text = insertInto(table)
  await Promise.all(
    writers.map(async (writer, w) => {
      for (const values of work[w] ?? [])
        await writer.query({ name: `insert-${table}`, text, values })
    }),
  )
}

const insertInto = (table: string) => `
  INSERT INTO ${table} (entry_id, entry, at, action, actor, party, message_id, protocol, type,
    decision, code, recipient)
  SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::timestamptz[], $4::text[], $5::text[],
    $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])`

const random = (size: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(size)))

function columns(numbers: number[]): unknown[] {
  const sealed = numbers.map(n => sealEntry(draft(n), random))
  const all = sealed.map(({ entry }) => Object.values(columnsOf(entry)))
  const beside = (all[0] ?? []).map((_, column) => all.map(row => row[column]))
  return [sealed.map(({ id }) => id), sealed.map(({ bytes }) => bytes), ...beside]
}

function draft(n: number): EntryDraft {
  return {
    action: 'message.accepted',
    at: new Date(),
    actor: { role: 'housing-company', party: 'woonboog', client: 'woonboog' },
    message: {
      id: `msg_01KAJ5J7WQ7Z3M8T5V9X${String(n).padStart(6, '0')}`,
      type: 'detection.request',
    },
    protocol: { id: 'wm-vdab', version: '1.0.0', digest: 'AQ'.padEnd(43, 'A') },
    purpose: 'detection',
    fields: ['insz', 'tenantGround', 'tenantRef'],
    counts: { accepted: 900, refused: n % 7 },
    recipient: 'vdab',
    decision: 'allowed',
    rule: 'art. 3',
  }
}
