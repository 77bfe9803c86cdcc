import { recordEntry } from '../audit/record.ts'
import type { Actor } from '../audit/types.ts'
import { inTransaction, type Pool, type Tx } from '../db/pool.ts'
import { registered, tellParties } from '../delivery/notice.ts'
import { isAccession, type LoadedProtocol } from '../protocol/document.ts'
import { stateAt } from '../protocol/lifecycle.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { frameworkOf, type ProtocolReference } from '../protocol/lookup.ts'
import type { NotedSuspension } from '../protocol/notes.ts'
import { faultOfReason, MAX_REASON } from './given-reason.ts'
import {
  countWaiting,
  partiesConcerned,
  readSuspensions,
  runningAt,
  scopeOf,
  suspensionsOfFile,
  withSuspensions,
} from './suspension-store.ts'

export { readSuspensions } from './suspension-store.ts'

/** What suspending and resuming need: the database, and the documents as they are now. */
export interface SuspensionParts {
  pool: Pool
  protocols: { current(): ProtocolSet }
}

/** Whose hand it is: the role at the console or command, and the party on whose word, if any. */
export interface SuspensionChange {
  /** Framework, protocol or accession id. */
  id: string
  /** About the protocol and never about a person; kept, and told to the parties. */
  reason: string
  by: Actor
  at: Date
}

/** What was done. */
export interface SuspensionOutcome {
  protocol: ProtocolReference
  at: Date
  action: 'suspended' | 'resumed'
  /** Suspended still, after a resumption, where its file suspends it too. */
  state: 'suspended' | 'resumed'
  /** Messages that are held, or that go on. */
  messages: number
  /** Parties for whom an event is on its way. */
  told: string[]
}

export type SuspensionFault =
  | 'unknown'
  | 'unreadable'
  | 'ended'
  | 'already-suspended'
  | 'not-suspended'
  | 'suspended-in-file'
  | 'reason'
  | 'party'

/** A suspension or resumption that is refused; its message says why and holds nothing of the input. */
export class SuspensionError extends Error {
  override readonly name = 'SuspensionError'
  readonly code: SuspensionFault

  constructor(code: SuspensionFault, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Suspends a framework, a protocol or an accession, in one transaction with its evidence and the
 * events for the parties. A document that is not in force yet can be suspended too, so that it does
 * not come into force; one that ended cannot.
 * @throws SuspensionError
 */
export async function suspendProtocol(
  parts: SuspensionParts,
  change: SuspensionChange,
): Promise<SuspensionOutcome> {
  const protocol = assertChange(parts.protocols.current(), change)
  return inTransaction(parts.pool, async tx => {
    const noted = await lockSuspensions(tx, protocol.id)
    assertRunning(protocol, noted, change.at, false)
    const { id, reason, by, at } = change
    await tx.query(
      `INSERT INTO protocol_suspension (protocol, suspended_at, suspended_by, reason)
       VALUES ($1, $2, $3, $4)`,
      [id, at, by.party ?? by.role, reason],
    )
    const { underway } = await countWaiting(tx, scopeOf(protocol))
    return settle(parts, tx, protocol, change, 'suspended', underway)
  })
}

/**
 * Ends a suspension by command or console: what was held goes on, unless another document that it
 * needs is suspended.
 * @throws SuspensionError
 */
export async function resumeProtocol(
  parts: SuspensionParts,
  change: SuspensionChange,
): Promise<SuspensionOutcome> {
  const protocol = assertChange(parts.protocols.current(), change)
  return inTransaction(parts.pool, async tx => {
    const noted = await lockSuspensions(tx, protocol.id)
    assertRunning(protocol, noted, change.at, true)
    const { id, reason, by, at } = change
    // Clocks of two hosts may differ: a suspension does not end before it began.
    await tx.query(
      `UPDATE protocol_suspension SET resumed_at = greatest($2, suspended_at), resumed_by = $3,
         resume_reason = $4 WHERE protocol = $1 AND resumed_at IS NULL`,
      [id, at, by.party ?? by.role, reason],
    )
    const { held } = await countWaiting(tx, scopeOf(protocol))
    return settle(parts, tx, protocol, change, 'resumed', held)
  })
}

/**
 * What suspending or resuming would do, without doing it.
 * @throws SuspensionError as the change itself would
 */
export async function previewChange(
  parts: SuspensionParts,
  change: SuspensionChange,
  kind: 'suspend' | 'resume',
): Promise<Pick<SuspensionOutcome, 'messages' | 'told'>> {
  const set = parts.protocols.current()
  const protocol = assertChange(set, change)
  const noted = await readSuspensions(parts.pool, protocol.id)
  assertRunning(protocol, noted, change.at, kind === 'resume')
  const { underway, held } = await countWaiting(parts.pool, scopeOf(protocol))
  const told = await registered(parts.pool, partiesConcerned(set, protocol))
  return { messages: kind === 'suspend' ? underway : held, told }
}

/** One after another for one document, also with what protocol-watch notes of it. */
async function lockSuspensions(tx: Tx, id: string): Promise<NotedSuspension[]> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`protocol ${id}`])
  return readSuspensions(tx, id)
}

