import { setTimeout as sleep } from 'node:timers/promises'

const AGAIN_MS = 500
const PATIENCE_MS = 60_000

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
])

// Of PostgreSQL (appendix A): connection (08), read only (25006), a session that was ended (25P03, 25P04), no
// room left (53), ended by an operator or starting (57), the system below it (58); what it undid so that it
// can be run again, or could not lock in time.
const AWAY = /^(08...|25006|25P0[34]|40001|40P01|53...|55P03|57...|58...)$/

// What pg and its pool throw without a code; a message is only ever compared, never passed on.
const LOST =
  /^(Connection terminated|Client (has encountered|was closed)|Query read timeout|timeout expired)/
const NO_CONNECTION =
  /^(timeout exceeded when trying to connect|Cannot use a pool after calling end)/

/**
 * Whether an error says that the database cannot be used now, and may be later: not reachable, ended,
 * starting, full, read only, or without a free connection. Whether a COMMIT under way was done is not known.
 */
export function isStoreAway(thrown: unknown): boolean {
  if (isConnectionLost(thrown)) return true
  return AWAY.test(textOf(thrown, 'code')) || NO_CONNECTION.test(textOf(thrown, 'message'))
}

/** Whether the connection itself is gone or silent, so that nothing more can be asked on it. */
export function isConnectionLost(thrown: unknown): boolean {
  return NETWORK.has(textOf(thrown, 'code')) || LOST.test(textOf(thrown, 'message'))
}

function textOf(thrown: unknown, field: 'code' | 'message'): string {
  return String((thrown as Partial<Record<string, unknown>> | undefined)?.[field] ?? '')
}

/**
 * Does again, for a minute at most and not after `stop`, what cannot be stored now and must not be
 * forgotten, such as the answer of a peer. The work is one transaction that may be done twice.
 * @throws the last error
 */
export async function untilStored<T>(work: () => Promise<T>, stop: AbortSignal): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isStoreAway(error) || stop.aborted || performance.now() > deadline) throw error
      await sleep(AGAIN_MS, undefined, { signal: stop }).catch(() => {})
    }
  }
}
