import { fillHistory } from '../intake/fill.ts'
import { openGround, openScene, prepareGround, type Scene, type Sending } from '../intake/scene.ts'
import { alternate, type Options, type Part, summarise } from '../part.ts'

const LOADS = {
  'intake-log': { requests: 40, tenants: 1_000, connections: 8 },
  'intake-log, one tenant': { requests: 2_000, tenants: 1, connections: 32 },
}
const QUICK = { requests: 4, tenants: 1, connections: 2 }
const WARM_ROUNDS = 2

/**
 * Tenants and messages a second that a gateway takes in with ten million entries in its log (`--entries`)
 * and all that goes with them, against one that has just begun, in the same PostgreSQL.
 */
export const part: Part = {
  rounds: 5,
  slow: true,
  about: 'intake with ten million entries in the log ÷ with none (aim: 0.9)',
  run,
}

async function run(options: Options) {
  const { rounds, quick, entries, say } = options
  const empty = await openGround(options)
  const filled = await prepareGround(empty.database, empty.folder, 'filled', context =>
    fillHistory(context, { entries, say }),
  )
  const scenes = [await openScene(options, filled), await openScene(options, empty)] as const
  await assertFilled(scenes[0], entries)
  // A few at first: a process that has just started answers none of many in time.
  for (const scene of scenes) await scene.send({ requests: 100, tenants: 1, connections: 4 })
  const results = []
  for (const [name, load] of Object.entries(LOADS)) {
    const [product, ceiling] = scenes.map(scene => rateOf(scene, quick ? QUICK : load))
    const measured = await alternate(rounds, quick ? 1 : WARM_ROUNDS, product!, ceiling!)
    say(`  ${name}: ${rounds} rounds beside ${entries} entries`)
    results.push(summarise(name, 'tenants a second', measured, { least: 0.9 }))
  }
  return results
}

/** Or two empty logs would be compared, and all would seem well. */
async function assertFilled({ pool }: Scene, entries: number): Promise<void> {
  const { rows } = await pool.query<{ size: number }>('SELECT size FROM audit_head')
  if ((rows[0]?.size ?? 0) < entries) throw new Error('the log was not filled')
}

function rateOf(scene: Scene, load: Sending) {
  return async () => {
    const { report } = await scene.send(load)
    return report.rate * load.tenants
  }
}
