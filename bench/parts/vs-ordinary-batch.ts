import { contend } from '../ordinary/contest.ts'
import { ordinarySide } from '../ordinary/ordinary-side.ts'
import { productSide } from '../ordinary/product-side.ts'
import type { Hashing } from '../ordinary/settings.ts'
import { setStage } from '../ordinary/stage.ts'
import type { Options, Part } from '../part.ts'

const NAME = 'vs-ordinary-batch'
const CONTEST = { messages: 16, tenants: 1_000, warm: 2 }
const QUICK = { messages: 2, tenants: 50, warm: 0 }
const VARIANTS: readonly { name: string; hashing: Hashing }[] = [
  { name: NAME, hashing: 'voprf' },
  { name: `${NAME}, two evaluations`, hashing: 'voprf-twice' },
  { name: `${NAME}, keyed hash`, hashing: 'keyed-hash' },
]

/**
 * The same job done the ordinary way in batches: a job and a POST for each message, with the VOPRF that the
 * product has. The product evaluates twice a person, once for its own index: what the ordinary way would do
 * with two is shown beside it, and what it does with a keyed hash.
 */
export const part: Part = {
  about: 'tenants a second end to end ÷ those of the ordinary way in batches, same VOPRF',
  rounds: 5,
  run,
}

async function run(options: Options) {
  const stage = await setStage(options)
  const product = await productSide(stage)
  const others = []
  for (const variant of VARIANTS)
    others.push(await ordinarySide(stage, { ...variant, jobs: 'per-message' }))
  const results = await contend(options, options.quick ? QUICK : CONTEST, product, others)
  return results.map(result => (result.name === NAME ? { ...result, aim: { least: 0.6 } } : result))
}
