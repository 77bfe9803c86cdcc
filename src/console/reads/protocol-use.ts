import type { Queryable } from '../../db/pool.ts'

/** How a message type was really used under a protocol. */
export interface TypeUse {
  type: string
  /** Items accepted in the last 30 days. */
  items: number
  /** The most that one party had accepted on one day of those. */
  mostPerDay: number
  /** On how many of those days something was accepted, and the last one. */
  days: number
  lastDay: string | null
  /** Accepted messages that were looked at: the last 2,000 at most. */
  sampled: number
  /** Of those: the most items in one, and the names of fields that they had. */
  mostPerMessage: number
  fields: string[]
}

/** Days that volumes are looked at. */
export const USE_DAYS = 30
/** Messages of each type that fields are looked for in. */
export const USE_SAMPLE = 2_000
// Of other protocols too: so many are looked at to find those of this one.
const MOST_LOOKED_AT = 5_000
const COLUMNS = 'id, type, protocol, party_id, accepted, refused, fields'
// Between a value and itself, so that the order is that of the index by type, also for a type that never was.
const LAST_OF_TYPE = `SELECT ${COLUMNS} FROM message WHERE type BETWEEN t.type AND t.type AND $4::text IS NULL
  ORDER BY type DESC, id DESC LIMIT ${MOST_LOOKED_AT}`
const LAST_OF_PARTY = `SELECT ${COLUMNS} FROM message WHERE party_id = $4 ORDER BY id DESC LIMIT ${MOST_LOOKED_AT}`

/**
 * What moved under an agreement, type by type: volumes from the counts that keep its ceilings, fields
 * from the last messages; bounded however much there is.
 * @param party what this party sent alone; null for all
 */
export async function readProtocolUse(
  db: Queryable,
  protocol: string,
  types: readonly string[],
  today: string,
  party: string | null,
): Promise<TypeUse[]> {
  const { rows } = await db.query<TypeUse>(
    `WITH own AS MATERIALIZED (${LAST_OF_PARTY})
     SELECT t.type, coalesce(v.items, 0)::float8 AS items, coalesce(v.most, 0)::float8 AS "mostPerDay",
       coalesce(v.days, 0)::int AS days, v.last AS "lastDay", s.sampled::int,
       coalesce(s.most, 0) AS "mostPerMessage", s.fields
     FROM unnest($2::text[]) WITH ORDINALITY AS t (type, place)
     LEFT JOIN LATERAL (
       SELECT sum(d.used) AS items, max(d.used) AS most, count(DISTINCT d.day) AS days, max(d.day) AS last
       FROM (SELECT u.day, u.party_id, sum(u.used) AS used FROM volume_use u
         WHERE u.protocol = $1 AND u.type = t.type AND u.day > $3::date - ${USE_DAYS}
           AND ($4::text IS NULL OR u.party_id = $4)
         GROUP BY u.day, u.party_id) d) v ON true
     LEFT JOIN LATERAL (
       SELECT count(DISTINCT m.id) AS sampled, max(m.accepted + m.refused) AS most,
         coalesce(array_agg(DISTINCT f.name) FILTER (WHERE f.name IS NOT NULL), '{}') AS fields
       FROM (SELECT * FROM (
           ${party === null ? LAST_OF_TYPE : 'SELECT * FROM own WHERE type = t.type'}) x
         WHERE x.protocol = $1 AND x.accepted > 0
         ORDER BY x.type DESC, x.id DESC LIMIT ${USE_SAMPLE}) m
       LEFT JOIN LATERAL unnest(m.fields) AS f (name) ON true) s ON true
     ORDER BY t.place`,
    [protocol, types, today, party],
  )
  return rows
}
