import type { Queryable } from '../db/pool.ts'
import { isAccession, type LoadedProtocol, type Signatures } from '../protocol/document.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import type { NotedSuspension } from '../protocol/notes.ts'

interface Row {
  protocol: string
  suspended_at: Date
  suspended_by: string
  reason: string
  resumed_at: Date | null
}

/**
 * Every suspension by command or console, past ones too (clocks stood still then), oldest first.
 * @param id of one protocol or accession; of all where absent
 */
export async function readSuspensions(db: Queryable, id?: string): Promise<NotedSuspension[]> {
  const { rows } = await db.query<Row>({
    name: 'read-suspensions',
    text: `SELECT protocol, suspended_at, suspended_by, reason, resumed_at FROM protocol_suspension
           WHERE $1::text IS NULL OR protocol = $1 ORDER BY id`,
    values: [id],
  })
  return rows.map(row => ({
    protocol: row.protocol,
    from: row.suspended_at.toISOString(),
    until: row.resumed_at?.toISOString() ?? null,
    by: row.suspended_by,
    reason: row.reason,
  }))
}

type Suspension = Signatures['suspensions'][number]

/** The suspensions of a document that its file tells of: those that a registry added are left out. */
export function suspensionsOfFile(
  { id, record }: Pick<LoadedProtocol, 'id' | 'record'>,
  noted: readonly NotedSuspension[],
): Suspension[] {
  const known = new Set(noted.filter(({ protocol }) => protocol === id).map(keyOf))
  return record.suspensions.filter(one => !known.has(keyOf(one)))
}

/** The document with what the database says of its suspensions now, whatever the registry knew. */
export function withSuspensions<P extends LoadedProtocol>(
  protocol: P,
  noted: readonly NotedSuspension[],
): P {
  const own = noted
    .filter(one => one.protocol === protocol.id)
    .map(({ from, until, by, reason }) => ({ from, until, by, reason }))
  const suspensions = [...suspensionsOfFile(protocol, noted), ...own]
  return { ...protocol, record: { ...protocol.record, suspensions } }
}

/** The suspension that lasts at an instant, the first where there are more (pure). */
export function runningAt(suspensions: readonly Suspension[], at: Date): Suspension | undefined {
  const now = at.toISOString()
  return suspensions.find(({ from, until }) => from <= now && (until === null || now < until))
}

function keyOf({ from, by, reason }: Pick<NotedSuspension, 'from' | 'by' | 'reason'>): string {
  return JSON.stringify([from, by, reason])
}

/** Which messages a document governs: all of an agreement, or those of one party of a framework. */
export interface Scope {
  agreement: string
  /** The acceding party, of an accession. */
  party?: string
}

/** Which messages a document governs (pure). */
export function scopeOf(protocol: LoadedProtocol): Scope {
  if (!isAccession(protocol)) return { agreement: protocol.id }
  const { framework, parties } = protocol.document
  const party = parties.find(({ role }) => role === 'acceding')?.id
  return { agreement: framework, ...(party !== undefined && { party }) }
}

/** Messages that a suspension stops, and those that one holds now. */
export interface Waiting {
  underway: number
  held: number
}

/** Counts the messages with something still on its way under a document, or held by a suspension. */
export async function countWaiting(db: Queryable, { agreement, party }: Scope): Promise<Waiting> {
  const { rows } = await db.query<Waiting>(
    `SELECT count(DISTINCT m.id) FILTER (WHERE h.state IN ('queued', 'retrying'))::int AS underway,
       count(DISTINCT m.id) FILTER (WHERE h.state = 'held' AND h.reason = 'HB-307')::int AS held
     FROM hand_over h JOIN message m ON m.id = h.message_id
     WHERE h.state IN ('queued', 'retrying', 'held') AND h.delivered_at IS NULL AND m.protocol = $1
       AND ($2::text IS NULL OR m.party_id = $2 OR h.destination = $2)`,
    [agreement, party],
  )
  return rows[0] ?? { underway: 0, held: 0 }
}

/** Everyone whom a suspension of a document concerns, registered or not (pure). */
export function partiesConcerned(set: ProtocolSet, protocol: LoadedProtocol): string[] {
  const own = protocol.document.parties.map(({ id }) => id)
  const others = isAccession(protocol)
    ? (set.protocols.get(protocol.document.framework)?.document.parties ?? [])
    : [...set.protocols.values()]
        .filter(isAccession)
        .filter(({ document }) => document.framework === protocol.id)
        .flatMap(({ document }) => document.parties)
  return [...new Set([...own, ...others.map(({ id }) => id)])].toSorted()
}
