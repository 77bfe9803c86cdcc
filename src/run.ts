import type { Logger } from './log.ts'

const SAME_SIGNAL_MS = 1_000
// A database that is away may keep the last steps waiting; what is not done then is found by the next process.
const STOPS_WITHIN_MS = 9_500
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs something that can be closed until a signal, or until the launcher that started this process
 * is gone; closes it and ends the process, within ten seconds. A second signal ends it at once.
 */
export async function runUntilSignal(
  log: Logger,
  start: () => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  let stopping = false
  let running: { close(): Promise<void> } | undefined
  let stoppingSince = 0
  const stop = (why: string) => {
    // A terminal and a launcher may both pass on the same Ctrl-C: that is one signal.
    if (stopping && performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(1)
    if (stopping) return
    stopping = true
    stoppingSince = performance.now()
    log.info('stopping', { why })
    endLate(log)
    const closing = running?.close() ?? Promise.resolve()
    closing.then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  for (const signal of SIGNALS) process.on(signal, () => stop(signal))
  process.on('disconnect', () => stop('launcher gone'))
  process.channel?.unref()
  // The launcher may have gone while the modules were loading: then that event is over.
  if (process.connected === false) stop('launcher gone')
  try {
    running = await start()
    if (stopping) await running.close()
  } catch (error) {
    log.error('could not start', { reason: (error as Error).message })
    process.exit(1)
  }
}

function endLate(log: Logger): void {
  const end = () => {
    log.warn('stopping took too long; what is left is found by the next process')
    process.exit(1)
  }
  setTimeout(end, STOPS_WITHIN_MS).unref()
}
