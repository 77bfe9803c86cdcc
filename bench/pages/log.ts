import { type LogSigner, openLogSigner, signLogCheckpoint } from '../../src/audit/log-key.ts'
import { Frontier, HASH_BYTES } from '../../src/audit/merkle.ts'
import { hashAt, TileWriter } from '../../src/audit/tile.ts'
import { writeTiles } from '../../src/audit/tree-store.ts'
import type { Pool } from '../../src/db/pool.ts'
import type { KeyStore } from '../../src/keys/key-store.ts'

const STEP = 25_000
// Signed seldom long ago and often of late, so that a day has as many checkpoints as it has in life.
const SELDOM = 1_000
const OFTEN = 10
const LATELY = 250_000

/** Puts the entries of a filled log in tiles, and signs checkpoints of it: what a sequencer would have done. */
export async function buildLog(pool: Pool, keys: KeyStore, origin: string): Promise<void> {
  const signer = await openLogSigner(keys, origin)
  const counted = await pool.query<{ size: number }>('SELECT count(*) AS size FROM audit_entry')
  const size = counted.rows[0]?.size ?? 0
  const frontier = new Frontier()
  const writer = new TileWriter()
  for (let from = 0; from < size; from += STEP) {
    const { rows } = await pool.query<{ leaves: Buffer }>(LEAVES, [from, from + STEP])
    const leaves = rows[0]?.leaves ?? Buffer.alloc(0)
    const notes: Checkpoint[] = []
    for (let i = 0; i < leaves.length / HASH_BYTES; i++) {
      frontier.append(hashAt(leaves, i), writer.listener)
      if (isSigned(frontier.size, size)) notes.push(await sign(signer, frontier))
    }
    await writeTiles(pool, writer.take())
    await keep(pool, notes)
  }
  await pool.query('UPDATE audit_head SET size = $1, root = $2', [size, frontier.root()])
  await pool.query('VACUUM ANALYZE audit_tile, audit_checkpoint')
}

interface Checkpoint {
  size: number
  root: Buffer
  note: string
}

function isSigned(at: number, size: number): boolean {
  return at === size || at % (at > size - LATELY ? OFTEN : SELDOM) === 0
}

async function sign(signer: LogSigner, frontier: Frontier): Promise<Checkpoint> {
  const root = frontier.root()
  return { size: frontier.size, root, note: await signLogCheckpoint(signer, frontier.size, root) }
}

async function keep(pool: Pool, notes: readonly Checkpoint[]): Promise<void> {
  await pool.query(CHECKPOINTS, [
    notes.map(({ size }) => size),
    notes.map(({ root }) => root),
    notes.map(({ note }) => note),
  ])
}

const LEAVES = `
  SELECT string_agg(leaf, ''::bytea ORDER BY index) AS leaves FROM audit_entry WHERE index >= $1 AND index < $2`

const CHECKPOINTS = `
  INSERT INTO audit_checkpoint (size, previous, root, note, at)
  SELECT c.size, coalesce(lag(c.size) OVER (ORDER BY c.size), (SELECT max(size) FROM audit_checkpoint), 0),
    c.root, c.note, (SELECT at FROM audit_entry WHERE index = c.size - 1)
  FROM unnest($1::bigint[], $2::bytea[], $3::text[]) AS c (size, root, note)`
