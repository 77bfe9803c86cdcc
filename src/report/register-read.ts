import type { Queryable } from '../db/pool.ts'
import type { Standing } from './register.ts'

/** Every document that the gateway has executed or refused to, as it last saw it. */
export async function readKeptVersions(db: Queryable): Promise<Standing[]> {
  const { rows } = await db.query<Omit<Standing, 'inForce' | 'why'>>(
    'SELECT id AS protocol, version, digest, state FROM protocol_version ORDER BY id, seen_at',
  )
  return rows.map(row => ({ ...row, inForce: false, why: '' }))
}
