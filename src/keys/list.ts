import type { Queryable } from '../db/pool.ts'

/** A secret as it may be told of: by name. */
export interface StoredKey {
  name: string
  /** `domain`, `subject`, `route`, `sign`, `webhook`, `digest` or `check`. */
  kind: string
  /** Pseudonym domain that it is of, for a domain's key and the keys of its routes. */
  domain: string | null
  /** State of the epoch for a domain's key; else `in use` or `destroyed`. */
  state: string
  createdAt: Date
  destroyedAt: Date | null
  /** Name of the key-encryption key; null once destroyed. */
  wrappedBy: string | null
  /** Last report of the recipient that its register is ready, for a domain's key. */
  readyAt: Date | null
  readyBy: string | null
}

/**
 * All secrets that the database has or had, by name; never what they are. Those of pseudonyms that a
 * key service has are listed with it as what wraps them.
 */
export async function listKeys(db: Queryable): Promise<StoredKey[]> {
  const { rows } = await db.query<StoredKey>(
    `SELECT k.name, split_part(k.name, ':', 1) AS kind,
       CASE WHEN k.name LIKE 'domain:%' OR k.name LIKE 'route:%' THEN split_part(k.name, ':', 2) END AS domain,
       coalesce(d.state, CASE WHEN k.wrapped IS NULL THEN 'destroyed' ELSE 'in use' END) AS state,
       k.created_at AS "createdAt", k.destroyed_at AS "destroyedAt",
       CASE WHEN k.wrapped IS NOT NULL THEN k.wrapped_by END AS "wrappedBy",
       d.ready_at AS "readyAt", d.ready_by AS "readyBy"
     FROM wrapped_key k LEFT JOIN domain d ON k.name = 'domain:' || d.name
     UNION ALL
     SELECT e.name, split_part(e.name, ':', 1), d.name, coalesce(d.state, 'in use'),
       coalesce(d.opened_at, (SELECT min(opened_at) FROM domain)), d.closed_at,
       CASE WHEN d.state IS DISTINCT FROM 'closed' THEN 'key service' END, d.ready_at, d.ready_by
     FROM (SELECT CASE domain WHEN 'subject' THEN domain ELSE 'domain:' || domain END AS name
           FROM published_key) e
       LEFT JOIN domain d ON e.name = 'domain:' || d.name
     WHERE NOT EXISTS (SELECT FROM wrapped_key w WHERE w.name = e.name)
     ORDER BY name`,
  )
  return rows
}
