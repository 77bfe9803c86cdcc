import { AsyncLocalStorage } from 'node:async_hooks'
import type { RequestHandler } from 'express'
import pg from 'pg'
import type { Context } from '../../src/context.ts'

/** How a step fails: in place of its work, after it, or with the connection gone (SQL only). */
export type Failing = 'before' | 'after' | 'cut'

/** One piece of work through the gateway, of which one step fails. */
export interface Journey {
  /** Steps that failed in earlier journeys: the first that is not among them fails in this one. */
  earlier: Set<string>
  failing: Failing
  /** What the error quotes, as an error of a careless library would. */
  numbers: readonly string[]
  /** Code of the error, such as a lost connection. */
  code?: string
  /** Names of the steps taken. */
  taken: string[]
  /** Name of the step that failed. */
  failed?: string
}

const PARTS = [
  'pool',
  'tokens',
  'protocols',
  'domains',
  'keys',
  'pseudonyms',
  'parties',
  'signing',
  'wakeUps',
  'metrics',
  'outbound',
  'peerTokens',
] as const
/** Steps of the pool itself; its statements are counted one by one. */
const POOL_METHODS = ['connect']
const HEADER = 'x-test-journey'

type Method = (...args: unknown[]) => unknown
type Queries = { query: Method }

const storage = new AsyncLocalStorage<Journey>()

/**
 * Makes every statement, and every call of a part of a running gateway, a step that can fail. Only work
 * that is done inside a journey counts; all else runs as ever.
 */
export class Steps {
  readonly #journeys = new Map<string, Journey>()
  readonly #query = pg.Client.prototype.query as unknown as Method

  /** To be mounted at `/`: a request with `headersOf` a journey belongs to it. */
  readonly handler: RequestHandler = (request, _response, next) => {
    const journey = this.#journeys.get(request.get(HEADER) ?? '')
    if (journey) storage.run(journey, next)
    else next()
  }

  /** Starts to count. */
  watch(context: Context): void {
    const query = this.#query
    const client = pg.Client.prototype as unknown as Queries
    client.query = function (this: pg.Client, ...args: unknown[]) {
      return takeStatement(this, args, () => query.apply(this, args))
    }
    for (const name of PARTS) watchPart(name, context[name] as unknown as Record<string, unknown>)
    const { clock } = context
    context.clock = () => take('clock', false, clock) as Date
  }

  /** Leaves the driver as it was. */
  restore(): void {
    Object.assign(pg.Client.prototype, { query: this.#query })
  }

  headersOf(journey: Journey): Record<string, string> {
    const id = String(this.#journeys.size)
    this.#journeys.set(id, journey)
    return { [HEADER]: id }
  }

  run<T>(journey: Journey, work: () => Promise<T>): Promise<T> {
    return storage.run(journey, work)
  }
}

function watchPart(name: string, part: Record<string, unknown>): void {
  for (const method of methodsOf(part)) {
    if (name === 'pool' && !POOL_METHODS.includes(method)) continue
    const original = part[method] as Method
    const isAsync = original.constructor.name === 'AsyncFunction'
    part[method] = (...args: unknown[]) => {
      // The callback form is how pool.query gets its connection: the statement is the step.
      if (typeof args[0] === 'function') return original.apply(part, args)
      const step = `${name}.${method}`
      // A connection that is had and not given back would be missed at the end.
      if (name === 'pool') return take(step, true, () => original.apply(part, args), 'before')
      return take(step, isAsync, () => original.apply(part, args))
    }
  }
}

function methodsOf(part: object): string[] {
  const names = new Set<string>()
  for (let at = part; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      const ours = name !== 'constructor' && !name.startsWith('_') && name !== 'close'
      if (typeof value === 'function' && ours) names.add(name)
    }
    if (at.constructor.name === 'BoundPool' || at instanceof pg.Pool) break
  }
  if (part instanceof pg.Pool) for (const method of POOL_METHODS) names.add(method)
  return [...names]
}

/** Whether this step of the current journey is the one that fails. */
function isFailing(name: string): Journey | undefined {
  const journey = storage.getStore()
  if (!journey) return undefined
  journey.taken.push(name)
  const step = `${name} #${journey.taken.filter(taken => taken === name).length}`
  if (journey.failed || journey.earlier.has(step)) return undefined
  journey.earlier.add(step)
  journey.failed = name
  return journey
}

function take(name: string, answers: boolean, work: () => unknown, only?: Failing): unknown {
  const journey = isFailing(name)
  if (!journey) return work()
  const error = quotingError(journey)
  const failing = only ?? journey.failing
  if (!answers) {
    if (failing === 'after') work()
    throw error
  }
  const done = failing === 'after' ? Promise.resolve(work()) : Promise.resolve()
  return done.then(() => Promise.reject(error))
}

function takeStatement(client: pg.Client, args: unknown[], work: () => unknown): unknown {
  const [query] = args
  const text = typeof query === 'string' ? query : ((query as { text?: string }).text ?? '')
  const journey = isFailing(`sql ${text.trim().replace(/\s+/g, ' ').slice(0, 2_000)}`)
  if (!journey) return work()
  if (journey.failing === 'cut') {
    const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
    connection.stream.destroy()
    return work()
  }
  const error = quotingError(journey)
  const callback = args.at(-1)
  if (typeof callback === 'function') {
    const fail = () => process.nextTick(callback as (error: Error) => void, error)
    if (journey.failing === 'before') return fail()
    args.splice(-1, 1, fail)
    return work()
  }
  const done = journey.failing === 'after' ? Promise.resolve(work()) : Promise.resolve()
  return done.then(() => Promise.reject(error))
}

/** An error that quotes what it failed on wherever an error can. */
function quotingError({ numbers, code }: Journey): Error {
  const text = numbers.join(' ')
  const error = new TypeError(`cannot store ${text}`, { cause: new Error(text) })
  error.stack = `${error.stack}`
  const quoted = { detail: text, where: text, parameters: numbers, reason: undefined }
  return Object.assign(error, quoted, code && { code })
}
