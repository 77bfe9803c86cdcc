import type { Context } from '../../src/context.ts'
import { openPool } from '../../src/db/pool.ts'
import { fillLog } from '../audit-query/fill.ts'
import { ENTRIES_A_MESSAGE } from '../audit-query/ids.ts'
import { putRows } from '../pages/fill.ts'
import { buildLog } from '../pages/log.ts'
import { DOMAIN } from '../pages/rows.ts'

const ENTRY_MS = 3_150
const FILL_MS = 1_800_000
/** What goes with a message and is not of a person. */
const BESIDE = ['messages', 'feedback', 'hand-overs', 'attempts', 'steps', 'volumes', 'quotas']
// Four of the persons of a request, each with a row, a place in its period and a route.
const PERSONS = `
  SELECT m.*, decode(md5(m.id || n), 'hex') AS tag FROM message m, generate_series(1, 4) AS n
  WHERE m.type = 'detection.request' AND m.accepted >= 4`

const OF_PERSONS: Record<string, string> = {
  'detection rows': `INSERT INTO detection_row (message_id, row_id, nonce, ciphertext, tag, subject_tag)
    SELECT id, tag, substr(tag, 1, 12), sha256(tag) || sha256(tag) || sha256(tag) || sha256(tag) || tag, tag, tag
    FROM (${PERSONS}) AS p`,
  'members of periods': `INSERT INTO period_member (protocol, party_id, period, type, subject_tag, tag, row_id)
    SELECT protocol, party_id, period, type, tag, tag, tag FROM (${PERSONS}) AS p`,
  routes: `INSERT INTO route (domain, tag, party_id, subject_tag, reference_hash, reference, period, expires_at)
    SELECT '${DOMAIN}', tag, party_id, tag, sha256(tag), sha256(tag) || sha256(tag) || tag || substr(tag, 5), period,
      received_at + interval '2 years' FROM (${PERSONS}) AS p`,
  'persons of entries': `INSERT INTO audit_subject (entry_id, position, subject_tag, salt)
    SELECT entry_id, 0, entry_id, sha256(entry_id) FROM audit_entry
    WHERE action = 'message.accepted' AND type = 'detection.request'`,
}

/**
 * Fills a gateway that is prepared and has written nothing in its log yet with a year until now: entries in
 * tiles and signed, a message for every ten, and of both what intake looks at or writes to: of ten million
 * entries 1,000,000 messages, 2,000,000 rows, members and routes, and 2,200,000 persons of entries.
 */
export async function fillHistory(
  { config, keys }: Context,
  { entries, say }: { entries: number; say(line: string): void },
): Promise<void> {
  const pool = openPool(config.databaseUrl ?? '', { max: 4, statementMs: FILL_MS })
  const began = performance.now()
  const told = (what: string) =>
    say(`  ${what}, after ${Math.round((performance.now() - began) / 1_000)} s`)
  try {
    const start = new Date(Math.floor((Date.now() - entries * ENTRY_MS) / 1000) * 1000)
    await fillLog(pool, entries, done => done % 1_000_000 === 0 && told(`${done} entries`), start)
    const messages = entries / ENTRIES_A_MESSAGE
    await putRows(pool, start, { messages, names: BESIDE, say })
    for (const [name, statement] of Object.entries(OF_PERSONS)) {
      await pool.query(statement)
      told(name)
    }
    await buildLog(pool, keys, config.logOrigin)
    await pool.query('VACUUM ANALYZE')
    told('in tiles and signed')
  } finally {
    await pool.end()
  }
}
