import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPool, type Pool } from '../../src/db/pool.ts'
import { openDatabase } from '../system/database.ts'
import { prepareSystem, tokenOf } from '../system/parties.ts'
import { startProgram } from '../system/program.ts'
import type { Contestant } from './contest.ts'
import { type Stage, sendSet } from './stage.ts'

const ROLES = 'api,worker,sequencer,evaluator,console'
/** Of those who send, both for the product and for the others. */
export const COMPANIES = 4
const LOOK_MS = 10

/** The product: the real program with all roles in one process, its queue on its durable PostgreSQL. */
export async function productSide(
  stage: Stage,
  nodeArgs: readonly string[] = [],
): Promise<Contestant> {
  const { options, receiver } = stage
  const folder = join(stage.folder, 'product')
  const database = await openDatabase(join(folder, 'database'))
  options.atEnd(() => database.close())
  const databaseUrl = await database.create('product')
  const vdab = { baseUrl: receiver.baseUrl, tokenUrl: receiver.tokenUrl }
  const system = await prepareSystem({ databaseUrl, folder, companies: COMPANIES, vdab })
  const { settings, companies } = system
  const program = await startProgram({ roles: ROLES, databaseUrl, folder, settings, nodeArgs })
  options.atEnd(() => program.stop())
  const pool = openPool(databaseUrl, { max: 1 })
  options.atEnd(() => pool.end())
  const { url } = program
  return {
    name: 'product',
    seconds: () => ({ program: program.seconds(), PostgreSQL: database.seconds() }),
    run: async set => {
      const tokens = companies.map(async party => ({ party, token: await tokenOf(url, party) }))
      const entrance = { url, senders: await Promise.all(tokens) }
      return sendSet(stage, entrance, set, () => untilRecorded(pool))
    },
  }
}

/** Until every hand-over is recorded as delivered. */
async function untilRecorded(pool: Pool): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ state: string }>(
      "SELECT DISTINCT state FROM hand_over WHERE state <> 'delivered'",
    )
    if (rows.length === 0) return
    const given = rows.find(({ state }) => state !== 'queued' && state !== 'retrying')
    if (given) throw new Error(`a hand-over is ${given.state}`)
    await sleep(LOOK_MS)
  }
}
