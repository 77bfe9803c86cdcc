import type { IncomingMessage } from 'node:http'
import {
  openRows,
  prepareRegister,
  type RegisterPerson,
  RegisterStore,
} from '../../src/client/blind.ts'
import { type HuisbrugClient, newNonce } from '../../src/client/index.ts'
import type { ForwardedDetection, ForwardedTenanciesEnded } from '../../src/client/types.ts'
import { TODAY } from '../support/detection.ts'
import { until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { type Books, isClient, isUnreached, nameOf } from './books.ts'

export interface BreakVdab {
  take(request: IncomingMessage, body: Buffer): Promise<{ status: number; isNew: boolean }>
  close(): void
}

interface VdabParts {
  client: HuisbrugClient
  books: Books
  folder: string
  /** How many persons there are at most. */
  persons: number
  signal: AbortSignal
}

/** A VDAB that prepared its client file, takes what comes by its id, answers, and gives feedback. */
export async function openVdab(parts: VdabParts): Promise<BreakVdab> {
  const { books } = parts
  const store = new RegisterStore(parts.folder)
  await prepare(parts, store)
  const persons = new Map<string, number>()
  return {
    close: () => store.close(),
    take: async (request, body) => {
      const key = String(request.headers['idempotency-key'])
      if (request.url === '/api/detections') {
        return takeRequest(parts, store, persons, key, JSON.parse(String(body)))
      }
      if (request.url === '/api/tenancies/ended') {
        return takeEnded(books, persons, key, JSON.parse(String(body)))
      }
      books.problems.add('vdab: a call that nothing asked for')
      return { status: 404, isNew: false }
    },
  }
}

async function prepare({ client, persons }: VdabParts, store: RegisterStore): Promise<void> {
  const domain = await until('a domain opens', async () => {
    const { items } = await client.domains()
    return items.find(it => it.domain.startsWith('wm-vdab/'))
  })
  const numbers: RegisterPerson[] = Array.from({ length: persons }, (_, person) => person)
    .filter(isClient)
    .map(person => ({ insz: syntheticNumber(person), ref: String(person) }))
  await prepareRegister({
    ...{
      store,
      numbers,
      domain: domain.domain,
      publicKey: Buffer.from(domain.publicKey, 'base64url'),
    },
    evaluate: async (name, blinded) => {
      const texts = blinded.map(element => Buffer.from(element).toString('base64url'))
      const reply = await client.evaluate({ domain: name, blinded: texts })
      const bytes = (text: string) => Buffer.from(text, 'base64url')
      return {
        evaluated: reply.evaluated.map(bytes),
        proof: bytes(reply.proof),
        publicKey: bytes(reply.publicKey),
      }
    },
  })
  await client.domainReady(domain.domain)
}

async function takeRequest(
  parts: VdabParts,
  store: RegisterStore,
  known: Map<string, number>,
  key: string,
  request: ForwardedDetection,
) {
  const { books, signal } = parts
  if (books.requests.has(key)) {
    books.duplicates++
    return { status: 202, isNew: false }
  }
  const taken = { rows: request.rows.length, persons: [] as number[], at: Date.now() }
  books.requests.set(key, taken)
  const tags = new Map<number, string>()
  try {
    for (const { tag, ref } of await openRows(store, request)) {
      known.set(tag, Number(ref))
      tags.set(Number(ref), tag)
      taken.persons.push(Number(ref))
    }
  } catch (error) {
    books.problems.add(`vdab: a row does not open, ${nameOf(error)}`)
  }
  books.run('detection.answer', signal, () => reply(parts, request, tags))
  return { status: 202, isNew: true }
}

/** Sends the answer at once, often before the gateway noted that the request was taken. */
async function reply(
  { client, books }: VdabParts,
  request: ForwardedDetection,
  tags: Map<number, string>,
): Promise<void> {
  const { messageId, requestDigest, protocol, domain } = request
  const nonce = newNonce()
  const answer = { requestDigest, found: tags.size }
  await books.send('detection.answer', () => client.answer(messageId, answer, { nonce }))
  const unreached = [...tags.keys()].filter(isUnreached)
  if (unreached.length === 0) return
  const items = unreached.map(person => ({
    tag: tags.get(person) ?? '',
    reachability: 'not-reached' as const,
    establishedOn: TODAY,
  }))
  const options = { idempotencyKey: `feedback-${messageId}`, nonce: newNonce() }
  await books.send('feedback.reachability', () =>
    client.feedback({ protocol, domain, items }, options),
  )
  books.fedBack.push(...unreached)
}

function takeEnded(
  books: Books,
  known: Map<string, number>,
  key: string,
  { items }: ForwardedTenanciesEnded,
) {
  if (books.endings.has(key)) {
    books.duplicates++
    return { status: 202, isNew: false }
  }
  const persons = items.map(({ tag }) => known.get(tag) ?? -1)
  books.endings.set(key, { persons, at: Date.now() })
  return { status: 202, isNew: true }
}
