import { hash, randomBytes } from 'node:crypto'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { sequenceOnce } from '../../src/audit/sequencer.ts'
import type { EntryDraft } from '../../src/audit/types.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openPool, type Pool } from '../../src/db/pool.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { createLogger } from '../../src/log.ts'
import { alternate, type Options, type Part, summarise } from '../part.ts'
import { scratchDatabase } from '../scratch.ts'

const ENTRIES = 40_000
const QUICK_ENTRIES = 2_000
const BATCH = 1_000
const PAGE = 1_024
const ORIGIN = 'huisbrug.example/bench'

/**
 * The whole log recomputed: leaves, tiles, roots, checkpoints, columns. Against a loop that reads the same
 * rows in the same pages and makes one leaf and one node hash of each, and nothing else.
 */
export const part: Part = {
  rounds: 20,
  about: 'entries of the log verified ÷ the same rows read, one leaf and one node hash each',
  run,
}

async function run(options: Options) {
  const { rounds, quick, atEnd, say } = options
  const url = await scratchDatabase(options)
  const pool = openPool(url, { max: 4, name: 'huisbrug bench' })
  atEnd(() => pool.end())
  await migrate(url, createLogger('error'))
  const keys = new KeyStore(pool, randomBytes(32))
  const entries = quick ? QUICK_ENTRIES : ENTRIES
  await fill(pool, keys, entries)
  const verifierKey = await loadLogVerifierKey(keys, ORIGIN)
  const product = () => perSecond(entries, async () => assertWhole(pool, verifierKey))
  const ceiling = () => perSecond(entries, () => readAndHash(pool, entries))
  const measured = await alternate(rounds, 1, product, ceiling)
  say(`  ${rounds} rounds of ${entries} entries`)
  return [summarise('verify', 'entries a second', measured, { least: 0.4 })]
}

async function perSecond(entries: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return entries / ((performance.now() - start) / 1_000)
}

async function assertWhole(pool: Pool, verifierKey: string): Promise<void> {
  const { ok } = await verifyLog(pool, verifierKey)
  if (!ok) throw new Error('the log is not whole')
}

async function readAndHash(pool: Pool, entries: number): Promise<void> {
  let node = Buffer.alloc(32)
  for (let start = 0; start < entries; start += PAGE) {
    const { rows } = await pool.query<{ entry: Buffer }>(ROWS, [start, start + PAGE])
    for (const { entry } of rows) {
      const leaf = hash('sha256', Buffer.concat([LEAF, entry]), 'buffer')
      node = hash('sha256', Buffer.concat([NODE, node, leaf]), 'buffer')
    }
  }
}

const LEAF = Buffer.of(0)
const NODE = Buffer.of(1)

const ROWS = `SELECT index, entry_id, entry, leaf, at, action, actor, party, message_id, protocol, type,
    decision, code, recipient
  FROM audit_entry WHERE index >= $1 AND index < $2`

async function fill(pool: Pool, keys: KeyStore, entries: number): Promise<void> {
  const parts = { pool, keys, config: { logOrigin: ORIGIN }, clock: () => new Date() }
  for (let from = 0; from < entries; from += BATCH) {
    await recordEntries(
      pool,
      Array.from({ length: Math.min(BATCH, entries - from) }, (_, i) => draft(from + i)),
    )
    await sequenceOnce(parts)
  }
  await pool.query('VACUUM ANALYZE audit_entry')
}

/** The entry of an accepted request, as large as a real one. */
function draft(n: number): EntryDraft {
  return {
    action: 'message.accepted',
    at: new Date(Date.UTC(2026, 0, 1) + n * 1_000),
    actor: { role: 'housing-company', party: 'woonboog', client: 'woonboog' },
    message: {
      id: `msg_01KAJ5J7WQ7Z3M8T5V${String(n).padStart(8, '0')}`,
      type: 'detection.request',
    },
    protocol: {
      id: 'wm-vdab',
      version: '1.0.0',
      digest: 'dcBZHN6TbR5kLl8ApUgQedBHd7qxcPZXcAROl5fJhwo',
    },
    purpose: 'detection',
    fields: ['insz', 'tenantGround', 'tenantRef'],
    counts: { accepted: 900, refused: n % 7 },
    recipient: 'vdab',
    decision: 'allowed',
    rule: 'wm-vdab 1.0.0, messageTypes[detection.request]',
    details: { n },
  }
}
