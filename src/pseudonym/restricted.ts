import { joinPieces, piece } from '../db/pieces.ts'
import type { Queryable } from '../db/pool.ts'
import { TAG_BYTES } from './derive.ts'

const LOCK = `hashtextextended('huisbrug restriction', 0)`

/**
 * SQL: whether nothing stands in the way of exchanging something about a person.
 * @param column the subject tag, a column of our own
 */
export function isFree(column: string): string {
  return `NOT EXISTS (SELECT FROM restriction x
    WHERE x.subject_tag = ${column} AND x.lifted_at IS NULL)`
}

/**
 * Makes a restriction wait until this transaction ends, and this one until a restriction is stored:
 * what is looked up after it holds. The first lock of a transaction that takes something in.
 */
export async function shareRestrictions(tx: Queryable): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock_shared(${LOCK})`)
}

/** Waits for all that is being taken in, and holds back what comes until this transaction ends. */
export async function lockRestrictions(tx: Queryable): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(${LOCK})`)
}

/** Positions of the persons whose processing is restricted, in one query. */
export async function findRestricted(
  db: Queryable,
  subjectTags: readonly Uint8Array[],
): Promise<number[]> {
  if (subjectTags.length === 0) return []
  const { rows } = await db.query<{ position: number }>({
    name: 'find-restricted',
    text: FIND,
    values: [joinPieces(subjectTags, TAG_BYTES), subjectTags.length],
  })
  return rows.map(row => row.position)
}

const FIND = `
  SELECT s.place - 1 AS position
  FROM (SELECT place, ${piece('$1', TAG_BYTES, 'place')} AS subject_tag
    FROM generate_series(1, $2::int) AS p (place)) s
  JOIN restriction x ON x.subject_tag = s.subject_tag AND x.lifted_at IS NULL ORDER BY 1`
