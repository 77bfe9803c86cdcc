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
}

export interface QuotaOf {
  party: string
  domain: { name: string; protocol: string }
  allowance: Allowance
  at: Date
}

/** What a party used of a quota, in elements. */
export interface QuotaUse {
  /** On the UTC day itself. */
  today: number
  /** On all other days. */
  otherDays: number
  /** Of today: with its register prepared already, and beyond what was granted once more. */
  beyond: number
  /** Granted once more by the privacy officer, over the whole epoch; 0 without a grant. */
  extra: number
  /** All that was used when that was granted. */
  usedBefore: number
  /** Its register must be prepared by now: what it uses from here on are new persons. */
  prepared: boolean
}

// Retries after a lost answer and newcomers while the register is prepared.
const MARGIN_PERCENT = 105
/** Days that a party has for its register from its first element, where it never reports ready. */
const PREPARATION_DAYS = 7
const RULE = 'modalities.evaluation'

/**
 * Takes blind evaluations from a party's quota, or none of them; exact, whatever runs at once. The
 * quota has three parts: floor(registerSize × 1.05) once per domain, what a privacy officer granted
 * once more, and on every UTC day, the first included, dailyAllowance. What a day leaves unused is not
 * added to the next, so that waiting buys no burst of guesses. Taken or refused, it is an entry of the
 * audit log. More than dailyAllowance on one UTC day by a party whose register is prepared is a burst:
 * an entry and an open exception, once for that day; it stops nothing.
 * @returns how many are left now
 * @throws Refusal HB-602 with Retry-After to the next UTC midnight
 */
export async function takeQuota(pool: Pool, request: QuotaOf & { count: number }): Promise<number> {
  const { count, allowance } = request
  const { left, use } = await inTransaction(pool, async tx => {
    await lockQuota(tx, request.party, request.domain.name)
    const use = await readQuotaUse(tx, request)
    const left = leftOf(allowance, use) - count
    const beyond = left < 0 ? 0 : beyondOf(use, count)
    const { dailyAllowance } = allowance
    const isBurst = use.beyond <= dailyAllowance && use.beyond + beyond > dailyAllowance
    if (left >= 0) await addUse(tx, request, beyond)
    if (isBurst) await openException(tx, request)
    const burst = isBurst ? [burstEntry(request, use.beyond + beyond)] : []
    await recordEntries(tx, [useEntry(request, left >= 0), ...burst])
    return { left, use }
  })
  if (left < 0) throw refuseUntilMidnight(request, use)
  return left
}

/** How many blind evaluations a party may still ask for now. */
export async function quotaLeft(db: Queryable, quota: QuotaOf): Promise<number> {
  return leftOf(quota.allowance, await readQuotaUse(db, quota))
}

/** How many are left of a quota on the day of its use (pure). */
export function leftOf(
  { registerSize, dailyAllowance }: Allowance,
  { today, otherDays, extra }: Pick<QuotaUse, 'today' | 'otherDays' | 'extra'>,
): number {
  const once = Math.floor((registerSize * MARGIN_PERCENT) / 100) + extra
  return Math.max(0, Math.max(0, once - otherDays) + dailyAllowance - today)
}

/** When the next daily allowance starts: the next UTC midnight. */
export function nextAllowanceAt(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1))
}

/**
 * One after another for a party and domain, until the end of the transaction: it makes the sum over
 * the days exact also around midnight, where the row is another one, and beside a grant.
 */
export async function lockQuota(tx: Tx, party: string, domain: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `quota ${party} ${domain}`,
  ])
}

/** What a party used of its quota so far, seen on the UTC day of `at`. */
export async function readQuotaUse(
  db: Queryable,
  { party, domain, at }: Pick<QuotaOf, 'party' | 'domain' | 'at'>,
): Promise<QuotaUse> {
  const { rows } = await db.query<QuotaUse>({
    name: 'quota-use',
    text: `SELECT coalesce(sum(used) FILTER (WHERE day = $3), 0)::bigint AS today,
       coalesce(sum(used) FILTER (WHERE day <> $3), 0)::bigint AS "otherDays",
       coalesce(sum(beyond) FILTER (WHERE day = $3), 0)::bigint AS beyond,
       coalesce((SELECT elements FROM quota_grant WHERE party_id = $1 AND domain = $2), 0) AS extra,
       coalesce((SELECT used_before FROM quota_grant WHERE party_id = $1 AND domain = $2), 0)
         AS "usedBefore",
       EXISTS (SELECT FROM domain WHERE name = $2 AND ready_by = $1)
         OR coalesce(min(day) <= $3::date - $4::int, false)
           AND NOT EXISTS (SELECT FROM domain WHERE name = $2 AND state = 'opening') AS prepared
     FROM quota_use WHERE party_id = $1 AND domain = $2`,
    values: [party, domain.name, dayOf(at), PREPARATION_DAYS],
  })
  return rows[0]!
}

// What was granted is expected, from the moment of the grant on.
function beyondOf(use: QuotaUse, count: number): number {
  if (!use.prepared) return 0
  const total = use.today + use.otherDays
  const expected = use.extra > 0 ? use.usedBefore + use.extra : 0
  return Math.max(0, total + count - Math.max(total, expected))
}

async function addUse(
  tx: Tx,
  { party, domain, at, count }: QuotaOf & { count: number },
  beyond: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO quota_use AS total (party_id, domain, day, used, beyond) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (party_id, domain, day)
       DO UPDATE SET used = total.used + excluded.used, beyond = total.beyond + excluded.beyond`,
    [party, domain.name, dayOf(at), count, beyond],
  )
}

async function openException(tx: Tx, { party, domain, at }: QuotaOf): Promise<void> {
  await tx.query(
    `INSERT INTO exception (kind, parties, domain, opened_at)
     VALUES ('quota-burst', ARRAY[$1::text], $2, $3)`,
    [party, domain.name, at],
  )
}

function useEntry(request: QuotaOf & { count: number }, allowed: boolean): EntryDraft {
  const entry = { ...partyEntry(request), counts: { elements: request.count } }
  return allowed
    ? { ...entry, action: 'quota.used', decision: 'allowed' }
    : { ...entry, action: 'quota.refused', decision: 'refused', code: 'HB-602' }
}

function burstEntry(request: QuotaOf, elements: number): EntryDraft {
  const { dailyAllowance } = request.allowance
  return {
    ...partyEntry(request),
    action: 'quota.burst',
    counts: { elements, allowance: dailyAllowance },
  }
}

function partyEntry({ party, domain, at }: QuotaOf) {
  return { at, actor: { party, role: 'party' }, rule: RULE, reason: `domain ${domain.name}` }
}

function refuseUntilMidnight({ allowance, at }: QuotaOf, use: QuotaUse): Refusal {
  const next = nextAllowanceAt(at)
  const now = leftOf(allowance, use)
  const then = leftOf(allowance, { ...use, today: 0, otherDays: use.otherDays + use.today })
  const remedy = [
    now > 0 ? `Ask for at most ${now} now.` : '',
    then > 0
      ? `Go on from ${next.toISOString()} with at most ${then}.`
      : `Nothing is added at ${next.toISOString()}.`,
    use.extra > 0
      ? 'The one extra grant of this key epoch was given already.'
      : 'Or ask the privacy officer for the one extra grant of this key epoch.',
  ]
  const retryAfter = Math.ceil((next.getTime() - at.getTime()) / 1000)
  const why = reason('HB-602', '/blinded', RULE, remedy.filter(Boolean).join(' '))
  return new Refusal(why, { retryAfter })
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}
