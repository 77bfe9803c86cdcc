import type { Queryable } from '../db/pool.ts'
import type { Logger } from '../log.ts'

const EVERY_MS = 60_000
const MAX_KNOWN = 10_000
const SOON_DAYS = 30

/** Keeps when the keys of parties were last used: one write per key and minute of this process. */
export class KeyUse {
  readonly #db: Queryable
  readonly #log: Logger
  readonly #now: () => Date
  readonly #noted = new Map<string, number>()

  constructor(parts: { pool: Queryable; log: Logger; now: () => Date }) {
    this.#db = parts.pool
    this.#log = parts.log
    this.#now = parts.now
  }

  /** Notes that a key was just used. Nothing depends on it: where it cannot be written, it is not. */
  async note(party: string, { kid, until }: { kid: string; until: Date | undefined }) {
    const now = this.#now()
    const key = `${party} ${kid}`
    if (now.getTime() - (this.#noted.get(key) ?? -Infinity) < EVERY_MS) return
    if (this.#noted.size >= MAX_KNOWN) this.#noted.clear()
    this.#noted.set(key, now.getTime())
    await this.#db
      .query(NOTE, [party, kid, now, until])
      .catch(() => this.#log.warn('the use of a key could not be noted', { party }))
  }
}

const NOTE = `
  INSERT INTO party_key AS k (party_id, kid, since, last_used_at, expires_at)
  VALUES ($1, $2, $3, $3, $4)
  ON CONFLICT (party_id, kid) DO UPDATE SET expires_at = excluded.expires_at,
    last_used_at = greatest(k.last_used_at, excluded.last_used_at)`

/** Notes since when keys count; those that counted before under the same id go on. */
export async function startKeys(
  tx: Queryable,
  party: string,
  kids: readonly string[],
  at: Date,
): Promise<void> {
  await tx.query(
    `INSERT INTO party_key (party_id, kid, since) SELECT $1, kid, $3 FROM unnest($2::text[]) AS n (kid)
     ON CONFLICT (party_id, kid) DO UPDATE SET since = excluded.since, last_used_at = NULL,
       expires_at = NULL`,
    [party, kids, at],
  )
}

/** Since when each key of a party counts, and when it was last used. */
export async function readKeyUse(
  db: Queryable,
  party: string,
): Promise<Map<string, { since: Date; lastUsed: Date | undefined }>> {
  const { rows } = await db.query<{ kid: string; since: Date; lastUsed: Date | null }>(
    'SELECT kid, since, last_used_at AS "lastUsed" FROM party_key WHERE party_id = $1',
    [party],
  )
  return new Map(
    rows.map(({ kid, since, lastUsed }) => [kid, { since, lastUsed: lastUsed ?? undefined }]),
  )
}

/** Keys of one use that all end soon, or did: the party cannot go on without newer ones. */
export interface EndingKeys {
  party: string
  use: 'sig' | 'enc'
  /** When the last of them ends. */
  at: Date
}

/**
 * The parties whose keys of one use all end within 30 days. Of a set at an address, the key that was
 * last used tells, as it was then.
 */
export async function readEndingKeys(db: Queryable, now: Date): Promise<EndingKeys[]> {
  const { rows } = await db.query<EndingKeys>(ENDING, [now, SOON_DAYS])
  return rows
}

const ENDING = `
  SELECT party, use, at FROM (
    SELECT p.id AS party, coalesce(k ->> 'use', 'sig') AS use,
      CASE WHEN bool_and(k ? 'exp') THEN max(to_timestamp((k ->> 'exp')::float8)) END AS at
    FROM party p, jsonb_array_elements(p.jwks -> 'keys') AS k
    WHERE p.disabled_at IS NULL AND p.kind <> 'gateway' GROUP BY 1, 2
    UNION ALL
    SELECT p.id, 'sig', used.expires_at FROM party p CROSS JOIN LATERAL (
      SELECT k.expires_at FROM party_key k WHERE k.party_id = p.id AND k.last_used_at IS NOT NULL
      ORDER BY k.last_used_at DESC LIMIT 1) AS used
    WHERE p.disabled_at IS NULL AND p.jwks_url IS NOT NULL) AS ends
  WHERE at < $1::timestamptz + make_interval(days => $2) ORDER BY at, party, use`
