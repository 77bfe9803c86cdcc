import { alternate, type Options, type Part, type Result, type Round, summarise } from '../part.ts'
import { type Engine, openScene, type Scene, type Took } from './scene.ts'

const NAMES = { postgresql: 'handover-postgres', redis: 'handover-redis' } as const
const KINDS = { events: '', requests: ', detection requests' } as const
const MOST_ROUNDS = 20

/** The part of an engine: what the product's worker hands over, against a bare BullMQ worker. */
export function handOverPart(engine: Engine): Part {
  const queue = engine === 'redis' ? 'Redis' : 'PostgreSQL'
  return {
    about: `messages handed over a second, against a bare BullMQ worker on ${queue}`,
    rounds: 5,
    run: options => run(engine, options),
  }
}

async function run(engine: Engine, options: Options): Promise<Result[]> {
  const scene = await openScene(engine, options)
  const rounds = Math.min(options.rounds, MOST_ROUNDS)
  const sizes = options.quick ? { events: 80, requests: 20 } : { events: 4_000, requests: 1_000 }
  const name = NAMES[engine]
  await scene.workers(1)
  const results: Result[] = []
  for (const kind of ['events', 'requests'] as const) {
    const messages = sizes[kind]
    const own = new Tally(messages)
    const bare = new Tally(messages)
    const measured = await alternate(
      rounds,
      1,
      async () => own.take(await scene.product(kind, messages)),
      async () => bare.take(await scene.bare(kind, messages)),
    )
    const main = `${name}${KINDS[kind]}`
    results.push(summarise(main, 'a second', measured, { least: 0.5 }))
    results.push(...processorTime(main, own, bare))
    options.say(`  ${kind}, one worker: ${own.describe()}; bare: ${bare.describe()}`)
  }
  results.push(await twoWorkers(scene, { name, rounds, messages: sizes.events, say: options.say }))
  return results
}

/** Processor time a message of all rounds, by process. */
class Tally {
  readonly #messages: number
  readonly #rounds: Took['processor'][] = []

  constructor(messages: number) {
    this.#messages = messages
  }

  /** @returns messages a second */
  take({ seconds, processor }: Took): number {
    this.#rounds.push(processor)
    return this.#messages / seconds
  }

  /** Microseconds a message in each round that counts, of the processes that a test passes. */
  microseconds(counts: (process: string) => boolean): number[] {
    return this.#rounds.slice(1).map(round => {
      const spent = Object.entries(round).filter(([name]) => counts(name))
      return (spent.reduce((sum, [, seconds]) => sum + seconds, 0) / this.#messages) * 1e6
    })
  }

  describe(): string {
    const names = Object.keys(this.#rounds[0] ?? {})
    const means = names.map(name => {
      const all = this.microseconds(it => it === name)
      return `${name} ${Math.round(all.reduce((sum, it) => sum + it, 0) / all.length)}`
    })
    return `µs of processor time a message: ${means.join(', ')}`
  }
}

function processorTime(name: string, own: Tally, bare: Tally): Result[] {
  const pair = (ownOnes: number[], bareOnes: number[]): Round[] =>
    ownOnes.map((product, i) => ({ product, ceiling: bareOnes[i] ?? Number.NaN }))
  const worker = pair(
    own.microseconds(it => it === 'worker'),
    bare.microseconds(it => it === 'bare worker'),
  )
  const all = pair(
    own.microseconds(it => it !== 'bare worker'),
    bare.microseconds(it => it !== 'worker' && it !== 'sequencer'),
  )
  return [
    summarise(`${name}, processor time of the worker`, 'µs', worker),
    summarise(`${name}, processor time of all processes`, 'µs', all),
  ]
}

async function twoWorkers(
  scene: Scene,
  {
    name,
    rounds,
    messages,
    say,
  }: { name: string; rounds: number; messages: number; say: Options['say'] },
): Promise<Result> {
  const tallies = { 1: new Tally(messages), 2: new Tally(messages) }
  const rate = async (count: 1 | 2) => {
    await scene.workers(count)
    // A process that has only just started compiles and plans first.
    await scene.product('events', messages)
    return tallies[count].take(await scene.product('events', messages))
  }
  const measured = await alternate(
    rounds,
    1,
    () => rate(2),
    () => rate(1),
  )
  say(`  events, two workers: ${tallies[2].describe()}`)
  return summarise(`${name}, two processes ÷ one`, 'a second', measured, { least: 0.8 })
}
