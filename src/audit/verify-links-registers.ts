import type { Queryable } from '../db/pool.ts'
import type { Problem } from './verify-report.ts'

/**
 * Holds what changes seldom against its entries: the key of every pseudonym domain and the one that
 * is published, every protocol document that was executed, every party, and every day that was
 * balanced.
 */
export async function checkRegisters(db: Queryable): Promise<Problem[]> {
  const { rows } = await db.query<{ kind: 'unlinked' | 'row-changed'; what: string }>(REGISTERS)
  return rows.map(({ kind, what }) => ({ kind, what }))
}

// Entries are compared as text: those that are no JSON are for the check of the log to name.
const KEY = (column: string) =>
  `replace(translate(encode(${column}, 'base64'), '+/=', '-_'), E'\\n', '')`

const REGISTERS = `
  WITH entry AS (
    SELECT action, entry_id, entry, protocol FROM audit_entry
    WHERE kind IN (SELECT kind FROM audit_kind WHERE action IN ('key.created', 'key.closed', 'party.added', 'party.changed', 'balance.daily', 'protocol.in-force',
      'protocol.changed', 'protocol.suspended', 'protocol.resumed', 'protocol.broken'))
    UNION ALL
    SELECT action, entry_id, entry, protocol FROM audit_pending),
  beside AS (
    SELECT e.action, e.entry, d.details FROM entry e JOIN audit_detail d ON d.entry_id = e.entry_id)
  SELECT 'unlinked' AS kind, 'no entry says that the key of ' || d.name || ' was made' AS what
  FROM domain d WHERE NOT EXISTS (SELECT FROM entry e WHERE e.action = 'key.created'
    AND position(convert_to('"reason":"domain ' || d.name || '"', 'UTF8') IN e.entry) > 0)
  UNION ALL
  SELECT 'row-changed', 'the key of ' || d.name || ' is not the one of its entry'
  FROM domain d JOIN entry e ON e.action = 'key.created'
    AND position(convert_to('"reason":"domain ' || d.name || '"', 'UTF8') IN e.entry) > 0
  WHERE position(convert_to('"rule":"public-key ' || ${KEY('d.public_key')} || '"', 'UTF8') IN e.entry) = 0
  UNION ALL
  SELECT 'row-changed', 'the published key of ' || p.domain || ' is not the one of its entry'
  FROM published_key p LEFT JOIN entry e ON e.entry_id = p.entry_id
  WHERE e.entry IS NULL
    OR position(convert_to('"rule":"public-key ' || ${KEY('p.public_key')} || '"', 'UTF8') IN e.entry) = 0
  UNION ALL
  SELECT 'unlinked', 'no entry says that ' || d.name || ' was closed'
  FROM domain d WHERE d.state = 'closed' AND NOT EXISTS (SELECT FROM entry e
    WHERE e.action = 'key.closed'
      AND position(convert_to('"reason":"domain ' || d.name || '"', 'UTF8') IN e.entry) > 0)
  UNION ALL
  SELECT 'unlinked', 'no entry knows the document ' || v.digest || ' of ' || v.id
  FROM protocol_version v WHERE NOT EXISTS (SELECT FROM entry e WHERE e.protocol = v.id
    AND position(convert_to('"digest":"' || v.digest || '"', 'UTF8') IN e.entry) > 0)
  UNION ALL
  SELECT 'unlinked', 'no entry says that party ' || p.id || ' was added'
  FROM party p WHERE p.kind <> 'gateway' AND NOT EXISTS (SELECT FROM beside e
    WHERE e.action = 'party.added' AND position('"party":"' || p.id || '"' IN e.details) > 0)
  UNION ALL
  SELECT 'row-changed', 'no entry gave party ' || p.id || ' one of its keys'
  FROM party p, jsonb_path_query(p.jwks, '$.keys[*].kid') AS k (kid)
  WHERE p.kind <> 'gateway' AND NOT EXISTS (SELECT FROM beside e
    WHERE e.action IN ('party.added', 'party.changed')
      AND position('"party":"' || p.id || '"' IN e.details) > 0 AND position(k.kid::text IN e.details) > 0)
  UNION ALL
  SELECT 'row-changed', 'no entry gave party ' || p.id || ' one of its networks'
  FROM party p, unnest(p.networks) AS n (network)
  WHERE p.kind <> 'gateway' AND NOT EXISTS (SELECT FROM beside e
    WHERE e.action IN ('party.added', 'party.changed')
      AND position('"party":"' || p.id || '"' IN e.details) > 0
      AND position('"' || n.network || '"' IN e.details) > 0)
  UNION ALL
  SELECT 'unlinked', 'no entry says how ' || b.day || ' balanced'
  FROM balance_day b WHERE NOT EXISTS (SELECT FROM entry e
    WHERE e.action = 'balance.daily' AND position(convert_to('"reason":"' || b.day || '"', 'UTF8') IN e.entry) > 0)
  UNION ALL
  SELECT 'row-changed', 'the balance of ' || b.day || ' is not the one of its entry'
  FROM (SELECT day, protocol,
      '"counts":{"accepted":' || sum(accepted) || ',"delivered":' || sum(delivered)
      || ',"expired":' || sum(expired) || ',"parked":' || sum(parked) || ',"pending":' || sum(pending)
      || ',"received":' || sum(received) || ',"refused":' || sum(refused)
      || ',"withdrawn":' || sum(withdrawn) || '}' AS counts
    FROM daily_balance GROUP BY 1, 2) AS b
  WHERE NOT EXISTS (SELECT FROM entry e
    WHERE e.action = 'balance.daily' AND position(convert_to('"reason":"' || b.day || '"', 'UTF8') IN e.entry) > 0
      AND position(convert_to(b.counts, 'UTF8') IN e.entry) > 0)
  ORDER BY 1, 2`
