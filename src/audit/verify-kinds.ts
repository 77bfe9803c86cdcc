import type { Queryable } from '../db/pool.ts'
import type { Problem } from './verify-report.ts'

/**
 * Names what would keep entries out of searches: a kind that is not in the list of kinds or is listed as
 * something else, and a kind of entries that the database no longer computes. No evidence is lost by it.
 */
export async function verifyKinds(db: Queryable): Promise<Problem[]> {
  const { rows } = await db.query<{ missing: number; altered: number; computed: boolean }>(KINDS)
  const { missing, altered, computed } = rows[0]!
  const found = [
    ...(missing > 0 ? [`${missing} kinds of entries are not in audit_kind`] : []),
    ...(altered > 0 ? [`${altered} kinds in audit_kind are not those of their entries`] : []),
    ...(computed ? [] : ['audit_entry.kind is not computed any more']),
  ]
  return found.map(what => ({ kind: 'column', what }))
}

const COPIES = ['action', 'actor', 'party', 'protocol', 'type', 'decision', 'code', 'recipient']
const row = (table: string) => `(${COPIES.map(name => `${table}.${name}`).join(', ')})`

// From kind to kind along the index: as many steps as there are kinds, not entries.
const KINDS = `
  WITH RECURSIVE seen (kind) AS (
    (SELECT kind FROM audit_entry ORDER BY kind LIMIT 1)
    UNION ALL
    SELECT (SELECT e.kind FROM audit_entry e WHERE e.kind > s.kind ORDER BY e.kind LIMIT 1)
    FROM seen s WHERE s.kind IS NOT NULL
  )
  SELECT
    (SELECT count(*) FROM seen s
     WHERE s.kind IS NOT NULL AND NOT EXISTS (SELECT FROM audit_kind k WHERE k.kind = s.kind)) AS missing,
    (SELECT count(*) FROM audit_kind k LEFT JOIN LATERAL (
       SELECT * FROM audit_entry e WHERE e.kind = k.kind LIMIT 1) e ON true
     WHERE ${row('k')} IS DISTINCT FROM ${row('e')}) AS altered,
    (SELECT attgenerated = 's' FROM pg_attribute
     WHERE attrelid = 'audit_entry'::regclass AND attname = 'kind') AS computed`
