import type { Queryable } from '../db/pool.ts'
import type { CheckedChange, CheckedDraft } from './party-draft.ts'
import { type Party, PartyError, type Retries } from './party-types.ts'
import { isSameKey, type PublicJwks } from './public-jwks.ts'

const COLUMNS = `id, kind, name, kbo, jwks, jwks_url AS "jwksUrl", base_url AS "baseUrl",
  token_url AS "tokenUrl", retries, contacts, networks, created_at AS "createdAt", disabled_at AS "disabledAt"`

// The gateway as the destination of its own probes is nobody who calls, or could be changed.
const SHOWN = "kind <> 'gateway'"

export async function selectParty(db: Queryable, id: string): Promise<Party | undefined> {
  const { rows } = await db.query(`SELECT ${COLUMNS} FROM party WHERE id = $1 AND ${SHOWN}`, [id])
  return rows[0] && toParty(rows[0])
}

export async function selectParties(db: Queryable): Promise<Party[]> {
  const { rows } = await db.query(`SELECT ${COLUMNS} FROM party WHERE ${SHOWN} ORDER BY id`)
  return rows.map(toParty)
}

/** Reads a party for a change; others wait until it is made. */
export async function lockParty(tx: Queryable, id: string): Promise<Party | undefined> {
  const { rows } = await tx.query(
    `SELECT ${COLUMNS} FROM party WHERE id = $1 AND ${SHOWN} FOR UPDATE`,
    [id],
  )
  return rows[0] && toParty(rows[0])
}

/** @returns undefined where the id is taken */
export async function insertParty(
  tx: Queryable,
  draft: CheckedDraft,
  at: Date,
): Promise<Party | undefined> {
  const { id, kind, name, kbo, jwks, jwksUrl, baseUrl, tokenUrl, retries } = draft
  const { rows } = await tx.query(
    `INSERT INTO party (id, kind, name, kbo, jwks, jwks_url, base_url, token_url, retries, contacts,
       networks, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (id) DO NOTHING RETURNING ${COLUMNS}`,
    [
      ...[id, kind, name, kbo, jwks, jwksUrl, baseUrl, tokenUrl, retries],
      ...[JSON.stringify(draft.contacts), draft.networks, at],
    ],
  )
  return rows[0] && toParty(rows[0])
}

export async function updateKeys(
  tx: Queryable,
  id: string,
  jwks: PublicJwks | undefined,
  jwksUrl: string | undefined,
): Promise<Party> {
  const { rows } = await tx.query(
    `UPDATE party SET jwks = $2, jwks_url = $3 WHERE id = $1 RETURNING ${COLUMNS}`,
    [id, jwks, jwksUrl],
  )
  return toParty(rows[0])
}

export async function updateRetries(
  tx: Queryable,
  id: string,
  retries: Retries | undefined,
): Promise<Party> {
  const { rows } = await tx.query(
    `UPDATE party SET retries = $2 WHERE id = $1 RETURNING ${COLUMNS}`,
    [id, retries],
  )
  return toParty(rows[0])
}

export async function changeParty(
  tx: Queryable,
  id: string,
  { contacts, networks, addresses }: CheckedChange,
): Promise<Party> {
  const { rows } = await tx.query(
    `UPDATE party SET contacts = coalesce($2, contacts), networks = coalesce($3, networks),
       base_url = coalesce($4, base_url), token_url = coalesce($5, token_url)
     WHERE id = $1 RETURNING ${COLUMNS}`,
    [
      ...[id, contacts && JSON.stringify(contacts), networks],
      ...[addresses?.baseUrl, addresses?.tokenUrl],
    ],
  )
  return toParty(rows[0])
}

const DISABLED = 'party-disabled'

/** With an exception, for what waits for it waits until a person decides. */
export async function disableParty(tx: Queryable, id: string, at: Date): Promise<Party> {
  const { rows } = await tx.query(
    `WITH opened AS (
       INSERT INTO exception (kind, parties, opened_at) VALUES ('${DISABLED}', ARRAY[$1], $2))
     UPDATE party SET disabled_at = $2 WHERE id = $1 RETURNING ${COLUMNS}`,
    [id, at],
  )
  return toParty(rows[0])
}

export async function enableParty(tx: Queryable, id: string, at: Date): Promise<Party> {
  const { rows } = await tx.query(
    `WITH ended AS (
       UPDATE exception SET closed_at = $2
       WHERE kind = '${DISABLED}' AND parties = ARRAY[$1] AND closed_at IS NULL)
     UPDATE party SET disabled_at = NULL WHERE id = $1 RETURNING ${COLUMNS}`,
    [id, at],
  )
  return toParty(rows[0])
}

export async function insertWebhook(
  tx: Queryable,
  party: string,
  url: string,
  at: Date,
): Promise<void> {
  await tx.query(
    'INSERT INTO webhook (party_id, url, created_at, changed_at) VALUES ($1, $2, $3, $3)',
    [party, url, at],
  )
}

export async function selectWebhook(
  db: Queryable,
  party: string,
): Promise<{ url: string; events: string[] | undefined } | undefined> {
  const { rows } = await db.query('SELECT url, events FROM webhook WHERE party_id = $1', [party])
  return rows[0] && { url: rows[0].url, events: rows[0].events ?? undefined }
}

/**
 * The new keys, and of the old ones those that are not in the new set and have not ended, each until
 * `end` at the latest.
 * @throws PartyError where a kid would name two keys
 */
export function mergeKeys(
  old: PublicJwks | undefined,
  next: PublicJwks,
  at: Date,
  end: Date,
): PublicJwks {
  const kept = []
  for (const key of old?.keys ?? []) {
    const exp = Math.min(key.exp ?? Infinity, Math.floor(end.getTime() / 1000))
    const successor = next.keys.find(other => other.kid === key.kid)
    if (successor && !isSameKey(successor, key)) {
      throw new PartyError(
        'jwks',
        'the kid of a new key is that of an old one: give it another kid',
      )
    }
    if (!successor && exp * 1000 > at.getTime()) kept.push({ ...key, exp })
  }
  return { keys: [...next.keys, ...kept] }
}

function toParty(row: Record<string, unknown>): Party {
  const present = Object.entries(row).map(([name, value]) => [name, value ?? undefined])
  return Object.fromEntries(present) as Party
}
