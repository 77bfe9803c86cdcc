import { type Options, type Result, type Round, summarise } from '../part.ts'

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
  const rates = new Map(all.map(one => [one, [] as number[]]))
  let before = all.map(one => one.seconds())
  for (let round = 0; round < contest.warm + rounds; round += 1) {
    if (round === contest.warm) before = all.map(one => one.seconds())
    for (const turn of all.keys()) {
      const one = all[(turn + round) % all.length] as Contestant
      const rate = await runOnce(one, contest, round)
      if (round >= contest.warm) rates.get(one)?.push(rate)
    }
  }
  for (const [i, one] of all.entries()) say(costsOf(one, before[i] ?? {}, contest, rounds))
  const own = rates.get(product) ?? []
  return others.map(one => {
    const measured = (rates.get(one) ?? []).map(
      (ceiling, i): Round => ({ product: own[i] ?? Number.NaN, ceiling }),
    )
    return summarise(one.name, UNIT, measured)
  })
}

async function runOnce(one: Contestant, contest: Contest, round: number): Promise<number> {
  const { messages, tenants } = contest
  const people = messages * tenants
  return people / (await one.run({ messages, tenants, firstPerson: round * people }))
}

/** Processor time of a side: what is left of its rate once it has neither core to itself. */
function costsOf(
  { name, seconds }: Contestant,
  before: Record<string, number>,
  { messages, tenants }: Contest,
  rounds: number,
): string {
  const thousands = (rounds * messages * tenants) / 1_000
  const costs = Object.entries(seconds()).map(([process, spent]) => {
    const each = ((spent - (before[process] ?? 0)) / thousands) * 1_000
    return `${process} ${each.toFixed(0)}`
  })
  return `  ${name}: ms of processor time for 1,000 tenants: ${costs.join(', ')}`
}
