import { type Granted, grantQuota } from '../exchange/quota-grant.ts'
import type { Opened } from './party.ts'
import { readSet } from './protocol/suspend.ts'

/** What the operator gives: a party, a domain, and why. */
export interface GrantArguments {
  party: string
  domain: string
  elements?: number | undefined
  reason: string
}

/**
 * `huisbrug keys grant <party> <domain> --reason "..." [--elements n]`: the one extra grant of a key
 * epoch, on the word of the privacy officer; the entry names the operator.
 * @throws GrantError
 */
export async function grantByCommand(
  store: Opened,
  wanted: GrantArguments,
): Promise<{ json: object; lines: string[] }> {
  const set = await readSet(store, new Date())
  const parts = { pool: store.pool, protocols: { current: () => set } }
  const by = { role: 'operator' }
  const granted: Granted = await grantQuota(parts, { ...wanted, by, at: new Date() })
  const { party, domain, elements, left } = granted
  return {
    json: granted,
    lines: [
      `Granted ${party} ${elements} evaluations more under ${domain}, once: ${left} left now.`,
      'It is an entry of the audit log. There is no second one in this key epoch.',
    ],
  }
}

/** A number of elements as it is typed; what is no number is refused by the grant itself. */
export function parseElements(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
}
