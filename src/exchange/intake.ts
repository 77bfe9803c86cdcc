import type { SealedEntry } from '../audit/entry.ts'
import { insertEntries } from '../audit/record.ts'
import { BEGIN_BY_INDEX, inPipeline, inTransaction, type Pool, type Tx } from '../db/pool.ts'
import { Questions, type Settled, Together } from '../db/together.ts'
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

/**
 * What became of a message: stored; lost, its key was won elsewhere; or not yet, for it has persons whose
 * processing is restricted, by their positions.
 */
export type Stored = 'stored' | 'lost' | { restricted: number[] }

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
  readonly #requests: Together<Ready, Stored>
  /** Parties whose requests go alone, since when. */
  readonly #apart = new Map<string, number>()
  readonly #findOutcome: (keyed: Keyed) => Promise<Outcome | undefined>

  constructor(pool: Pool) {
    this.#pool = pool
    this.#requests = new Together(ready => this.#storeAll(ready), {
      most: MOST_PERSONS,
      sizeOf: ({ request }) => Math.max(request?.sealed.length ?? 1, MOST_PERSONS / 64),
    })
    this.#findOutcome = Questions.of(pool).kind(
      async (db, keyed) => (await findOutcomes(db, keyed)).map(value => ({ value })),
      { most: MOST_LOOKUPS },
    )
  }

  /**
   * Stores a message with its evidence and its outcome.
   * @throws Refusal where it may not be stored
   */
  async store(ready: Ready): Promise<Stored> {
    if (!ready.store && !this.#isApart(ready)) return this.#requests.do(ready)
    const settled = ready.request ? await this.#storeAlone(ready) : await this.#storeOne(ready)
    if ('error' in settled) throw settled.error
    return settled.value
  }

  /** The outcome stored for a key, if there is one. */
  findOutcome(keyed: Keyed): Promise<Outcome | undefined> {
    return this.#findOutcome(keyed)
  }

  /** Whoever has just sent the same persons again would have everybody's messages written one by one. */
  #isApart({ request, message }: Ready): boolean {
    const since = this.#apart.get(message.party)
    if (since === undefined) return false
    if (performance.now() - since < APART_MS) return request !== undefined
    this.#apart.delete(message.party)
    return false
  }

  async #storeAll(all: Ready[]): Promise<Settled<Stored>[]> {
    try {
      await inTransaction(this.#pool, tx => storeIn(tx, all), BEGIN_BY_INDEX)
      return all.map(() => ({ value: 'stored' }))
    } catch (error) {
      if (error instanceof Unstored) return this.#storeOthers(all, error.settled)
      if (error instanceof Refused) {
        const refused = all.flatMap(ready => {
          const refusal = error.refusals.get(ready.message.id)
          return refusal ? [[ready, { error: refusal }] as const] : []
        })
        return this.#storeOthers(all, new Map(refused))
      }
      const mixed = error instanceof SentBefore || (error as { code?: string }).code === TWICE
      if (!mixed || all.length === 1) throw error
      const settled: Settled<Stored>[] = []
      for (const ready of all) settled.push(await this.#storeAlone(ready))
      return settled
    }
  }

  async #storeOthers(
    all: Ready[],
    settled: ReadonlyMap<Ready, Settled<Stored>>,
  ): Promise<Settled<Stored>[]> {
    const others = all.filter(ready => !settled.has(ready))
    const stored = others.length > 0 ? await this.#storeAll(others) : []
    const results = new Map([
      ...settled,
      ...others.map((ready, at) => [ready, stored[at]] as const),
    ])
    return all.map(ready => results.get(ready) ?? MISSING)
  }

  async #storeAlone(ready: Ready): Promise<Settled<Stored>> {
    try {
      const settled = await this.#storeOne(ready)
      if ('error' in settled) this.#apart.set(ready.message.party, performance.now())
      return settled
    } catch (error) {
      return { error }
    }
  }

  async #storeOne(ready: Ready): Promise<Settled<Stored>> {
    const [settled] = await this.#storeAll([ready])
    return settled ?? MISSING
  }
}

const MISSING = { error: new Error('a message is not settled') }

/** Messages that are not stored, each with what became of it; the others may be. */
class Unstored extends Error {
  readonly settled: ReadonlyMap<Ready, { value: Stored }>

  constructor(settled: ReadonlyMap<Ready, { value: Stored }>) {
    super('some messages are not stored')
    this.settled = settled
  }
}

/** Writes what is ready, all of it or nothing. @throws Unstored, and as storeRequests does */
async function storeIn(tx: Tx, ready: readonly Ready[]): Promise<void> {
  await inPipeline(shareRestrictions(tx), assertFree(tx, ready))
  const requests = ready.flatMap(({ request }) => (request ? [request] : []))
  await inPipeline(
    keepAll(tx, ready),
    insertMessages(
      tx,
      ready.map(({ message }) => message),
    ),
    insertEntries(
      tx,
      ready.map(({ entry }) => entry),
    ),
    storeRequests(tx, requests),
  )
  for (const { store, message } of ready) await store?.(tx, message.id)
}

/** What comes after the lock that restrictions wait for holds until the commit. */
async function assertFree(tx: Tx, ready: readonly Ready[]): Promise<void> {
  const persons = ready.flatMap(one => one.request?.sealed.map(it => ({ one, it })) ?? [])
  const found = await findRestricted(
    tx,
    persons.map(({ it }) => it.subjectTag),
  )
  const restricted = new Set(found.flatMap(position => persons[position]?.it ?? []))
  const unstored = ready.flatMap(one => {
    const positions =
      one.request?.sealed.flatMap((it, at) => (restricted.has(it) ? [at] : [])) ?? []
    return positions.length > 0 ? [[one, { value: { restricted: positions } }] as const] : []
  })
  if (unstored.length > 0) throw new Unstored(new Map(unstored))
}

async function keepAll(tx: Tx, ready: readonly Ready[]): Promise<void> {
  const keyed = ready.filter(({ keeps }) => keeps)
  const lost = await keepOutcomes(tx, keyed)
  const unstored = keyed.flatMap((one, at) =>
    lost.has(at) ? [[one, { value: 'lost' as const }] as const] : [],
  )
  if (unstored.length > 0) throw new Unstored(new Map(unstored))
}
