import { openBareInserts } from '../intake/inserts.ts'
import { type Cost, costLine, type Ground, openGround, openScene, sumOf } from '../intake/scene.ts'
import { openBareSealing } from '../intake/sealing.ts'
import { alternate, type Options, type Part, type Result, type Round, summarise } from '../part.ts'

const FULL = { requests: 40, tenants: 1_000, connections: 8 }
const QUICK = { requests: 4, tenants: 20, connections: 2 }
/** Threads of the product's pool where nothing else is set. */
const THREADS = 2
const WARM_ROUNDS = 2

/**
 * Tenants a second that the product takes in by messages of 1,000, evidence in the log, against what cannot
 * be done without: sealing them in as many threads, and inserting their rows; the slower counts.
 */
export const part: Part = {
  rounds: 5,
  about:
    'tenants taken in by messages of 1,000 ÷ bare sealing or bare inserts, the slower (aim: 0.6)',
  run,
}

async function run(options: Options): Promise<Result[]> {
  const { rounds, quick, say } = options
  const load = quick ? QUICK : FULL
  const warm = quick ? 1 : WARM_ROUNDS
  const ground = await openGround(options)
  const scene = await openScene(options, ground)
  const costs: Cost[] = []
  const product = async () => {
    const { report, cost } = await scene.send(load)
    costs.push(cost)
    return report.rate * load.tenants
  }
  await product()
  const bare = await openBare(options, ground, load)
  const measured = await alternate(rounds, warm, product, bare.rate)
  const people = load.requests * load.tenants * rounds
  say(`  ${costLine(sumOf(costs.slice(-rounds)), people)}`)
  say(`  ${costLine(sumOf(bare.costs.slice(-rounds)), people)}`)
  say(`  api: at most ${Math.round(scene.api.memory().peak / 2 ** 20)} MB resident`)
  const unit = 'tenants a second'
  const beside = (kept: readonly number[]): Round[] =>
    measured.map(({ product }, i) => ({ product, ceiling: kept[i + warm] ?? Number.NaN }))
  return [
    summarise('intake-1000', unit, measured, { least: 0.6 }),
    summarise('intake-1000, bare sealing', unit, beside(bare.sealed)),
    summarise('intake-1000, bare inserts', unit, beside(bare.inserted)),
  ]
}

/** Both ceilings, one after the other; what each gave and took is kept. */
async function openBare({ atEnd }: Options, { url, database }: Ground, load: typeof FULL) {
  const inserts = await openBareInserts(url, {
    messages: load.requests,
    connections: load.connections,
  })
  atEnd(() => inserts.close())
  const sealing = await openBareSealing(THREADS)
  atEnd(() => sealing.close())
  const [sealed, inserted, costs]: [number[], number[], Cost[]] = [[], [], []]
  const rate = async () => {
    const began = ownSeconds()
    const one = await sealing.rate(load.requests * load.tenants)
    const [own, server] = [ownSeconds(), database.seconds()]
    const other = (await inserts.rate()) * load.tenants
    sealed.push(one)
    inserted.push(other)
    costs.push({
      'bare sealing': own - began,
      'bare inserts': ownSeconds() - own,
      'and in postgres': database.seconds() - server,
    })
    return Math.min(one, other)
  }
  return { rate, sealed, inserted, costs }
}

/** Processor time of this process and its threads, in seconds. */
function ownSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
