import type { Pool } from '../../src/db/pool.ts'
import { ENTRIES_A_MESSAGE, idSql, MESSAGE_MS, START } from './ids.ts'

/** Housing companies; the first have far more entries than the last. */
export const COMPANIES = 40
/** Number of the company that a message is of or to, in SQL; `k` a bigint. */
export function companySql(k: string): string {
  return `floor(${COMPANIES} * power(mod(abs(hashint8extended(${k}, 1)), 1000000) / 1e6, 2))::int`
}
/** Codes of refusals, from frequent to rare. */
export const CODES = 60
/** A party with about one entry in a hundred thousand. */
export const RARE_PARTY = 'ocmw-klein'
/** A company that lost its protocol: entries of long ago only. */
export const FORMER_PARTY = 'company-former'

// What a gateway writes in a year, in thousandths: action, role, whether the company or its protocol is
// in it, type, decision, whether a code is, recipient.
const SHAPES = `
  (220, 'message.accepted', 'housing-company', true, true, 'detection.request', 'allowed', false, 'vdab'),
  (210, 'message.forwarding', 'gateway', false, true, 'detection.request', 'allowed', false, 'vdab'),
  (60, 'message.delivered', 'gateway', false, true, 'detection.request', NULL, false, 'vdab'),
  (40, 'message.answered', 'employment-service', false, true, 'detection.answer', 'allowed', false, 'company'),
  (60, 'message.accepted', 'employment-service', false, true, 'feedback.reachability', 'allowed', false, 'company'),
  (60, 'message.delivered', 'gateway', false, true, 'feedback.reachability', NULL, false, 'company'),
  (50, 'feedback.progress', 'housing-company', true, true, 'feedback.progress', 'allowed', false, NULL),
  (30, 'message.refused', 'housing-company', true, true, 'detection.request', 'refused', true, NULL),
  (10, 'message.refused', 'employment-service', false, true, 'feedback.reachability', 'refused', true, NULL),
  (10, 'message.retrying', 'gateway', false, true, 'detection.request', NULL, true, 'vdab'),
  (5, 'message.parked', 'gateway', false, true, 'feedback.reachability', NULL, true, 'company'),
  (170, 'access.token', 'housing-company', true, false, NULL, 'allowed', false, NULL),
  (50, 'quota.used', 'housing-company', true, true, NULL, 'allowed', false, NULL),
  (15, 'access.refused', 'client', false, false, NULL, 'refused', true, NULL),
  (6, 'console.viewed', 'privacy-officer', false, false, NULL, 'allowed', false, NULL),
  (3, 'audit.read', 'auditor', false, false, NULL, 'allowed', false, NULL),
  (1, 'protocol.changed', 'gateway', false, true, NULL, NULL, false, NULL)`

const SLOTS = `
  CREATE TABLE slot AS SELECT row_number() OVER () - 1 AS slot, s.*
  FROM (VALUES ${SHAPES}) AS s (weight, action, actor, by_company, by_protocol, type, decision, coded, recipient),
    generate_series(1, s.weight)`

// Every entry is about 400 bytes and hashes to its leaf, as real ones do; all is drawn from its place.
const ENTRIES = `
  INSERT INTO audit_entry (index, entry_id, entry, leaf, at, action, actor, party, message_id, protocol,
    type, decision, code, recipient)
  SELECT n, id, entry, sha256('\\x00'::bytea || entry), at, action, actor, party, message_id, protocol,
    type, decision, code, recipient
  FROM (
    SELECT *, convert_to('{"action":"' || action || '","actor":{' || coalesce('"party":"' || party || '",', '') ||
      '"role":"' || actor || '"},"at":"' || to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '",' ||
      coalesce('"code":"' || code || '",', '') || '"counts":{"accepted":998,"refused":2},' ||
      coalesce('"decision":"' || decision || '",', '') || '"details":"' || encode(id, 'hex') || '",' ||
      '"fields":["insz","tenantGround","tenantRef"],"id":"' || encode(id, 'base64') || '",' ||
      coalesce('"message":{"id":"' || message_id || '","type":"' || type || '"},', '') ||
      coalesce('"protocol":{"digest":"' || encode(id, 'hex') || '","id":"' || protocol || '","version":"1.0.0"},', '') ||
      coalesce('"recipient":"' || recipient || '",', '') || '"schema":1}', 'UTF8') AS entry
    FROM (
      SELECT n, decode(md5(n::text), 'hex') AS id,
        $3::timestamptz + n * interval '${MESSAGE_MS / ENTRIES_A_MESSAGE} ms' AS at,
        action, actor, type, decision,
        CASE WHEN n % 100000 = 77777 THEN '${RARE_PARTY}' WHEN actor = 'employment-service' THEN 'vdab'
          WHEN NOT by_company THEN NULL WHEN n < 20000 AND n % 5 = 0 THEN '${FORMER_PARTY}' ELSE 'company-' || company END AS party,
        CASE WHEN by_protocol THEN 'wm-vdab-company-' || company END AS protocol,
        CASE WHEN type IS NOT NULL THEN m.id END AS message_id,
        CASE WHEN coded THEN 'HB-' || 300 + code END AS code,
        CASE recipient WHEN 'company' THEN 'company-' || company ELSE recipient END AS recipient
      FROM (
        SELECT n, mod(abs(hashint8(n))::bigint, 1000) AS slot,
          ${companySql(`n / ${ENTRIES_A_MESSAGE}`)} AS company,
          floor(${CODES} * power(mod(abs(hashint8extended(n, 2)), 1000000) / 1e6, 4))::int AS code
        FROM generate_series($1::bigint, $2::bigint) AS n OFFSET 0
      ) AS drawn JOIN slot USING (slot) JOIN (
        SELECT k, ${idSql("'msg'", 'k', '$3')} AS id
        FROM generate_series($1::bigint / ${ENTRIES_A_MESSAGE}, $2::bigint / ${ENTRIES_A_MESSAGE}) AS k
      ) AS m ON m.k = n / ${ENTRIES_A_MESSAGE} OFFSET 0
    ) AS told OFFSET 0
  ) AS written`

// Those of the log, and of its partitions by themselves; not those that are part of another.
const INDEXES = `
  SELECT indexrelid::regclass::text AS name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS definition
  FROM pg_partition_tree('audit_entry') AS tree JOIN pg_index i ON i.indrelid = tree.relid
  WHERE NOT i.indisprimary AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = i.indexrelid)`

/** Fills an empty log of a scratch database with `size` entries from `start` on, and says how far it is. */
export async function fillLog(
  pool: Pool,
  size: number,
  say: (done: number) => void = () => {},
  start = START,
): Promise<void> {
  await pool.query(`${SLOTS}; ANALYZE slot`)
  await pool.query('SELECT make_log_partitions($1)', [size])
  const rows = await pool.query<{ name: string; definition: string }>(INDEXES)
  // Built afterwards: one sort instead of ten million places to find.
  for (const { name } of rows.rows) await pool.query(`DROP INDEX IF EXISTS ${name}`)
  const step = 250_000
  for (let from = 0; from < size; from += step) {
    await pool.query(ENTRIES, [from, Math.min(size, from + step) - 1, start])
    say(Math.min(size, from + step))
  }
  for (const { definition } of rows.rows) await pool.query(definition)
  await pool.query('VACUUM ANALYZE audit_entry')
  await pool.query('ANALYZE audit_kind')
}
