import type { Context } from '../context.ts'
import { type Reason, Refusal, reason, refuse } from '../errors.ts'
import { BLIND, isBlind } from '../protocol/forms.ts'
import type { Profile } from '../protocol/profile.ts'
import { containsNationalNumber } from '../pseudonym/national-number.ts'
import type { PseudonymPool, SealedPseudonym, Sealing } from '../pseudonym/pool.ts'
import type { Item } from './precondition.ts'

/** Whether the items of a request carry pseudonyms that the sender made, and no national numbers. */
export function isSentBlind({ blind }: Profile, items: readonly Item[]): boolean {
  return blind && isBlind(items)
}

/**
 * Whether a blind sender put a national number in the place of a pseudonym, as text or as bytes: the
 * gateway would keep it as one (HB-402).
 * @param at pointer of the item, such as /tenants/3
 * @param day today, YYYY-MM-DD
 */
export function numberInPseudonym(item: Item, at: string, day: string): Reason | undefined {
  const name = BLIND.find(one => {
    const text = String(item[one])
    const bytes = Buffer.from(text, 'base64url').toString('latin1')
    return containsNationalNumber(text, day) || containsNationalNumber(bytes, day)
  })
  if (name === undefined) return undefined
  const rule = 'invariant 2: no national number is stored'
  return reason('HB-402', `${at}/${name}`, rule, 'Send the pseudonyms that the kit makes.')
}

/**
 * The domain in which a blind sender made its pseudonyms: the current one of the protocol. It may leave
 * it out only while the protocol never had another: pseudonyms of a former epoch would be found by
 * nobody, and nobody would know.
 * @throws Refusal HB-316 still opening, HB-412 unknown, HB-413 not current any more, HB-419 not named
 */
export async function domainOfBlind(
  { domains }: Pick<Context, 'domains'>,
  protocol: string,
  named: unknown,
): Promise<string> {
  const all = await domains.list(protocol)
  const [only, another] = all
  if (named === undefined && another) throw refuse('HB-419', '/domain', 'pseudonym domain')
  const domain = named === undefined ? only : all.find(({ name }) => name === named)
  if (domain?.state === 'current') return domain.name
  if (named !== undefined && !domain) {
    throw refuse('HB-412', '/domain', `${protocol}, pseudonym domain`)
  }
  if (!domain || domain.state === 'opening') throw notReady()
  const remedy = 'Make the pseudonyms anew under the current domain of GET /v1/pseudonyms/domains.'
  throw refuse('HB-413', '/domain', 'key epoch', remedy)
}

function notReady(): Refusal {
  return new Refusal(reason('HB-316', '/domain', 'pseudonym domain'), { retryAfter: 30 })
}

/**
 * Seals the rows of a blind sender's persons. That tag, secret and subject tag are of one person is
 * the sender's word. The secrets go from the items to the threads that seal, and are wiped there.
 */
export async function sealBlind(
  pseudonyms: Pick<PseudonymPool, 'seal'>,
  domain: string,
  items: readonly Item[],
  sealing: Sealing,
): Promise<SealedPseudonym[]> {
  const secrets = items.map(item => String(item['secret']))
  // Nothing behind this needs them.
  for (const item of items) delete item['secret']
  const rows = await pseudonyms.seal({ domain, secrets, sealing })
  return rows.map((row, position) => ({
    tag: bytesOf(items[position]?.['tag']),
    subjectTag: bytesOf(items[position]?.['subjectTag']),
    ...row,
  }))
}

function bytesOf(text: unknown): Buffer {
  return Buffer.from(String(text), 'base64url')
}
