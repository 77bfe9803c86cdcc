import { median, type Options, type Result, type Round, summarise } from '../part.ts'

/** What a side is given to send. */
export interface MessageSet {
  messages: number
  /** In each. */
  tenants: number
  /** Index of the first: no set has persons of another. */
  firstPerson: number
}

/** One that does the job. */
export interface Contestant {
  /** Of its results; the product's is not shown. */
  name: string
  /** Sends a set; seconds from the first request until its last tenant is where it must be. */
  run(set: MessageSet): Promise<number>
  /** Processor time that its processes took since they started, in seconds, by what they are. */
  seconds(): Record<string, number>
}

/** How much is sent. */
export interface Contest {
  messages: number
  tenants: number
  /** Rounds that do not count. */
  warm: number
}

const UNIT = 'tenants a second'

/**
 * Has the product and the others do each round the same work, beginning with another one each time.
 * @returns the product's tenants a second beside those of each other one, in their order
 */
export async function contend(
  { rounds, say }: Pick<Options, 'rounds' | 'say'>,
  contest: Contest,
  product: Contestant,
  others: readonly Contestant[],
): Promise<Result[]> {
  const all = [product, ...others]
  const turns = new Map(all.map(one => [one, [] as Turn[]]))
  for (let round = 0; round < contest.warm + rounds; round += 1) {
    for (const position of all.keys()) {
      const one = all[(position + round) % all.length] as Contestant
      const turn = await takeTurn(one, contest, round)
      if (round >= contest.warm) turns.get(one)?.push(turn)
    }
  }
  for (const [one, taken] of turns) say(costsOf(one.name, taken))
  const ratesOf = (one: Contestant) => (turns.get(one) ?? []).map(({ rate }) => rate)
  const own = ratesOf(product)
  return others.map(one => {
    const measured = ratesOf(one).map(
      (ceiling, i): Round => ({ product: own[i] ?? Number.NaN, ceiling }),
    )
    return summarise(one.name, UNIT, measured)
  })
}

/** Tenants a second, and milliseconds of processor time for 1,000 tenants by process. */
interface Turn {
  rate: number
  costs: Record<string, number>
}

async function takeTurn(
  one: Contestant,
  { messages, tenants }: Contest,
  round: number,
): Promise<Turn> {
  const people = messages * tenants
  const before = one.seconds()
  const seconds = await one.run({ messages, tenants, firstPerson: round * people })
  const spent = Object.entries(one.seconds()).map(([process, until]) => {
    return [process, ((until - (before[process] ?? 0)) * 1e6) / people]
  })
  return { rate: people / seconds, costs: Object.fromEntries(spent) }
}

function costsOf(name: string, turns: readonly Turn[]): string {
  const costs = Object.keys(turns[0]?.costs ?? {}).map(process => {
    return `${process} ${median(turns.map(turn => turn.costs[process] ?? 0)).toFixed(0)}`
  })
  return `  ${name}: ms of processor time for 1,000 tenants: ${costs.join(', ')}`
}
