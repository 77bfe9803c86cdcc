import { SUBJECT_DOMAIN } from '../pseudonym/derive.ts'
import { parseNationalNumber } from '../pseudonym/national-number.ts'
import { type PrepareOptions, prepareRegister } from './blind.ts'
import { type EvaluatingClient, evaluateWith } from './blind-evaluation.ts'
import type { HuisbrugClient } from './client.ts'
import type { RegisterStore } from './register-store.ts'
import type { Accepted, BlindTenant, DetectionRequest, Message } from './types.ts'

/** Someone to send: the national number stays here, everything else becomes part of the item. */
export interface NamedPerson {
  insz: string
}

/** An item as a blind sender sends it: pseudonyms in the place of the national number. */
export type BlindItem<Person extends NamedPerson> = Omit<Person, 'insz'> &
  Pick<BlindTenant, 'tag' | 'secret' | 'subjectTag'>

/** People seen, ready to send, evaluated now for the first time, left out for an invalid number. */
export interface BlindProgress {
  seen: number
  ready: number
  evaluated: number
  invalid: number
}

export interface BlindOptions<Person extends NamedPerson> {
  client: EvaluatingClient
  /** The current domain of the protocol. */
  domain: string
  /** The keys that the audit log publishes, 32 bytes each: see `publishedKey`. */
  publishedKeys: { domain: Uint8Array; subject: Uint8Array }
  /** Read once, a batch at a time. */
  people: Iterable<Person> | AsyncIterable<Person>
  /** Keeps what was evaluated by domain: next month, and after a stop, only who is new is evaluated. */
  store: RegisterStore
  onProgress?: (progress: BlindProgress) => void
  /** Who is left out for a number that is not valid, without that number. */
  onInvalid?: (person: Omit<Person, 'insz'>) => void
  /** People per evaluation, 1 to 5,000 (default 1,000): bounds memory and what a stop loses. */
  batchSize?: number
  /** The current UTC date, YYYY-MM-DD. */
  today?: string
}

export interface BlindSending<Person extends NamedPerson> extends BlindOptions<Person> {
  client: EvaluatingClient & Pick<HuisbrugClient, 'detect' | 'send'>
  /** The message without its people: a detection request, or with a `type` the general form. */
  message: Omit<DetectionRequest, 'tenants' | 'domain'> | Omit<Message, 'items' | 'domain'>
  /** People per message, 1 to 1,000, the default; fewer where the protocol says so. */
  messageSize?: number
  onSent?: (reply: Accepted) => void
}

const MESSAGE_SIZE = 1_000

/**
 * Pseudonymises people as a blind sender: each is evaluated blindly for the domain and for the subject
 * index, unless the store has them, both proofs are checked against the published keys, and ready
 * items come out in the order of the people. National numbers leave this process blinded only.
 * @throws RegisterError as `prepareRegister` does: quota-used-up with retryAt, proof-wrong, …; run it
 *   again and it goes on
 */
export async function* blindPeople<Person extends NamedPerson>(
  options: BlindOptions<Person>,
): AsyncGenerator<BlindItem<Person>> {
  const { domain, publishedKeys, store, onInvalid, onProgress } = options
  const today = options.today ?? new Date().toISOString().slice(0, 10)
  const progress: BlindProgress = { seen: 0, ready: 0, evaluated: 0, invalid: 0 }
  store.openDomain(SUBJECT_DOMAIN, publishedKeys.subject)
  store.openDomain(domain, publishedKeys.domain)
  for await (const batch of batchesOf(options.people, options.batchSize ?? MESSAGE_SIZE)) {
    const numbers = batch.map(({ insz }) => insz)
    const shared = { numbers, store, today, evaluate: evaluateWith(options.client) }
    await evaluateBatch(SUBJECT_DOMAIN, publishedKeys.subject, shared)
    progress.evaluated += await evaluateBatch(domain, publishedKeys.domain, shared)
    progress.seen += batch.length
    for (const person of batch) {
      const item = itemOf(store, domain, person, today)
      if (item) progress.ready++
      else progress.invalid++
      if (item) yield item
      else onInvalid?.(withoutNumber(person))
    }
    onProgress?.({ ...progress })
  }
}

/**
 * Pseudonymises people and sends them in messages. The same people in the same order make the same
 * messages, to the byte and the Idempotency-Key, as long as the store is the same: after a stop, run it
 * again, and what was sent before is not sent twice but answered as before.
 * @returns what the gateway replied to each message, refused items included
 * @throws RegisterError as `blindPeople`, and what the client throws
 */
export async function sendBlind<Person extends NamedPerson>(
  options: BlindSending<Person>,
): Promise<Accepted[]> {
  const { messageSize = MESSAGE_SIZE } = options
  const replies: Accepted[] = []
  for await (const items of batchesOf(blindPeople(options), messageSize)) {
    const reply = await sendMessage(options, items)
    options.onSent?.(reply)
    replies.push(reply)
  }
  return replies
}

function sendMessage<Person extends NamedPerson>(
  { client, message, domain, store }: BlindSending<Person>,
  items: readonly BlindItem<Person>[],
): Promise<Accepted> {
  const general = 'type' in message
  const body = { ...message, domain, [general ? 'items' : 'tenants']: items }
  const text = JSON.stringify(body)
  const idempotencyKey = store.keyed(`key ${text}`).toString('base64url')
  const nonce = store.keyed(`nonce ${text}`).toString('base64url')
  const once = { idempotencyKey, nonce }
  return general
    ? client.send(body as unknown as Message, once)
    : client.detect(body as unknown as DetectionRequest, once)
}

async function evaluateBatch(
  domain: string,
  publicKey: Uint8Array,
  shared: Omit<PrepareOptions, 'domain' | 'publicKey'>,
): Promise<number> {
  const { added } = await prepareRegister({ ...shared, domain, publicKey })
  return added
}

function itemOf<Person extends NamedPerson>(
  store: RegisterStore,
  domain: string,
  person: Person,
  today: string,
): BlindItem<Person> | undefined {
  const insz = parseNationalNumber(person.insz, today)
  const found = insz === undefined ? undefined : store.findByNumber(domain, insz)
  const subject = insz === undefined ? undefined : store.findByNumber(SUBJECT_DOMAIN, insz)
  if (!found || !subject) return undefined
  return {
    tag: found.tag.toString('base64url'),
    secret: found.secret.toString('base64url'),
    subjectTag: subject.tag.toString('base64url'),
    ...withoutNumber(person),
  }
}

function withoutNumber<Person extends NamedPerson>(person: Person): Omit<Person, 'insz'> {
  const { insz: _, ...others } = person
  return others
}

async function* batchesOf<Item>(
  all: Iterable<Item> | AsyncIterable<Item>,
  size: number,
): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  for await (const item of all) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
