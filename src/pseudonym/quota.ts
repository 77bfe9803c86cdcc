import { recordEntries } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from '../db/pool.ts'
import { Refusal, reason } from '../errors.ts'

/** What a protocol grants a party per domain, so per key epoch. */
export interface Allowance {
  /** Attested size of the party's register, in persons. */
  registerSize: number
  /** Further evaluations on any one UTC day. */
  dailyAllowance: number
  /** Granted once more by the privacy officer, over the whole epoch. */
  extra?: number
}

export interface QuotaOf {
  party: string
  domain: { name: string; protocol: string }
  allowance: Allowance
  at: Date
}

// Retries after a lost answer and newcomers while the register is prepared.
const MARGIN_PERCENT = 105

/**
 * Takes blind evaluations from a party's quota, or none of them; exact, whatever runs at once. The
 * quota has two parts: floor(registerSize × 1.05) once per domain, and on every UTC day, the first
 * included, dailyAllowance more. What a day leaves unused is not added to the next, so that waiting
 * buys no burst of guesses. Taken or refused, it is an entry of the audit log.
 * @returns how many are left now
 * @throws Refusal HB-602 with Retry-After to the next UTC midnight
 */
export async function takeQuota(pool: Pool, request: QuotaOf & { count: number }): Promise<number> {
  const left = await inTransaction(pool, async tx => {
    const limit = await lockLimit(tx, request)
    const used = await addUse(tx, request, limit)
    await recordEntries(tx, [entryOf(request, used !== undefined)])
    return used === undefined ? undefined : limit - used
  })
  if (left === undefined) throw refuseUntilMidnight(request.at)
  return left
}

/** How many blind evaluations a party may still ask for now. */
export async function quotaLeft(db: Queryable, quota: QuotaOf): Promise<number> {
  const { today, otherDays } = await readUse(db, quota)
  return Math.max(0, limitOfToday(quota.allowance, otherDays) - today)
}

/** When the next daily allowance starts: the next UTC midnight. */
export function nextAllowanceAt(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1))
}

// What is left of the register's part after all other days, and today's allowance.
function limitOfToday(allowance: Allowance, otherDays: number): number {
  const { registerSize, dailyAllowance, extra = 0 } = allowance
  const once = Math.floor((registerSize * MARGIN_PERCENT) / 100) + extra
  return Math.max(0, once - otherDays) + dailyAllowance
}

// The lock makes the sum over the days exact also around midnight, where the row is another one.
async function lockLimit(tx: Tx, quota: QuotaOf): Promise<number> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `quota ${quota.party} ${quota.domain.name}`,
  ])
  const { otherDays } = await readUse(tx, quota)
  return limitOfToday(quota.allowance, otherDays)
}

async function readUse(
  db: Queryable,
  { party, domain, at }: QuotaOf,
): Promise<{ today: number; otherDays: number }> {
  const { rows } = await db.query(
    `SELECT coalesce(sum(used) FILTER (WHERE day = $3), 0)::bigint AS today,
       coalesce(sum(used) FILTER (WHERE day <> $3), 0)::bigint AS "otherDays"
     FROM quota_use WHERE party_id = $1 AND domain = $2`,
    [party, domain.name, dayOf(at)],
  )
  return rows[0]
}

async function addUse(
  tx: Tx,
  { party, domain, at, count }: QuotaOf & { count: number },
  limit: number,
): Promise<number | undefined> {
  const { rows } = await tx.query<{ used: number }>(
    `INSERT INTO quota_use AS total (party_id, domain, day, used)
     SELECT $1, $2, $3::date, $4::bigint WHERE $4::bigint <= $5::bigint
     ON CONFLICT (party_id, domain, day) DO UPDATE SET used = total.used + excluded.used
       WHERE total.used + excluded.used <= $5::bigint
     RETURNING used`,
    [party, domain.name, dayOf(at), count, limit],
  )
  return rows[0]?.used
}

function entryOf(
  { party, domain, at, count }: QuotaOf & { count: number },
  allowed: boolean,
): EntryDraft {
  const entry = {
    at,
    actor: { party, role: 'party' },
    counts: { elements: count },
    rule: 'modalities.evaluation',
    reason: `domain ${domain.name}`,
  }
  return allowed
    ? { ...entry, action: 'quota.used', decision: 'allowed' }
    : { ...entry, action: 'quota.refused', decision: 'refused', code: 'HB-602' }
}

function refuseUntilMidnight(at: Date): Refusal {
  const next = nextAllowanceAt(at)
  const remedy =
    `Go on from ${next.toISOString()} with at most the quotaLeft of GET /v1/pseudonyms/domains, ` +
    'or ask the privacy officer for a grant.'
  const retryAfter = Math.ceil((next.getTime() - at.getTime()) / 1000)
  return new Refusal(reason('HB-602', '/blinded', 'modalities.evaluation', remedy), { retryAfter })
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}
