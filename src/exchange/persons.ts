import type { Context } from '../context.ts'
import { RouteCipher } from '../pseudonym/route-cipher.ts'
import type { Permission } from './permission.ts'
import type { Item } from './precondition.ts'

/** A person of the sender, by a current route. */
export interface Routed {
  index: number
  domain: string
  tag: Buffer
  subjectTag: Buffer
}

/**
 * Which persons a reference may point at: `current` ones, named in the latest complete month or since;
 * all that were `named` and did not end; or also those who still `participating` when the route ended.
 */
type Which = 'current' | 'named' | 'participating'

/**
 * The sender's persons by reference, over all open domains of the protocol, oldest epoch first. A
 * reference points at the person that it named last; all routes of that person are found.
 */
export async function findPersons(
  context: Context,
  { protocol, profile }: Permission,
  party: string,
  items: Item[],
  which: Which = 'named',
): Promise<Routed[]> {
  const field = profile.reference ?? 'tenantRef'
  const domains = await context.domains.open(protocol.id)
  const hashes: { index: number; domain: string; hash: Uint8Array }[] = []
  for (const domain of domains) {
    const cipher = await RouteCipher.open(context.keys, domain, party)
    items.forEach((item, index) => {
      hashes.push({ index, domain, hash: cipher.hash(String(item[field])) })
    })
  }
  const { rows } = await context.pool.query<Routed & { period: string }>(FIND[which], [
    protocol.id,
    party,
    hashes.map(it => it.index),
    hashes.map(it => it.domain),
    hashes.map(it => it.hash),
    domains,
  ])
  return rows.map(({ index, domain, tag, subjectTag }) => ({ index, domain, tag, subjectTag }))
}

const CURRENT = `r.ended_on IS NULL AND r.expires_at > now()`

const find = (routes: string, usable: string) => `
  WITH asked AS (
    SELECT * FROM unnest($3::int[], $4::text[], $5::bytea[]) AS a (index, domain, hash)),
  named AS (
    SELECT DISTINCT ON (a.index) a.index, r.subject_tag FROM asked a
    JOIN ${routes} r ON r.party_id = $2 AND r.domain = a.domain AND r.reference_hash = a.hash
    WHERE ${usable}
    ORDER BY a.index, array_position($6::text[], r.domain) DESC, r.period DESC)
  SELECT n.index, r.domain, r.tag, r.subject_tag AS "subjectTag" FROM named n
  JOIN ${routes} r ON r.party_id = $2 AND r.domain = ANY($6) AND r.subject_tag = n.subject_tag
  WHERE ${usable} AND $1::text IS NOT NULL
  ORDER BY array_position($6::text[], r.domain), n.index`

// An official withdrawal is taken until it was: the end of a route does not end a participation.
const FIND: Readonly<Record<Which, string>> = {
  current: find('current_route', 'true'),
  named: find('route', CURRENT),
  participating: find(
    'route',
    `r.expires_at > now() AND (r.ended_on IS NULL OR EXISTS (
       SELECT FROM participation p WHERE p.protocol = $1 AND p.party_id = $2
         AND p.subject_tag = r.subject_tag AND p.withdrawn_on IS NULL))`,
  ),
}
