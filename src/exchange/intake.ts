import type { SealedEntry } from '../audit/entry.ts'
import { insertEntries } from '../audit/record.ts'
import { inTransaction, type Pool, type Tx } from '../db/pool.ts'
import { type Settled, Together } from '../db/together.ts'
import type { Refusal } from '../errors.ts'
import { findRestricted, shareRestrictions } from '../pseudonym/restricted.ts'
import { insertMessages, type NewMessage } from './message.ts'
import { findOutcomes, type Keyed, keepOutcomes, type Outcome } from './outcome.ts'
import { type NewRequest, Refused, SentBefore, storeRequests } from './request-store.ts'

/** A message that was decided on, with all that is stored of it: accepted or refused. */
export interface Ready {
  keyed: Keyed
  /** What its sender gets. */
  outcome: Outcome
  /** Whether its key can hold that. */
  keeps: boolean
  message: NewMessage
  entry: SealedEntry
  /** A request about persons. */
  request?: NewRequest
  /** Writes what else belongs to it, in its transaction. May refuse. */
  store?(tx: Tx, messageId: string): Promise<void>
}

// What one transaction takes: as many persons as two full messages.
const MOST_PERSONS = 2_000
const MOST_LOOKUPS = 1_000
// A person who is in two requests of one turn: PostgreSQL's cardinality_violation.
const TWICE = '21000'
const APART_MS = 60_000

/**
 * Writes messages: those that are ready at the same moment share a transaction, each still whole or not
 * at all. One that may not be stored is told so and the others go on without it.
 */
export class Intake {
  readonly #pool: Pool
  readonly #requests: Together<Ready, boolean>
  /** Parties whose requests go alone, since when. */
  readonly #apart = new Map<string, number>()
  readonly #outcomes: Together<Keyed, Outcome | undefined>
  readonly #restricted: Together<readonly Uint8Array[], number[]>

  constructor(pool: Pool) {
    this.#pool = pool
    this.#requests = new Together(ready => this.#storeAll(ready), {
      most: MOST_PERSONS,
      sizeOf: ({ request }) => Math.max(request?.sealed.length ?? 1, MOST_PERSONS / 64),
    })
    this.#outcomes = new Together(
      async keyed => (await findOutcomes(pool, keyed)).map(value => ({ value })),
      { most: MOST_LOOKUPS },
    )
    this.#restricted = new Together(persons => findRestrictedOf(pool, persons), {
      most: MOST_PERSONS,
      sizeOf: persons => persons.length,
    })
  }

  /**
   * Stores a message with its evidence and its outcome.
   * @returns false where its key was won elsewhere: nothing is stored
   * @throws Refusal where it may not be stored
   */
  async store(ready: Ready): Promise<boolean> {
    if (!ready.store && !this.#isApart(ready)) return this.#requests.do(ready)
    if (ready.request) return this.#storeApart(ready)
    return inTransaction(this.#pool, async tx => (await storeIn(tx, [ready])).has(ready))
  }

  /** The outcome stored for a key, if there is one. */
  findOutcome(keyed: Keyed): Promise<Outcome | undefined> {
    return this.#outcomes.do(keyed)
  }

  /** Positions of the persons whose processing is restricted. */
  findRestricted(subjectTags: readonly Uint8Array[]): Promise<number[]> {
    return this.#restricted.do(subjectTags)
  }

  /** Whoever has just sent the same persons again would have everybody's messages written one by one. */
  #isApart({ request, message }: Ready): boolean {
    const since = this.#apart.get(message.party)
    if (since === undefined) return false
    if (performance.now() - since < APART_MS) return request !== undefined
    this.#apart.delete(message.party)
    return false
  }

  async #storeApart(ready: Ready): Promise<boolean> {
    const settled = await this.#storeAlone(ready)
    if ('error' in settled) throw settled.error
    return settled.value
  }

  async #storeAll(all: Ready[]): Promise<Settled<boolean>[]> {
    try {
      const stored = await inTransaction(this.#pool, tx => storeIn(tx, all))
      return all.map(ready => ({ value: stored.has(ready) }))
    } catch (error) {
      if (error instanceof Refused) return this.#storeOthers(all, error.refusals)
      const mixed = error instanceof SentBefore || (error as { code?: string }).code === TWICE
      if (!mixed || all.length === 1) throw error
      const settled: Settled<boolean>[] = []
      for (const ready of all) settled.push(await this.#storeAlone(ready))
      return settled
    }
  }

  async #storeAlone(ready: Ready): Promise<Settled<boolean>> {
    try {
      const [settled] = await this.#storeAll([ready])
      if (settled && 'error' in settled) this.#apart.set(ready.message.party, performance.now())
      return settled ?? { value: false }
    } catch (error) {
      return { error }
    }
  }

  async #storeOthers(
    all: Ready[],
    refusals: ReadonlyMap<string, Refusal>,
  ): Promise<Settled<boolean>[]> {
    const others = all.filter(({ message }) => !refusals.has(message.id))
    const settled = others.length > 0 ? await this.#storeAll(others) : []
    const results = new Map(others.map((ready, position) => [ready, settled[position]]))
    return all.map(ready => results.get(ready) ?? { error: refusals.get(ready.message.id) })
  }
}

/** Writes what is ready; gives back those that are stored: the key of another was won elsewhere. */
async function storeIn(tx: Tx, ready: readonly Ready[]): Promise<Set<Ready>> {
  await shareRestrictions(tx)
  const keyed = ready.filter(({ keeps }) => keeps)
  const lost = await keepOutcomes(tx, keyed)
  const gone = new Set(keyed.filter((_, position) => lost.has(position)))
  const won = ready.filter(it => !gone.has(it))
  if (won.length === 0) return new Set()
  await insertMessages(
    tx,
    won.map(({ message }) => message),
  )
  const requests = won.flatMap(({ request }) => (request ? [request] : []))
  if (requests.length > 0) await storeRequests(tx, requests)
  for (const { store, message } of won) await store?.(tx, message.id)
  await insertEntries(
    tx,
    won.map(({ entry }) => entry),
  )
  return new Set(won)
}

async function findRestrictedOf(
  pool: Pool,
  persons: (readonly Uint8Array[])[],
): Promise<Settled<number[]>[]> {
  const found = new Set(await findRestricted(pool, persons.flat()))
  let from = 0
  return persons.map(those => {
    const start = from
    from += those.length
    return { value: [...those.keys()].filter(position => found.has(start + position)) }
  })
}
