import { setTimeout as delay } from 'node:timers/promises'
import type { HuisbrugClient } from './client.ts'
import type { Envelope, MessageState } from './types.ts'

export interface FollowOptions {
  /** Until it was handed over (the default), or until its answer came. */
  until?: 'handed-over' | 'answered'
  /** How often it asks, in milliseconds (2,000). */
  everyMs?: number
  /** Stops following: the generator ends. */
  signal?: AbortSignal
}

// Where nothing more comes by itself: parked waits for a person.
const ENDED = new Set(['refused', 'answered', 'parked', 'expired', 'withdrawn'])

/**
 * Follows an own message: gives where it stands now, and again whenever that changed, until nothing more
 * comes by itself.
 * @throws what `client.message` throws
 */
export async function* followMessage(
  client: Pick<HuisbrugClient, 'message'>,
  messageId: string,
  { until = 'handed-over', everyMs = 2_000, signal }: FollowOptions = {},
): AsyncGenerator<MessageState> {
  let last = ''
  while (!signal?.aborted) {
    const state = await client.message(messageId)
    const now = JSON.stringify([state.state, state.items])
    if (now !== last) yield state
    last = now
    const isOver = until === 'handed-over' && state.state === 'delivered'
    if (ENDED.has(state.state) || isOver) return
    await delay(everyMs, undefined, { ...(signal && { signal }) }).catch(() => {})
  }
}

/**
 * Takes what waits in the inbox, oldest first: passes each event on, and acknowledges those of a page once
 * all of them are handled. When `handle` throws, what came before in that page is acknowledged and the
 * rest comes again; an event that was handled just before a stop comes a second time, so remember its id.
 * @returns how many were handled
 * @throws what `handle` and the client throw
 */
export async function takeInbox(
  client: Pick<HuisbrugClient, 'inbox' | 'acknowledge'>,
  handle: (event: Envelope) => unknown,
  { limit = 100 }: { limit?: number } = {},
): Promise<number> {
  let taken = 0
  for (;;) {
    const { items } = await client.inbox({ limit })
    let last: string | undefined
    try {
      for (const event of items) {
        await handle(event)
        last = event.id
        taken++
      }
    } finally {
      if (last !== undefined) await client.acknowledge(last)
    }
    if (items.length < limit) return taken
  }
}
