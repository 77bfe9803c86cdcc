import type { Context } from '../context.ts'
import { faultOf } from '../log.ts'
import { lookAround } from './look.ts'
import { noteFound } from './note.ts'
import { sendDue } from './send.ts'

/**
 * Looks now and then whether something is worth waking someone for, and tells it, each once: noted by one
 * process at a time, sent by any. See docs/attention.md.
 */
export function startAttention(context: Context): { close(): Promise<void> } {
  const ending = new AbortController()
  // Beside each other: a mail server that hangs keeps nothing from being noted.
  const loops = [
    repeat(context, () => attend(context), ending.signal),
    repeat(context, () => sendDue(context, ending.signal), ending.signal),
  ]
  return {
    close: async () => {
      ending.abort()
      await Promise.all(loops.map(loop => loop.close()))
    },
  }
}

/** Looks and notes once. */
export async function attend(context: Context): Promise<void> {
  const { pool, config, clock } = context
  await noteFound(pool, config.attention, await lookAround(context), clock())
}

function repeat(
  { config, log }: Context,
  work: () => Promise<void>,
  signal: AbortSignal,
): { close(): Promise<void> } {
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= work()
      .catch(error => {
        if (!signal.aborted)
          log.error('what needs attention could not be told', { ...faultOf(error) })
      })
      .finally(() => {
        running = undefined
      })
  }, config.attention.everyMs)
  return {
    close: async () => {
      clearInterval(timer)
      await running
    },
  }
}
