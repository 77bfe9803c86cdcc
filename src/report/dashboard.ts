import type { Tx } from '../db/pool.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { agreementOf, modalitiesOf } from '../protocol/lookup.ts'
import {
  type PartyMonths,
  readAgreementsOf,
  readFollowUp,
  readSensitised,
  readSent,
} from './dashboard-read.ts'
import type { LeafCount, ReleasedCell } from './disclosure/types.ts'
import type { Asking } from './made.ts'
import { monthsOf, type Quarter } from './period.ts'
import {
  type ReleaseAsked,
  readRelease,
  releaseTable,
  type Withholding,
  withholdingOf,
} from './release.ts'

/** Declared tables of what happened in a quarter, in the order of a dashboard. */
const QUARTER_TABLES = [
  'detection-asked',
  'detection-found',
  'feedback-by-state',
  'tenancies-ended',
] as const
/** Declared tables of what sensitising brought those about whom there was feedback in a quarter. */
const EFFECT_TABLES = ['sensitising-found', 'sensitising-again'] as const
type QuarterTable = (typeof QUARTER_TABLES)[number]
export type DashboardTable = QuarterTable | (typeof EFFECT_TABLES)[number]

/** A table under one agreement, as it may be shown; why not, where it may not. */
export interface DashboardPart {
  protocol: string
  table: DashboardTable
  quarter: Quarter
  mark: string
  cells: readonly ReleasedCell[]
  withheld: Withholding | undefined
}

/**
 * What a housing company reached in a quarter that is over, and who flowed out: each number is a release
 * under disclosure control, to that company, and asked again it is what it was.
 */
export async function releaseQuarter(
  tx: Tx,
  set: ProtocolSet,
  { party, quarter, ...asking }: Asking & { party: string; quarter: Quarter },
): Promise<DashboardPart[]> {
  const [first = '', , last = ''] = monthsOf(quarter)
  const asked = { party, first, last }
  const parts: DashboardPart[] = []
  for (const protocol of await readAgreementsOf(tx, asked)) {
    for (const table of QUARTER_TABLES) {
      const counts = await countsOf(tx, set, table, { ...asked, protocol })
      const within = { party }
      const to = { within, recipient: party, period: quarter, ...asking, counts }
      parts.push(await released(tx, set, { protocol, table, ...to }, quarter, table))
    }
  }
  return parts
}

/**
 * What sensitising brought those about whom a housing company had feedback in a quarter: whether they were
 * found after it, where answers are per person, and whether they were reported again. Released once the quarter
 * after it is over, for what comes of feedback takes a while. Nothing of an agreement without feedback then.
 */
export async function releaseEffect(
  tx: Tx,
  set: ProtocolSet,
  { party, quarter, ...asking }: Asking & { party: string; quarter: Quarter },
): Promise<DashboardPart[]> {
  const [first = '', , last = ''] = monthsOf(quarter)
  const asked = { party, first, last }
  const parts: DashboardPart[] = []
  for (const protocol of await readAgreementsOf(tx, asked)) {
    const knowsFound = modalitiesOf(set, protocol)?.granularity === 'person'
    const counts = await readSensitised(tx, { ...asked, protocol, knowsFound })
    for (const table of knowsFound ? EFFECT_TABLES : EFFECT_TABLES.slice(1)) {
      const to = { within: { party }, recipient: party, period: quarter, ...asking, counts }
      const wanted = { protocol, table, ...to }
      // Figures by day go after a while; what was released of them stays.
      if (counts.length === 0 && !(await readRelease(tx, wanted))) continue
      parts.push(await released(tx, set, wanted, quarter, table))
    }
  }
  return parts
}

async function released(
  tx: Tx,
  set: ProtocolSet,
  asked: ReleaseAsked,
  quarter: Quarter,
  table: DashboardTable,
): Promise<DashboardPart> {
  const { protocol } = asked
  try {
    const { cells, mark } = await releaseTable(tx, set, asked)
    const inOrder = cells.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    return { protocol, table, quarter, mark, cells: inOrder, withheld: undefined }
  } catch (error) {
    return { protocol, table, quarter, mark: '', cells: [], withheld: withholdingOf(error) }
  }
}

function keyOf({ dims }: ReleasedCell): string {
  return Object.keys(dims)
    .sort()
    .map(name => dims[name])
    .join(' ')
}

function countsOf(
  tx: Tx,
  set: ProtocolSet,
  table: QuarterTable,
  asked: PartyMonths & { protocol: string },
): Promise<LeafCount[]> | LeafCount[] {
  switch (table) {
    case 'detection-asked':
      return readSent(tx, { ...asked, types: typesOf(set, asked.protocol, 'request') })
    case 'tenancies-ended':
      return readSent(tx, { ...asked, types: typesOf(set, asked.protocol, 'withdrawal') })
    case 'feedback-by-state':
      return readFollowUp(tx, asked)
    // Those are kept by whom releases them.
    case 'detection-found':
      return []
  }
}

function typesOf(set: ProtocolSet, protocol: string, pattern: string): string[] {
  const types = agreementOf(set, protocol)?.document.messageTypes ?? []
  return types.filter(it => it.pattern === pattern).map(({ type }) => type)
}
