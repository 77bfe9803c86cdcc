import type { Context } from '../context.ts'
import type { Pool } from '../db/pool.ts'
import { type ErrorCode, Refusal } from '../errors.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { allowanceOf } from '../protocol/lookup.ts'
import { SUBJECT_DOMAIN } from '../pseudonym/published-key.ts'
import { type Allowance, leftOf, type QuotaOf, takeQuota } from '../pseudonym/quota.ts'

/** What looking at quotas needs: the database, and the documents as they are now. */
export interface QuotaParts {
  pool: Pool
  protocols: { current(): ProtocolSet }
}

/** One quota: of one party, under one key. Counts are elements. */
export interface Quota {
  party: string
  /** A domain, or `subject`. */
  domain: string
  /** The agreement that grants it. */
  protocol: string
  /** State of the key epoch. */
  state: string
  allowance: Allowance
  /** Used on all days together. */
  used: number
  /** Of those, on this UTC day. */
  today: number
  left: number
  /** The one extra grant. */
  grant: { elements: number; at: Date; by: string; reason: string } | undefined
  /** Days with a burst that no one has looked at, the newest last. */
  bursts: Date[]
}

const EXHAUSTED: ErrorCode = 'HB-602'

interface Row extends Omit<Quota, 'allowance' | 'left' | 'grant' | 'protocol'> {
  kind: string
  protocol: string | null
  elements: number | null
  grantedAt: Date
  grantedBy: string
  reason: string
}

/** Every quota that a protocol grants to a registered party, by party; closed epochs go last. */
export async function readQuotas({ pool, protocols }: QuotaParts, at: Date): Promise<Quota[]> {
  const { rows } = await pool.query<Row>(SELECT_QUOTAS, [at.toISOString().slice(0, 10)])
  const set = protocols.current()
  return rows.flatMap(row => {
    const granted = row.protocol === null ? largestOf(set, at, rows, row) : ownOf(set, at, row)
    return granted ? [quotaOf(row, granted)] : []
  })
}

/** Takes from a quota, and counts that for the operator. @throws Refusal as takeQuota does */
export async function takeCounted(
  { pool, metrics }: Pick<Context, 'pool' | 'metrics'>,
  request: QuotaOf & { count: number },
): Promise<number> {
  const { party, domain, count } = request
  try {
    const left = await takeQuota(pool, request)
    metrics.evaluated(party, domain.name, 'taken', count)
    return left
  } catch (error) {
    if (error instanceof Refusal && error.code === EXHAUSTED) {
      metrics.evaluated(party, domain.name, 'refused', count)
    }
    throw error
  }
}

interface Granted {
  protocol: string
  allowance: Allowance
}

function ownOf(set: ProtocolSet, at: Date, { protocol, party }: Row): Granted | undefined {
  const allowance = protocol === null ? undefined : allowanceOf(set, protocol, party, at)
  return protocol !== null && allowance ? { protocol, allowance } : undefined
}

// The subject index spans protocols: its quota is that of the agreement with the largest register,
// and who receives has none.
function largestOf(
  set: ProtocolSet,
  at: Date,
  rows: Row[],
  { party, kind }: Row,
): Granted | undefined {
  if (kind === 'employment-service') return undefined
  return rows
    .filter(row => row.party === party && row.state !== 'closed')
    .flatMap(row => ownOf(set, at, row) ?? [])
    .toSorted((a, b) => b.allowance.registerSize - a.allowance.registerSize)[0]
}

function quotaOf(row: Row, { protocol, allowance }: Granted): Quota {
  const { party, domain, state, used, today, bursts, elements } = row
  const extra = elements ?? 0
  const grant =
    elements === null
      ? undefined
      : { elements, at: row.grantedAt, by: row.grantedBy, reason: row.reason }
  const open = leftOf(allowance, { today, otherDays: used - today, extra })
  const left = state === 'closed' ? 0 : open
  return { party, domain, protocol, state, allowance, used, today, left, grant, bursts }
}

const SELECT_QUOTAS = `
  WITH d AS (
    SELECT name, protocol, epoch, state FROM domain
    UNION ALL SELECT domain, NULL, NULL, 'current' FROM published_key WHERE domain = '${SUBJECT_DOMAIN}'),
  u AS (
    SELECT party_id, domain, sum(used)::bigint AS used,
      coalesce(sum(used) FILTER (WHERE day = $1), 0)::bigint AS today
    FROM quota_use GROUP BY 1, 2),
  e AS (
    SELECT parties[1] AS party_id, domain, array_agg(opened_at ORDER BY opened_at) AS bursts
    FROM exception
    WHERE kind = 'quota-burst' AND closed_at IS NULL GROUP BY 1, 2)
  SELECT p.id AS party, p.kind, d.name AS domain, d.protocol, d.state,
    coalesce(u.used, 0) AS used, coalesce(u.today, 0) AS today, coalesce(e.bursts, '{}') AS bursts,
    g.elements, g.granted_at AS "grantedAt", g.granted_by AS "grantedBy", g.reason
  FROM party p CROSS JOIN d
  LEFT JOIN u ON u.party_id = p.id AND u.domain = d.name
  LEFT JOIN e ON e.party_id = p.id AND e.domain = d.name
  LEFT JOIN quota_grant g ON g.party_id = p.id AND g.domain = d.name
  WHERE p.kind <> 'gateway'
  ORDER BY d.state = 'closed', p.id, d.protocol, d.epoch`
