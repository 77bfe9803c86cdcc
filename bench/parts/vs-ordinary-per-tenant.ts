import { contend } from '../ordinary/contest.ts'
import { ordinarySide } from '../ordinary/ordinary-side.ts'
import { productSide } from '../ordinary/product-side.ts'
import { setStage } from '../ordinary/stage.ts'
import type { Options, Part } from '../part.ts'

const NAME = 'vs-ordinary-per-tenant'
const CONTEST = { messages: 10, tenants: 1_000, warm: 2 }
const QUICK = { messages: 2, tenants: 50, warm: 0 }

/** The same job done the ordinary way, with a job, a POST and a keyed hash for each tenant. */
export const part: Part = {
  about: 'tenants a second end to end ÷ those of the ordinary way, one job a tenant',
  rounds: 5,
  run,
}

async function run(options: Options) {
  const stage = await setStage(options)
  const product = await productSide(stage)
  const other = await ordinarySide(stage, {
    name: NAME,
    hashing: 'keyed-hash',
    jobs: 'per-tenant',
  })
  const [result] = await contend(options, options.quick ? QUICK : CONTEST, product, [other])
  return result ? [{ ...result, aim: { least: 1 } }] : []
}
