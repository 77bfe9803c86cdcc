import { readSuspensions, runningAt, suspensionsOfFile } from '../../exchange/suspension-store.ts'
import type { LoadedProtocol } from '../../protocol/document.ts'
import { stateAt } from '../../protocol/lifecycle.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { frameworkOf } from '../../protocol/lookup.ts'
import type { ConsoleDeps } from '../deps.ts'
import { words } from '../texts/words.ts'

/** How a document is suspended, and what a person may do about that. */
export interface SuspensionState {
  /** The change that makes sense now; none where it ended, or where its file suspends it. */
  kind: 'suspend' | 'resume' | undefined
  /** The suspension that lasts. */
  running: { from: Date; by: string; reason: string; inFile: boolean } | undefined
}

/** Reads how a document is suspended, from the database itself: a change shows at once. */
export async function readSuspensionState(
  { pool }: Pick<ConsoleDeps, 'pool'>,
  set: ProtocolSet,
  protocol: LoadedProtocol,
  at: Date,
): Promise<SuspensionState> {
  const noted = await readSuspensions(pool, protocol.id)
  const own = noted.find(({ until }) => until === null)
  const found = own ?? runningAt(suspensionsOfFile(protocol, noted), at)
  const names = new Map(protocol.document.parties.map(({ id, name }) => [id, name]))
  const running = found && {
    from: new Date(found.from),
    by: names.get(found.by) ?? (words.roles as Record<string, string>)[found.by] ?? found.by,
    reason: found.reason,
    inFile: !own,
  }
  if (own) return { kind: 'resume', running }
  const state = stateAt(protocol, at, frameworkOf(set, protocol))
  const ended = state === 'terminated' || state === 'expired'
  return { kind: running || ended ? undefined : 'suspend', running }
}
