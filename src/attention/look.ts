import type { Context } from '../context.ts'
import { isStoreAway } from '../db/away.ts'
import { faultOf } from '../log.ts'
import type { AttentionKind, Found } from './kinds.ts'
import { lookAtEvidence, lookAtVouching } from './look-evidence.ts'
import {
  lookAtCircuits,
  lookAtExceptions,
  lookAtParked,
  lookAtPersonRequests,
  lookAtRefusedAccess,
} from './look-flow.ts'
import { lookAtDates, lookAtKeys, lookAtStates } from './look-protocols.ts'

/** What a look needs; it changes nothing. */
export type LookParts = Pick<Context, 'pool' | 'clock' | 'log'> & {
  protocols: Pick<Context['protocols'], 'current'>
}

type Look = readonly [
  kinds: readonly AttentionKind[],
  find: (parts: LookParts, at: Date) => Promise<Found[]> | Found[],
]

/** Every kind is found by one of these; each is a statement or two with an index, or the documents in memory. */
const LOOKS: readonly Look[] = [
  [
    [
      ...(['out-of-balance', 'probe-late', 'two-current-routes', 'quota-burst'] as const),
      ...(['party-disabled', 'webhook-gone', 'exception-other'] as const),
    ],
    ({ pool }) => lookAtExceptions(pool),
  ],
  [['parked'], ({ pool }) => lookAtParked(pool)],
  [['calls-failing', 'webhook-failing'], ({ pool }) => lookAtCircuits(pool)],
  [['access-refused'], ({ pool }, at) => lookAtRefusedAccess(pool, at)],
  [
    ['person-request-overdue', 'person-request-due'],
    ({ pool }, at) => lookAtPersonRequests(pool, at),
  ],
  [['disclosures-stopped', 'log-rolled-back', 'evidence-late'], ({ pool }) => lookAtEvidence(pool)],
  [
    ['witness-alarm', 'witnesses-missing', 'timestamps-failing'],
    ({ pool }, at) => lookAtVouching(pool, at),
  ],
  [
    ['protocol-suspended', 'protocol-broken', 'protocol-ended'],
    ({ pool, protocols }) => lookAtStates(pool, protocols.current()),
  ],
  [
    ['protocol-review', 'protocol-ending'],
    ({ protocols }, at) => lookAtDates(protocols.current(), at),
  ],
  [['party-keys-ending'], ({ pool }, at) => lookAtKeys(pool, at)],
]

/** What is so now, and the kinds that could be looked at: of the others nothing is known. */
export interface Looked {
  found: Found[]
  kinds: AttentionKind[]
}

/**
 * Looks at everything; a look that fails keeps no other from being done.
 * @throws where the database is away
 */
export async function lookAround(parts: LookParts): Promise<Looked> {
  const at = parts.clock()
  const looked: Looked = { found: [], kinds: [] }
  for (const [kinds, find] of LOOKS) {
    try {
      looked.found.push(...(await find(parts, at)))
      looked.kinds.push(...kinds)
    } catch (error) {
      if (isStoreAway(error)) throw error
      parts.log.error('what needs attention could not be looked at', {
        kind: kinds[0],
        ...faultOf(error),
      })
    }
  }
  return looked
}

/** The kinds that some look finds: all of them. */
export const LOOKED_AT: readonly AttentionKind[] = LOOKS.flatMap(([kinds]) => kinds)
