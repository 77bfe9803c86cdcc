import { rename, rm } from 'node:fs/promises'
import { Journal } from './journal.ts'
import type { SeenEvents } from './webhook-listener.ts'

const DAY_MS = 86_400_000

interface Seen {
  id: string
  /** RFC 3339. */
  at: string
}

/** Which events were taken, kept in a file; close it at the end. */
export interface SeenEventsFile extends SeenEvents {
  has(id: string): boolean
  add(id: string): Promise<void>
  close(): Promise<void>
}

/**
 * Remembers in a file which events were taken, for `createWebhookReceiver` and the inbox: an event that
 * comes again after a restart is known. One process at a time.
 * @param keepDays how long an event is remembered (60): longer than the gateway tries again
 */
export async function openSeenEvents(
  file: string,
  { keepDays = 60, now = new Date() }: { keepDays?: number; now?: Date } = {},
): Promise<SeenEventsFile> {
  const { journal, entries } = await Journal.open<Seen>(file)
  const since = now.getTime() - keepDays * DAY_MS
  const kept = entries.filter(({ at }) => Date.parse(at) >= since)
  const ids = new Set(kept.map(({ id }) => id))
  const used = kept.length < entries.length ? await rewrite(file, journal, kept) : journal
  return {
    has: id => ids.has(id),
    add: async id => {
      await used.append({ id, at: new Date().toISOString() })
      ids.add(id)
    },
    close: () => used.close(),
  }
}

// Under another name first: a kill leaves the old list or the new one.
async function rewrite(file: string, former: Journal<Seen>, kept: Seen[]): Promise<Journal<Seen>> {
  const fresh = `${file}.new`
  await rm(fresh, { force: true })
  const { journal } = await Journal.open<Seen>(fresh)
  await journal.append(...kept)
  await former.close()
  await rename(fresh, file)
  return journal
}
