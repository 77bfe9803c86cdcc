import type { Context } from '../context.ts'
import { RouteCipher } from '../pseudonym/route-cipher.ts'

/**
 * Who a company means by a reference of its own: the subject tags of the current tenants that it named so,
 * one for each protocol at most. Empty where there is none.
 */
export async function findTenant(
  { pool, keys }: Pick<Context, 'pool' | 'keys'>,
  party: string,
  tenantRef: string,
): Promise<Buffer[]> {
  const { rows: known } = await pool.query<{ domain: string }>(
    'SELECT DISTINCT domain FROM current_route WHERE party_id = $1',
    [party],
  )
  const domains = known.map(row => row.domain)
  const hashes: Buffer[] = []
  for (const domain of domains) {
    hashes.push((await RouteCipher.open(keys, domain, party)).hash(tenantRef))
  }
  const { rows } = await pool.query<{ tag: Buffer }>(FIND, [party, domains, hashes])
  return rows.map(row => row.tag)
}

// A reference points at the person that it named last.
const FIND = `
  SELECT DISTINCT named.subject_tag AS tag FROM (
    SELECT DISTINCT ON (d.protocol) r.subject_tag
    FROM unnest($2::text[], $3::bytea[]) AS asked (domain, hash)
      JOIN current_route r ON r.party_id = $1 AND r.domain = asked.domain
        AND r.reference_hash = asked.hash
      JOIN domain d ON d.name = r.domain
    ORDER BY d.protocol, d.epoch DESC, r.period DESC) named`