async function settle(
  { protocols }: SuspensionParts,
  tx: Tx,
  protocol: LoadedProtocol,
  { reason, by, at }: SuspensionChange,
  event: 'suspended' | 'resumed',
  messages: number,
): Promise<SuspensionOutcome> {
  const { id, version, digest } = protocol
  const set = protocols.current()
  const now = withSuspensions(protocol, await readSuspensions(tx, id))
  const state = runningAt(now.record.suspensions, at) ? 'suspended' : 'resumed'
  await keepState(tx, id, state)
  await recordEntry(tx, {
    action: `protocol.${event}`,
    at,
    actor: by,
    protocol: { id, version, digest },
    counts: { messages },
    reason: event,
    details: { reason },
  })
  // Still suspended by its file: that is no news for the parties.
  const notice = { event, protocol: { id, version }, at, reason }
  const told = state === event ? await tellParties(tx, notice, partiesConcerned(set, protocol)) : []
  return { protocol: { id, version, digest }, at, action: event, state, messages, told }
}

// In step, so that protocol-watch finds nothing new to note. A document that is not in force stays so.
async function keepState(tx: Tx, id: string, state: 'suspended' | 'resumed'): Promise<void> {
  const [from, to] = state === 'suspended' ? ['active', 'suspended'] : ['suspended', 'active']
  await tx.query(
    'UPDATE protocol_version SET state = $3, seen_at = now() WHERE id = $1 AND state = $2',
    [id, from, to],
  )
}

/** What can be refused without asking the database. */
function assertChange(set: ProtocolSet, { id, reason, by, at }: SuspensionChange): LoadedProtocol {
  const protocol = set.protocols.get(id)
  if (!protocol) throw notFound(set, id)
  assertReason(reason, at)
  if (by.party !== undefined) assertMaySuspend(protocol, by.party)
  const state = stateAt(protocol, at, frameworkOf(set, protocol))
  if (state === 'terminated' || state === 'expired') {
    throw new SuspensionError('ended', `${id} has ended: nothing moves under it any more`)
  }
  return protocol
}

function notFound(set: ProtocolSet, id: string): SuspensionError {
  if (set.broken.has(id)) {
    const why = 'cannot be read as a protocol document: nothing moves under it until it can'
    return new SuspensionError('unreadable', `${id} ${why}`)
  }
  const known = [...set.protocols.keys()].toSorted().join(', ')
  return new SuspensionError('unknown', `there is no such protocol; there are: ${known || 'none'}`)
}

function assertReason(reason: string, at: Date): void {
  const fault = faultOfReason(reason, at)
  if (fault) throw new SuspensionError('reason', REASON_FAULTS[fault])
}

const REASON_FAULTS = {
  empty: 'give a reason, about the protocol',
  long: `give a reason of at most ${MAX_REASON} characters`,
  hidden: 'the reason holds characters that cannot be seen, or that turn the direction of the text',
  number: 'the reason holds a national number: say what is wrong with the protocol, not whom',
}

function assertMaySuspend(protocol: LoadedProtocol, party: string): void {
  const acceding = isAccession(protocol)
    ? protocol.document.parties.filter(({ role }) => role === 'acceding').map(({ id }) => id)
    : []
  const may = [...new Set([...protocol.document.duration.suspension.by, ...acceding])].toSorted()
  if (may.includes(party)) return
  const who = may.join(', ') || 'no party'
  const where = `${protocol.id}, duration.suspension.by`
  throw new SuspensionError('party', `this party may not suspend it; ${who} may (${where})`)
}

function assertRunning(
  protocol: LoadedProtocol,
  noted: readonly NotedSuspension[],
  at: Date,
  wanted: boolean,
): void {
  const { id } = protocol
  const running = noted.find(({ until }) => until === null)
  const inFile = runningAt(suspensionsOfFile(protocol, noted), at)
  if (wanted && !running && inFile) {
    const why = `is suspended since ${inFile.from} by its signatures.json: end it there`
    throw new SuspensionError('suspended-in-file', `${id} ${why}`)
  }
  if (wanted && !running) throw new SuspensionError('not-suspended', `${id} is not suspended`)
  const already = running ?? inFile
  if (wanted || !already) return
  const since = `${id} is already suspended since ${already.from}, by ${already.by}`
  throw new SuspensionError('already-suspended', since)
}
