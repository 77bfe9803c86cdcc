import { type Options, type Part, type Result, type Round, summarise } from '../part.ts'
import { type Ceilings, type Cost, measureCeilings } from '../region/ceilings.ts'
import { sizesOfRegion } from '../region/people.ts'
import { type Round as Played, playRound } from '../region/round.ts'
import { setStage } from '../region/stage.ts'

const TENANTS = 16_900
const QUICK = 60

/**
 * The whole population of a region, from the first POST until the last answer is recorded, the last
 * hand-over delivered and every entry signed; against the sum of what cannot be done without, measured
 * right after it, each alone.
 */
export const part: Part = {
  about: `${TENANTS} tenants of three companies, end to end ÷ the sum of the ceilings`,
  rounds: 5,
  run,
}

async function run(options: Options): Promise<Result[]> {
  const { rounds, quick, say } = options
  const stage = await setStage(options, { sizes: sizesOfRegion(quick ? QUICK : TENANTS) })
  const measured: Round[] = []
  const spent: Round[] = []
  const rates: Round[] = []
  // The first does not count: it warms up the peers and the disk.
  for (let round = quick ? 0 : -1; round < rounds; round++) {
    const played = await playRound(stage)
    const ceilings = await measureCeilings(stage, played)
    await stage.database.drop(played.database.name)
    say(`  ${describe(played)}; ceilings ${describeAll(ceilings)}`)
    if (round < 0) continue
    const ceiling = sum(Object.values(ceilings).map(({ seconds }) => seconds))
    const least = sum(Object.values(ceilings).map(({ processor }) => processor))
    // What the parties spend is theirs, but for opening the rows, which is among the ceilings.
    const { program, postgres, vdab } = played.processor
    measured.push({ product: played.seconds, ceiling })
    spent.push({ product: program + postgres + vdab, ceiling: least })
    rates.push({ product: played.tenants / played.seconds, ceiling: played.tenants / ceiling })
  }
  return [
    summarise('region', 's', measured, { most: 1.8 }),
    summarise('region, processor time', 's', spent),
    summarise('region, rate', 'tenants a second', rates),
  ]
}

function describe({ seconds, taken, processor }: Played): string {
  const spent = Object.entries(processor).map(([name, one]) => `${name} ${one.toFixed(2)}`)
  return `${seconds.toFixed(2)} s, taken in ${taken.toFixed(2)} s, processor ${spent.join(', ')}`
}

function describeAll(ceilings: Ceilings): string {
  const all = Object.entries(ceilings) as [string, Cost][]
  return all
    .map(
      ([name, { seconds, processor }]) => `${name} ${seconds.toFixed(2)} (${processor.toFixed(2)})`,
    )
    .join(', ')
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
