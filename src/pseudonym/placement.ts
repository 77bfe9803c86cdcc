import type { KeyPlacement } from '../config.ts'
import type { Queryable } from '../db/pool.ts'

/**
 * Refuses a database that does not fit where the keys of the pseudonyms are said to be.
 * @throws Error with what to do: the program must not start
 */
export async function assertPlacement(db: Queryable, placement: KeyPlacement): Promise<void> {
  const { rows } = await db.query<Found>(FOUND)
  const { held = 0, missing = [], isGateway = false } = rows[0] ?? {}
  if (placement === 'service' && isGateway) {
    throw new Error(
      'this is the database of a gateway: give the key service a database of its own ' +
        '(HUISBRUG_DATABASE_URL or HUISBRUG_DATA_DIR)',
    )
  }
  if (placement === 'elsewhere' && held > 0) {
    throw new Error(
      `${held} keys of pseudonyms are still in this database: stop all processes on it and run ` +
        '"huisbrug keys move-to-evaluator", or start without HUISBRUG_EVALUATOR_URL',
    )
  }
  if (placement === 'here' && missing.length > 0) {
    throw new Error(
      `the keys of ${missing.join(', ')} are not in this database: give the HUISBRUG_EVALUATOR_URL ` +
        'of the key service that has them, or restore them from a backup',
    )
  }
}

interface Found {
  held: number
  missing: string[]
  isGateway: boolean
}

const FOUND = `
  SELECT
    (SELECT count(*)::int FROM wrapped_key WHERE wrapped IS NOT NULL
       AND (name = 'subject' OR starts_with(name, 'domain:'))) AS held,
    (SELECT coalesce(array_agg(p.domain ORDER BY p.domain), '{}') FROM published_key p
       LEFT JOIN domain d ON d.name = p.domain
       WHERE d.state IS DISTINCT FROM 'closed' AND NOT EXISTS (
         SELECT FROM wrapped_key w WHERE w.wrapped IS NOT NULL
           AND w.name = CASE p.domain WHEN 'subject' THEN 'subject' ELSE 'domain:' || p.domain END)
    ) AS missing,
    EXISTS (SELECT FROM domain) OR EXISTS (SELECT FROM party) AS "isGateway"`
