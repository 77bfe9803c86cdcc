import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from 'bullmq'
import { faultOf, type Logger } from '../log.ts'
import { Bell, within } from './bell.ts'
import { Dispatcher, type Handler } from './dispatcher.ts'
import {
  chooseEngine,
  type Engine,
  type WakeUp,
  type WakeUpQueue,
  type WakeUpWorker,
} from './engine.ts'
import { Outage } from './outage.ts'

export interface WakeUpOptions {
  /** The program's own database. */
  databaseUrl: string
  /** Another engine: redis://, rediss://, redis+cluster://, rediss+cluster:// or postgresql://. */
  queueUrl?: string | undefined
  log: Logger
  /** Asks the record, PostgreSQL, which destinations have something due now. */
  dueDestinations: () => Promise<string[]>
  /** Milliseconds between two such questions of one worker process; 1 s unless told. */
  reconcileEvery?: number
}

export interface WakeUps {
  readonly engine: Engine['kind']
  /**
   * Says that these destinations may have something due. Best effort: never throws, need not be
   * awaited, and what the engine loses the reconciler repeats. Call it after the commit.
   */
  wake(destinations: Iterable<string>): Promise<void>
  /**
   * Starts handling wake-ups in this process, `concurrency` destinations at a time, each at most once
   * at a time. The handler claims from the record what is due; it may find nothing. At the close its
   * signal is aborted: it ends what it has in hand and claims nothing more.
   */
  work(handler: Handler, options: { concurrency: number }): void
  /** Destinations waiting and at work in the engine, or undefined where it does not answer in 2 s. */
  depth(): Promise<{ waiting: number; active: number } | undefined>
  /** Ends within 8 s; what is still at work by then is left to the next process. */
  close(): Promise<void>
}

const HANDLERS_END_WITHIN_MS = 6_000
const CONNECTIONS_CLOSE_WITHIN_MS = 1_000

/**
 * Opens the queue: wake-ups only, over BullMQ on PostgreSQL or Redis. The record of what is due, and
 * every decision about it, is in the database; losing the whole queue loses nothing.
 * @throws Error where the engine is PostgreSQL and cannot be reached or prepared
 */
export async function createWakeUps(options: WakeUpOptions): Promise<WakeUps> {
  const closing = new AbortController()
  const engine = chooseEngine(options.databaseUrl, options.queueUrl, closing.signal)
  await engine.prepare()
  return new BullWakeUps(engine, options, closing)
}

class BullWakeUps implements WakeUps {
  readonly engine: Engine['kind']
  readonly #options: WakeUpOptions
  readonly #engine: Engine
  readonly #queue: WakeUpQueue
  readonly #bell: Bell
  readonly #outage: Outage
  readonly #closing: AbortController
  #work: { worker: WakeUpWorker; dispatcher: Dispatcher; reconciling: Promise<void> } | undefined
  #closed: Promise<void> | undefined

  constructor(engine: Engine, options: WakeUpOptions, closing: AbortController) {
    this.#closing = closing
    this.engine = engine.kind
    this.#options = options
    this.#engine = engine
    this.#outage = new Outage(options.log, 'the queue engine')
    this.#queue = engine.openQueue()
    this.#queue.on('error', error => this.#outage.failed(error))
    this.#bell = new Bell(this.#queue, this.#outage)
  }

  async wake(destinations: Iterable<string>): Promise<void> {
    if (this.#closing.signal.aborted) return
    const rung = this.#bell.ring(destinations)
    // Nobody waits for an engine that is known to be away; the bell keeps trying.
    if (!this.#outage.failing) await rung
  }

  work(handler: Handler, { concurrency }: { concurrency: number }): void {
    if (this.#work) throw new Error('this process already works')
    const again = (destination: string) => void this.wake([destination])
    const dispatcher = new Dispatcher(handler, again, this.#closing.signal)
    const worker = this.#engine.openWorker(job => this.#handle(job, dispatcher), concurrency)
    worker.on('error', error => this.#outage.failed(error))
    this.#work = { worker, dispatcher, reconciling: this.#reconcile(dispatcher) }
  }

  async #handle(job: Job<WakeUp>, dispatcher: Dispatcher): Promise<void> {
    const { destination } = job.data
    this.#outage.worked()
    // From here on a wake-up makes a new job: whoever commits after the handler has looked is heard.
    // Where the engine fails just now, the reconciler repeats what this one swallows.
    await job.removeDeduplicationKey().catch(error => this.#outage.failed(error))
    try {
      await dispatcher.wake(destination)
    } catch (error) {
      const fault = faultOf(error)
      this.#options.log.error('a destination could not be served', { destination, ...fault })
    }
  }

  /** Until the close: wakes what the record says is due, so that a lost queue fills again. */
  async #reconcile(dispatcher: Dispatcher): Promise<void> {
    const { log, dueDestinations, reconcileEvery = 1_000 } = this.#options
    const outage = new Outage(log, 'asking the database what is due')
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        const due = await dueDestinations()
        outage.worked()
        await this.wake(due.filter(destination => !dispatcher.isRunning(destination)))
      } catch (error) {
        outage.failed(error)
      }
      await sleep(reconcileEvery, undefined, { signal }).catch(() => {})
    }
  }

  async depth(): Promise<{ waiting: number; active: number } | undefined> {
    try {
      const counts = await within(2_000, this.#queue.getJobCounts('wait', 'active', 'delayed'))
      const { wait = 0, active = 0, delayed = 0 } = counts
      return { waiting: wait + delayed, active }
    } catch {
      return undefined
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    const settle = (work: Promise<unknown>, milliseconds: number) =>
      within(milliseconds, work).catch(() => {})
    if (this.#work) {
      const { worker, dispatcher } = this.#work
      await settle(worker.pause(true), 500)
      await settle(dispatcher.idle(), HANDLERS_END_WITHIN_MS)
      // Waiting for jobs takes an engine that answers.
      const force = dispatcher.busy || this.#outage.failing
      await settle(worker.close(force), CONNECTIONS_CLOSE_WITHIN_MS)
    }
    await settle(this.#queue.close(), 500)
    this.#engine.close()
  }
}
