import { type BareServer, openBareServer } from '../intake/bare-server.ts'
import { bytesOfMessage } from '../intake/inserts.ts'
import { type Cost, costLine, openGround, openScene, type Scene, sumOf } from '../intake/scene.ts'
import { alternate, type Options, type Part, type Result, type Round, summarise } from '../part.ts'

const FULL = { requests: 3_000, tenants: 1, connections: 32 }
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
  const scene = await openScene(options, ground, 'intake')
  await scene.send({ ...load, requests: load.connections })
  const rowBytes = await bytesOfMessage(scene.pool)
  const bare = await openBareServer(options, ground, rowBytes)
  say(`  ${rowBytes} bytes are written for a message`)
  const costs: Cost[] = []
  const product = async () => {
    const { report, cost } = await scene.send(load)
    costs.push(cost)
    return report.rate
  }
  const measured = await alternate(rounds, quick ? 1 : WARM_ROUNDS, product, () =>
    bareRate(bare, load, say),
  )
  say(`  ${costLine(sumOf(costs.slice(-rounds)), load.requests * rounds)}`)
  const halves = await halfLoad(scene, load, measured)
  return [
    summarise('intake-1', 'messages a second', measured, { least: 0.4 }),
    summarise('intake-1, p99 ÷ median under half load', 'ms', halves, { most: 5 }),
  ]
}

async function bareRate(bare: BareServer, load: typeof FULL, say: Options['say']) {
  const { report, cost } = await bare.send(load)
  const each = Object.entries(cost).map(
    ([name, seconds]) => `${name} ${((seconds * 1_000) / load.requests).toFixed(3)}`,
  )
  say(`  bare: ${each.join(', ')} ms of processor time each`)
  return report.rate
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
