import type { Pool, Tx } from '../db/pool.ts'
import { refuse } from '../errors.ts'

/** What a caller got for its Idempotency-Key: status, body, and the digest of the body it sent. */
export interface Outcome {
  status: number
  body: Record<string, unknown>
  digest: string
}

interface Keyed {
  operation: string
  caller: { party: string }
  key: string | undefined
}

/** The outcome stored for a key, if there is one. */
export async function findOutcome(pool: Pool, keyed: Keyed): Promise<Outcome | undefined> {
  const { rows } = await pool.query<Outcome>(
    `SELECT status, response AS body, digest FROM idempotency
     WHERE party_id = $1 AND operation = $2 AND key = $3`,
    [keyed.caller.party, keyed.operation, keyed.key],
  )
  return rows[0]
}

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
  if (outcome.digest !== digest) throw refuse('HB-501', '', 'header Idempotency-Key')
  const { refused } = outcome.body
  if (!Array.isArray(refused)) return outcome
  const named = refused.map(item => ({ ...item, ...referenceAt(body, item.index, field) }))
  return { ...outcome, body: { ...outcome.body, refused: named } }
}

function referenceAt(body: unknown, index: number, field: string): { tenantRef?: string } {
  const { tenants, items } = (body ?? {}) as Record<string, unknown>
  const list = Array.isArray(tenants) ? tenants : Array.isArray(items) ? items : []
  const tenantRef = (list[index] as Record<string, unknown> | undefined)?.[field]
  return typeof tenantRef === 'string' ? { tenantRef } : {}
}
