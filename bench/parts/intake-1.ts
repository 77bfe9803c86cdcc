import { openBareServer } from '../intake/bare-server.ts'
import { bytesOfMessage } from '../intake/inserts.ts'
import { type Cost, costLine, openGround, openScene, type Scene, sumOf } from '../intake/scene.ts'
import { alternate, type Options, type Part, type Result, type Round, summarise } from '../part.ts'

const FULL = { requests: 4_000, tenants: 1, connections: 32 }
const QUICK = { requests: 40, tenants: 1, connections: 4 }
const WARM_ROUNDS = 2

/**
 * Messages about one tenant a second, on 32 connections, evidence in the log, against a bare server on the
 * same connections; and how long they take while half as many come in.
 */
export const part: Part = {
  rounds: 5,
  about:
    'messages about one tenant ÷ bare express that verifies, evaluates, signs, inserts (aim: 0.4)',
  run,
}

async function run(options: Options): Promise<Result[]> {
  const { rounds, quick, say } = options
  const load = quick ? QUICK : FULL
  const ground = await openGround(options)
  const scene = await openScene(options, ground)
  // A few at first: a process that has just started answers none of many in time.
  await scene.send({ ...load, requests: quick ? 10 : 500, connections: 4 })
  const rowBytes = await bytesOfMessage(scene.pool)
  const bare = await openBareServer(options, ground, rowBytes)
  say(`  ${rowBytes} bytes are written for a message`)
  const costs = { product: [] as Cost[], bare: [] as Cost[] }
  const rateOf =
    (side: keyof typeof costs, { send }: Pick<Scene, 'send'>) =>
    async () => {
      const { report, cost } = await send(load)
      costs[side].push(cost)
      return report.rate
    }
  const measured = await alternate(
    rounds,
    quick ? 1 : WARM_ROUNDS,
    rateOf('product', scene),
    rateOf('bare', bare),
  )
  for (const side of Object.values(costs))
    say(`  ${costLine(sumOf(side.slice(-rounds)), load.requests * rounds)}`)
  const halves = await halfLoad(scene, load, measured)
  return [
    summarise('intake-1', 'messages a second', measured, { least: 0.4 }),
    summarise('intake-1, p99 ÷ median under half load', 'ms', halves, { most: 5 }),
  ]
}

/** Of each round, with half the rate that it had, at even distances: the 99th percentile, and the median. */
async function halfLoad(scene: Scene, load: typeof FULL, measured: readonly Round[]) {
  const halves: Round[] = []
  for (const { product } of measured) {
    const { report } = await scene.send({
      ...load,
      requests: Math.ceil(load.requests / 2),
      perSecond: product / 2,
    })
    halves.push({ product: report.p99, ceiling: report.p50 })
  }
  return halves
}
