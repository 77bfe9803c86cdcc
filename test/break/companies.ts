import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createWebhookReceiver, type HuisbrugClient, newNonce } from '../../src/client/index.ts'
import type { Envelope } from '../../src/client/types.ts'
import { detection, PERIOD, TODAY, tenants } from '../support/detection.ts'
import { type Books, type Company, isLeaving } from './books.ts'

export interface CompanyParts {
  company: Company
  client: HuisbrugClient
  books: Books
  random: () => number
  signal: AbortSignal
  /** The next persons that nobody has, or none once all are given out. */
  nextPersons(count: number): number[]
}

const AT_ONCE = 10
const MOST_TENANTS = 6

/** Sends a request about every second while it may, each of some tenants whom nobody sent before. */
export async function sendSteadily(parts: CompanyParts, may: () => boolean): Promise<void> {
  const { books, random, signal } = parts
  let open = 0
  while (may() && !signal.aborted) {
    const persons = open < AT_ONCE ? parts.nextPersons(1 + Math.floor(random() * MOST_TENANTS)) : []
    if (persons.length > 0) {
      open++
      books.run('detection.request', signal, () => detect(parts, persons).finally(() => open--))
    }
    await sleep(600 + random() * 800, undefined, { signal }).catch(() => {})
  }
}

async function detect(parts: CompanyParts, persons: number[]): Promise<void> {
  const { client, books, company, signal } = parts
  const request = detection(persons.flatMap(person => tenants(person, 1)))
  const options = { idempotencyKey: crypto.randomUUID(), nonce: newNonce() }
  const { messageId } = await books.send('detection.request', () => client.detect(request, options))
  books.named.set(messageId, { company, persons })
  const leaving = persons.filter(isLeaving)
  if (leaving.length > 0) {
    books.run('tenancy.ended', signal, () => endTenancies(parts, messageId, leaving))
  }
}

// Before VDAB has them, their rows would rightly be taken out of what is on its way.
async function endTenancies(
  { client, books, signal }: CompanyParts,
  messageId: string,
  leaving: number[],
): Promise<void> {
  while ((await client.message(messageId)).items.pending > 0) {
    await sleep(1_000, undefined, { signal })
  }
  const items = leaving.map(person => ({ tenantRef: `tenant-${person}`, endedOn: TODAY }))
  const options = { idempotencyKey: `ended-${messageId}`, nonce: newNonce() }
  await books.send('tenancy.ended', () =>
    client.tenanciesEnded({ protocol: 'wm-vdab', items }, options),
  )
  books.ended.push(...leaving)
}

/** Takes events by webhook, each once by its id. */
export function webhookOf(parts: CompanyParts, secret: string) {
  const seen = eventsOf(parts)
  const receive = createWebhookReceiver({
    secrets: () => [secret],
    seen: { has: id => seen.has(id), add: () => {} },
    handle: event => takeEvent(parts, event),
    onRefused: ({ code }) =>
      parts.books.problems.add(`${parts.company}: a webhook refused, ${code}`),
  })
  return async (request: IncomingMessage, body: Buffer) => {
    const { status, duplicate } = await receive(request.headers, body)
    if (duplicate) parts.books.duplicates++
    return { status, isNew: status === 204 && !duplicate }
  }
}

/** Reads the inbox again and again; now and then it forgets to acknowledge. */
export async function readInbox(parts: CompanyParts, arrivals: number[]): Promise<void> {
  const { client, books, random, signal } = parts
  const seen = eventsOf(parts)
  while (!signal.aborted) {
    const { items } = await client.inbox({ limit: 50 })
    for (const event of items) {
      if (seen.has(event.id)) books.duplicates++
      else {
        takeEvent(parts, event)
        arrivals.push(Date.now())
      }
    }
    const last = items.at(-1)
    if (last && random() < 0.9) await client.acknowledge(last.id)
    await sleep(1_000, undefined, { signal })
  }
}

function eventsOf({ books, company }: CompanyParts) {
  return books.events.get(company) ?? new Map<string, Envelope & { at: number }>()
}

function takeEvent(parts: CompanyParts, event: Envelope): void {
  const { books, signal } = parts
  eventsOf(parts).set(event.id, { ...event, at: Date.now() })
  if (event.type !== 'be.huisbrug.feedback.reachability') return
  books.run('feedback.progress', signal, () =>
    reportProgress(parts, String(event.data['feedbackId'])),
  )
}

async function reportProgress({ client, books }: CompanyParts, feedbackId: string): Promise<void> {
  for (const status of ['taken-up', 'closed'] as const) {
    const nonce = newNonce()
    const call = () => client.progress(feedbackId, { status, on: TODAY }, { nonce })
    await books.send('feedback.progress', call)
    books.progressed.push(`${feedbackId}.${status}`)
  }
}

/** Nothing more is asked this month, so that its one number can go out. */
export async function closeMonth({ client }: CompanyParts): Promise<void> {
  await client.closePeriod('wm-vdab', PERIOD)
}
