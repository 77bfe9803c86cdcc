import { recordEntry } from '../audit/record.ts'
import type { Actor } from '../audit/types.ts'
import { inTransaction } from '../db/pool.ts'
import { leftOf, lockQuota, readQuotaUse } from '../pseudonym/quota.ts'
import { faultOfReason, MAX_REASON } from './given-reason.ts'
import { type Quota, type QuotaParts, readQuotas } from './quotas.ts'

const DEFAULT_PERCENT = 10

/** What is asked for; a number that is left out is the default of that quota. */
export interface GrantChange {
  party: string
  /** A domain, or `subject`. */
  domain: string
  elements?: number | undefined
  /** Never about a person; kept. */
  reason: string
  by: Actor
  at: Date
}

/** What was granted. */
export interface Granted {
  party: string
  domain: string
  elements: number
  /** What the party may ask for now. */
  left: number
}

export type GrantFault = 'unknown' | 'closed' | 'granted' | 'elements' | 'reason'

/** A grant that is refused; its message says why and holds nothing of the input but names. */
export class GrantError extends Error {
  override readonly name = 'GrantError'
  readonly code: GrantFault

  constructor(code: GrantFault, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * How many elements a grant may give: at most the register once more, which is what a party needs
 * that lost its store of pseudonyms; where no number is named a tenth of it, for a register that grew.
 */
export function grantBounds({ allowance }: Pick<Quota, 'allowance'>): {
  usual: number
  most: number
} {
  const { registerSize } = allowance
  return { usual: Math.ceil((registerSize * DEFAULT_PERCENT) / 100), most: registerSize }
}

/**
 * What a grant would be, without giving it.
 * @throws GrantError as grantQuota does
 */
export async function previewGrant(parts: QuotaParts, change: GrantChange): Promise<Granted> {
  const { quota, elements } = await assertGrant(parts, change)
  const { party, domain } = quota
  return { party, domain, elements, left: quota.left + elements }
}

/**
 * Grants a party further blind evaluations under one key, once for that key; in one transaction with
 * its evidence, exact beside evaluations that run at once.
 * @throws GrantError
 */
export async function grantQuota(parts: QuotaParts, change: GrantChange): Promise<Granted> {
  const { quota, elements } = await assertGrant(parts, change)
  const { party, domain, protocol, allowance } = quota
  const { reason, by, at } = change
  return inTransaction(parts.pool, async tx => {
    await lockQuota(tx, party, domain)
    const use = await readQuotaUse(tx, { party, domain: { name: domain, protocol }, at })
    if (use.extra > 0) throw grantedBefore(quota)
    await tx.query(
      `INSERT INTO quota_grant (party_id, domain, elements, used_before, reason, granted_at, granted_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [party, domain, elements, use.today + use.otherDays, reason.trim(), at, by.role],
    )
    await recordEntry(tx, {
      action: 'quota.granted',
      at,
      actor: by,
      recipient: party,
      counts: { elements },
      rule: 'modalities.evaluation',
      reason: `domain ${domain}`,
      details: { reason: reason.trim() },
    })
    const left = leftOf(allowance, { ...use, extra: elements })
    return { party, domain, elements, left }
  })
}

async function assertGrant(
  parts: QuotaParts,
  change: GrantChange,
): Promise<{ quota: Quota; elements: number }> {
  assertReason(change)
  const quotas = await readQuotas(parts, change.at)
  const quota = quotas.find(it => it.party === change.party && it.domain === change.domain)
  if (!quota) {
    const open = quotas.filter(({ state }) => state !== 'closed')
    const known = open.map(({ party, domain }) => `${party} ${domain}`).join(', ')
    throw new GrantError('unknown', `there is no such quota; there are: ${known || 'none'}`)
  }
  if (quota.state === 'closed') {
    throw new GrantError('closed', `${quota.domain} is closed: its key was destroyed`)
  }
  if (quota.grant) throw grantedBefore(quota)
  const { usual, most } = grantBounds(quota)
  const elements = change.elements ?? usual
  if (!Number.isSafeInteger(elements) || elements < 1 || elements > most) {
    throw new GrantError('elements', `give a whole number from 1 to ${most}, the register's size`)
  }
  return { quota, elements }
}

function grantedBefore({ party, domain }: Quota): GrantError {
  const why = `${party} got its one extra grant under ${domain} before`
  return new GrantError('granted', `${why}: another one needs a new key epoch (keys rotate)`)
}

function assertReason({ reason, at }: GrantChange): void {
  const fault = faultOfReason(reason, at)
  if (fault === 'number') {
    throw new GrantError('reason', 'the reason holds a national number: say why, not about whom')
  }
  if (fault)
    throw new GrantError('reason', `give a reason of 1 to ${MAX_REASON} visible characters`)
}
