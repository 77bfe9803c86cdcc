import type { HuisbrugClient } from '../client/client.ts'
import type { Envelope } from '../client/types.ts'
import { rowsOfEvent } from './event-rows.ts'

type Inbox = Pick<HuisbrugClient, 'inbox' | 'acknowledge'>

/** What was taken: events, and lines that were new. */
export interface Taken {
  events: number
  rows: number
}

/**
 * Takes what waits in the inbox: acknowledged only once its lines are durably kept, so a kill at any
 * moment loses nothing and doubles nothing.
 * @param append keeps lines, each once; resolves when they are on disk
 * @param isStopped asked between pages
 */
export async function takeEvents(
  inbox: Inbox,
  append: (rows: ReturnType<typeof rowsOfEvent>) => Promise<number>,
  isStopped: () => boolean = () => false,
): Promise<Taken> {
  const taken: Taken = { events: 0, rows: 0 }
  while (!isStopped()) {
    const { items } = await inbox.inbox()
    const last = items.at(-1)
    if (!last) break
    taken.rows += await append(items.flatMap((event: Envelope) => rowsOfEvent(event)))
    await inbox.acknowledge(last.id)
    taken.events += items.length
  }
  return taken
}
