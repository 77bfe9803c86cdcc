import type { Queryable, Tx } from '../db/pool.ts'
import { type Refusal, refuse } from '../errors.ts'
import { containsNationalNumber } from '../pseudonym/national-number.ts'

/** What a caller got for its Idempotency-Key: status, body, and the digest of the body it sent. */
export interface Outcome {
  status: number
  body: Record<string, unknown>
  digest: string
}

export interface Keyed {
  /** Method and path, the scope of the key. */
  operation: string
  caller: { party: string }
  key: string | undefined
  at: Date
}

const KEY_FORM = /^[A-Za-z0-9._-]{1,64}$/
// Of random UUIDs one in 22,000 looks as if it held a number; one that was made of a number has few letters. Of those
// with fewer than three (one in 14,000) hardly any does: less than one in ten million is refused.
const RANDOM_UUID =
  /^(?=(?:\d|-)*(?:[a-f][\d-]*){3})[\da-f]{8}-[\da-f]{4}-[47][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i

/** Whether a key can be stored: it may be anything of that form but somebody's number. */
export function hasGoodKey({ key, at }: Pick<Keyed, 'key' | 'at'>): boolean {
  const day = at.toISOString().slice(0, 10)
  if (key === undefined || !KEY_FORM.test(key)) return false
  return RANDOM_UUID.test(key) || !containsNationalNumber(key, day)
}

/** @throws Refusal HB-205 where the key is missing or malformed */
export function requireKey(keyed: Pick<Keyed, 'key' | 'at'>): void {
  if (!hasGoodKey(keyed)) throw refuse('HB-205', '', 'header Idempotency-Key')
}

/**
 * Whether a refusal is an outcome to keep: what is not the caller's fault may succeed on a retry, and so may
 * the same body with the signature, or with the bound token, that it lacked.
 */
export function isOutcome({ status, code }: Refusal): boolean {
  return status < 500 && status !== 429 && code !== 'HB-127' && code !== 'HB-123'
}

/** The outcome stored for a key, if there is one. */
export async function findOutcome(pool: Queryable, keyed: Keyed): Promise<Outcome | undefined> {
  const [outcome] = await findOutcomes(pool, [keyed])
  return outcome
}

/** The outcomes stored for keys, in one query: of each what there is. */
export async function findOutcomes(
  db: Queryable,
  all: readonly Keyed[],
): Promise<(Outcome | undefined)[]> {
  const { rows } = await db.query<Outcome & { position: number }>({
    name: 'find-outcomes',
    text: FIND,
    values: keysOf(all),
  })
  const found = new Map(rows.map(({ position, ...outcome }) => [position, outcome]))
  return all.map((_, position) => found.get(position))
}

/**
 * Keeps the outcomes of calls, each with its key, in this transaction.
 * @returns positions of those whose key another transaction, or one before it here, has won
 */
export async function keepOutcomes(
  tx: Tx,
  all: readonly { keyed: Keyed; outcome: Outcome }[],
): Promise<Set<number>> {
  const lost = new Set(all.keys())
  if (all.length === 0) return lost
  const keys = all.map(({ keyed }) => keyed)
  const { rows } = await tx.query<{ name: string }>({
    name: 'keep-outcomes',
    text: KEEP,
    values: [
      ...keysOf(keys),
      all.map(({ outcome }) => outcome.digest),
      all.map(({ outcome }) => outcome.status),
      all.map(({ outcome }) => JSON.stringify(outcome.body)),
    ],
  })
  const won = new Set(rows.map(({ name }) => name))
  keys.forEach((keyed, position) => {
    if (won.delete(nameOf(keyed))) lost.delete(position)
  })
  return lost
}

// None of the three holds a line break.
function nameOf({ caller, operation, key }: Keyed): string {
  return `${caller.party}\n${operation}\n${key}`
}

function keysOf(all: readonly Keyed[]): unknown[] {
  return [
    all.map(({ caller }) => caller.party),
    all.map(({ operation }) => operation),
    all.map(({ key }) => key),
  ]
}

// How many are asked for is hidden from the planner (SELECT $1): it would make a plan anew for each number.
const FIND = `
  SELECT a.ordinality::int - 1 AS position, i.status, i.response AS body, i.digest
  FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[])) WITH ORDINALITY
      AS a (party_id, operation, key, ordinality)
    CROSS JOIN LATERAL (SELECT * FROM idempotency i
      WHERE i.party_id = a.party_id AND i.operation = a.operation AND i.key = a.key LIMIT 1) i`

// In one order, so that two of them never wait for each other.
const KEEP = `
  INSERT INTO idempotency (party_id, operation, key, digest, status, response)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::json[])
    AS o (party_id, operation, key, digest, status, response) ORDER BY 1, 2, 3
  ON CONFLICT DO NOTHING RETURNING party_id || E'\n' || operation || E'\n' || key AS name`

/** Takes the key for this transaction; false where another transaction has won it. */
export async function reserveKey(tx: Tx, keyed: Keyed, digest: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO idempotency (party_id, operation, key, digest, status, response)
     VALUES ($1, $2, $3, $4, 0, 'null') ON CONFLICT DO NOTHING`,
    [keyed.caller.party, keyed.operation, keyed.key, digest],
  )
  return rowCount === 1
}

/** Completes a reserved key with its outcome. */
export async function storeOutcome(tx: Tx, keyed: Keyed, outcome: Outcome): Promise<Outcome> {
  await tx.query(
    `UPDATE idempotency SET status = $4, response = $5
     WHERE party_id = $1 AND operation = $2 AND key = $3`,
    [keyed.caller.party, keyed.operation, keyed.key, outcome.status, JSON.stringify(outcome.body)],
  )
  return outcome
}

/**
 * The stored outcome for the same body, its tenant references filled in again from that body.
 * @param field the one that holds the reference in an item
 * @throws Refusal HB-501 where the key was used with another body
 */
export function replay(
  outcome: Outcome,
  digest: string,
  body: unknown,
  field = 'tenantRef',
): Outcome {
  assertSameBody(outcome, digest)
  const { refused } = outcome.body
  if (!Array.isArray(refused)) return outcome
  const named = refused.map(item => ({ ...item, ...referenceAt(body, item.index, field) }))
  return { ...outcome, body: { ...outcome.body, refused: named } }
}

/** @throws Refusal HB-501 where the key was used with another body */
export function assertSameBody(outcome: Outcome, digest: string): void {
  if (outcome.digest !== digest) throw refuse('HB-501', '', 'header Idempotency-Key')
}

function referenceAt(body: unknown, index: number, field: string): { tenantRef?: string } {
  const { tenants, items } = (body ?? {}) as Record<string, unknown>
  const list = Array.isArray(tenants) ? tenants : Array.isArray(items) ? items : []
  const tenantRef = (list[index] as Record<string, unknown> | undefined)?.[field]
  return typeof tenantRef === 'string' ? { tenantRef } : {}
}
