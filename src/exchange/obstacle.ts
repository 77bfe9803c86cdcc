import { decide } from '../protocol/decide.ts'
import type { Refused } from '../protocol/decision.ts'
import type { ProtocolSet } from '../protocol/load.ts'

// No protocol lists it: whatever is refused before the type is, is about the documents themselves.
const NO_TYPE = ''

/**
 * Why nothing at all moves between an agreement and a party at an instant: the agreement or the
 * party's accession is not in force. Undefined while both are. Pure.
 */
export function obstacleFor(
  set: ProtocolSet,
  protocol: string,
  party: string,
  at: Date,
): Refused | undefined {
  const question = { party, protocol, type: NO_TYPE, fields: [], items: 1, at }
  const decision = decide(set, question)
  return decision.allow || decision.code === 'HB-310' ? undefined : decision
}
