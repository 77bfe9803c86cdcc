import { recordEntries } from '../../src/audit/record.ts'
import { drafts, type TestLog } from './support.ts'

/** Sizes of the batches: with borders of tiles and pages, and one-entry batches. */
const BATCHES = [1, 255, 3, 100, 153, 300, 1, 211, 1, 60, 215]
export const SIZE = BATCHES.reduce((a, b) => a + b)
export const SIZES = BATCHES.map((_, i) => BATCHES.slice(0, i + 1).reduce((a, b) => a + b))

const TABLES = ['audit_entry', 'audit_tile', 'audit_checkpoint', 'audit_head', 'audit_pending']

/** Fills a log and opens it to damage, as its owner could. */
export async function prepareLog(log: TestLog): Promise<void> {
  for (const [i, count] of BATCHES.entries()) {
    await recordEntries(log.pool, drafts(count, i * 300))
    await log.sequence()
  }
  for (const table of TABLES) await log.pool.query(`ALTER TABLE ${table} DISABLE TRIGGER ALL`)
}

/** SQL that flips one bit of a byte column, counted from 0. */
export function flip(column: string, bit: number | string): string {
  return `${column} = set_bit(${column}, (${bit})::bigint, 1 - get_bit(${column}, (${bit})::bigint))`
}

/** SQL that gives entries new places, such as `index + 1`; in two steps, as places are unique. */
export function move(places: string, where: string): string {
  return `UPDATE audit_entry SET index = 1000000 + (${places}) WHERE ${where};
    UPDATE audit_entry SET index = index - 1000000 WHERE index >= 1000000`
}

/** SQL that inserts a made-up entry at a free place, with a leaf hash and columns that fit it. */
export function forge(place: number): string {
  const id = String(place % 10).repeat(21)
  const entry = `{"action":"program.started","actor":{"role":"gateway"},"at":"2026-11-21T09:00:00.000Z","id":"${id}A","schema":1}`
  return `INSERT INTO audit_entry (index, entry_id, entry, leaf, at, action, actor)
    VALUES (${place}, decode('${Buffer.from(`${id}A`, 'base64url').toString('hex')}', 'hex'), '${entry}',
      sha256('\\x00'::bytea || '${entry}'), '2026-11-21T09:00:00Z', 'program.started', 'gateway')`
}
