import { partyOf, type Scope } from '../../access/scope.ts'
import type { Queryable } from '../../db/pool.ts'
import type { Option } from '../filter-form.ts'

/** The parties of a kind, or of all, that a person may have reports of; by name. */
export async function partyOptions(
  db: Queryable,
  scope: Scope,
  kind?: 'housing-company',
): Promise<Option[]> {
  const { rows } = await db.query<Option>(
    `SELECT id AS value, name AS text FROM party
     WHERE ($1::text IS NULL OR id = $1) AND ($2::text IS NULL OR kind = $2) ORDER BY name, id`,
    [partyOf(scope), kind ?? null],
  )
  return rows
}
