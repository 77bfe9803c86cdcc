import { createClient } from '../../client/client.ts'
import type { FeedbackItem, ForwardedDetection } from '../../client/types.ts'
import { loadPeerKeys } from '../peer-keys.ts'
import { RetryingQueue, replyOrRefusal, sleepUntil } from '../retrying-queue.ts'
import { startVdab } from '../vdab.ts'
import type { FoundPerson } from '../vdab-register.ts'
import type { Clock } from './clock.ts'
import type { People } from './people.ts'
import { outcomeOf, type Scenario } from './scenario.ts'

export interface VdabSideOptions {
  gateway: string
  logKey: string
  /** With its keys, as registered. */
  folder: string
  people: People
  clock: Clock
  scenario(): Scenario
}

interface Feedback {
  key: string
  protocol: string
  domain: string
  items: FeedbackItem[]
}

/** The simulated VDAB: real in all it sends and opens, but whom it finds and reaches is the scenario's. */
export interface VdabSide {
  url: string
  /** Whether its register is prepared, so that requests can be answered. */
  isReady(): boolean
  close(): Promise<void>
}

export async function startVdabSide(options: VdabSideOptions): Promise<VdabSide> {
  const { gateway, logKey, folder, people, clock, scenario } = options
  const stop = new AbortController()
  const { privateKey } = await loadPeerKeys(folder)
  const retry = { attempts: 3, sleep: sleepUntil(stop.signal) }
  const client = createClient({ gateway, partyId: 'vdab', privateKey, retry })
  const queue = new RetryingQueue<Feedback>({
    atOnce: 1,
    onSettled: () => {},
    settle: async ({ key, ...feedback }) => {
      await replyOrRefusal(client.feedback(feedback, { idempotencyKey: key }))
    },
  })
  const choose = (found: FoundPerson[], request: ForwardedDetection) => {
    const chosen = found
      .map(person => ({ ...person, ...outcomeOf(scenario(), people.seed, person.client) }))
      .filter(person => person.found)
      .toSorted((a, b) => a.client - b.client)
    const feedback = toFeedback(chosen, request)
    if (feedback.items.length > 0)
      clock.after(scenario().afterDays, feedback.items.length, () => queue.add(feedback))
    // Feedback goes its own way, in its own time.
    return chosen.map(person => ({ ...person, reachability: 'reached' as const }))
  }
  const vdab = await startVdab({
    ...{ gateway, logKey, choose },
    dataDir: folder,
    people: people.asClients(),
    retry: { attempts: 3 },
  })
  return {
    url: vdab.url,
    isReady: () => vdab.status().ready.length > 0,
    close: async () => {
      stop.abort()
      await Promise.all([vdab.close(), queue.close()])
    },
  }
}

function toFeedback(
  chosen: readonly FoundPerson[],
  { messageId, protocol, domain }: ForwardedDetection,
): Feedback {
  const establishedOn = new Date().toISOString().slice(0, 10)
  const items = chosen.flatMap(({ tag, reachability }) =>
    reachability === 'reached' ? [] : [{ tag, reachability, establishedOn }],
  )
  return { key: `feedback-${messageId}`, protocol, domain, items }
}
