import { recordEntry } from '../audit/record.ts'
import type { EntryAction } from '../audit/types.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { tellParties } from '../delivery/notice.ts'
import { Refusal } from '../errors.ts'
import { isRefused, type LoadedProtocol } from '../protocol/document.ts'
import { stateAt } from '../protocol/lifecycle.ts'
import { type ProtocolSet, parseFolder, readFolder } from '../protocol/load.ts'
import { agreementsInForce, frameworkOf } from '../protocol/lookup.ts'
import type { NotedSuspension } from '../protocol/notes.ts'
import { containsNationalNumber } from '../pseudonym/national-number.ts'
import {
  partiesConcerned,
  readSuspensions,
  runningAt,
  suspensionsOfFile,
  withSuspensions,
} from './suspension-store.ts'

const AGAIN_MS = 500

/**
 * Keeps what the protocols folder says in step with the database: each document seen and each change of
 * state is evidence, and an agreement that comes into force gets its first pseudonym domain.
 */
export async function watchProtocols(context: Context): Promise<{ close(): Promise<void> }> {
  const { protocols, log } = context
  const first = noteProtocols(context)
  let running: Promise<unknown> = first
  let timer: NodeJS.Timeout | undefined
  const note = () => {
    clearTimeout(timer)
    running = running
      .then(() => noteProtocols(context))
      .then(isUpToDate => {
        if (!isUpToDate) timer = setTimeout(note, AGAIN_MS).unref()
      })
      .catch((error: Error) => {
        log.error('the protocols could not be noted', { error: error.name })
      })
    return running.then(() => {})
  }
  const stop = protocols.onChange(note)
  if (!(await first)) timer = setTimeout(note, AGAIN_MS).unref()
  protocols.watch()
  return {
    close: async () => {
      stop()
      protocols.close()
      await running
      clearTimeout(timer)
    },
  }
}

/**
 * Notes what the database does not know yet; several processes may do so at once.
 * @returns whether all could be noted; what a file says otherwise by now has to be looked at again
 */
export async function noteProtocols(context: Context): Promise<boolean> {
  const set = context.protocols.current()
  const noted: boolean[] = []
  for (const protocol of set.protocols.values()) {
    noted.push(await inTransaction(context.pool, tx => noteProtocol(context, tx, set, protocol)))
  }
  for (const id of agreementsInForce(set, context.clock())) {
    const major = Number.parseInt(set.protocols.get(id)?.version ?? '1', 10)
    noted.push(await ensureDomain(context, id, major))
  }
  return noted.every(Boolean)
}

// A key service that is away keeps the first domain waiting, and nothing else.
async function ensureDomain({ domains }: Context, id: string, major: number): Promise<boolean> {
  try {
    await domains.ensureFirstDomain(id, major)
    return true
  } catch (error) {
    if (error instanceof Refusal && error.status === 503) return false
    throw error
  }
}

async function noteProtocol(
  context: Context,
  tx: Tx,
  set: ProtocolSet,
  protocol: LoadedProtocol,
): Promise<boolean> {
  const { id, version, digest, document } = protocol
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`protocol ${id}`])
  // Another process may have suspended or resumed it since this one looked: the database knows.
  const noted = await readSuspensions(tx, id)
  const now = withSuspensions(protocol, noted)
  const at = notBefore(context.clock(), noted)
  const state = isRefused(now) ? 'broken' : stateAt(now, at, frameworkOf(set, now))
  const { rows } = await tx.query<{ state: string }>(
    'SELECT state FROM protocol_version WHERE id = $1 AND digest = $2',
    [id, digest],
  )
  if (rows[0]?.state === state) return true
  if (isOvertaken(context, protocol, noted)) return false
  await tx.query(
    `INSERT INTO protocol_version (id, version, digest, document, state, seen_at)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (id, digest) DO UPDATE SET state = excluded.state, seen_at = excluded.seen_at`,
    [id, version, digest, JSON.stringify(document), state, at],
  )
  // Whoever suspended it by command recorded it and told the parties, whatever was noted before.
  if (state === 'suspended' && noted.some(({ until }) => until === null)) return true
  const action = actionFor(state, rows[0]?.state)
  const why = action === 'protocol.suspended' ? reasonOf(now, at) : undefined
  await recordEntry(tx, {
    action,
    at,
    actor: { role: 'gateway' },
    protocol: { id, version, digest },
    reason: state,
    ...(why && { details: why }),
  })
  if (action !== 'protocol.suspended' && action !== 'protocol.resumed') return true
  const event = action === 'protocol.suspended' ? 'suspended' : 'resumed'
  const notice = { event, protocol: { id, version }, at, reason: why?.reason } as const
  await tellParties(tx, notice, partiesConcerned(set, now))
  return true
}

// A process that looked a moment ago may lag behind one that looked just now: what the latter noted of a
// file is not noted back.
function isOvertaken(
  { config }: Context,
  protocol: LoadedProtocol,
  noted: readonly NotedSuspension[],
): boolean {
  const file = parseFolder(readFolder(config.protocolsDir, protocol.folder))
  if (!file || !('loaded' in file)) return false
  const before = JSON.stringify(suspensionsOfFile(protocol, noted))
  return before !== JSON.stringify(file.loaded.record.suspensions)
}

// What is in the database has happened, also where the clock of the host that wrote it is ahead.
function notBefore(at: Date, noted: readonly NotedSuspension[]): Date {
  const instants = noted.flatMap(({ from, until }) => [from, until ?? from]).map(Date.parse)
  return new Date(Math.max(at.getTime(), ...instants))
}

// The words of a file: kept and told only where they name nobody.
function reasonOf(
  { record }: LoadedProtocol,
  at: Date,
): { reason: string; by: string } | undefined {
  const running = runningAt(record.suspensions, at)
  if (!running || containsNationalNumber(running.reason, at.toISOString().slice(0, 10))) return
  return { reason: running.reason, by: running.by }
}

function actionFor(state: string, before: string | undefined): EntryAction {
  if (state === 'broken') return 'protocol.broken'
  if (state === 'suspended') return 'protocol.suspended'
  if (state === 'active') return before === 'suspended' ? 'protocol.resumed' : 'protocol.in-force'
  return 'protocol.changed'
}
