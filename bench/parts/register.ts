import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import sodium from 'libsodium-wrappers-sumo'
import { PseudonymPool } from '../../src/pseudonym/pool.ts'
import { generateKeyPair } from '../../src/pseudonym/voprf.ts'
import { type Options, type Part, summarise } from '../part.ts'
import type { Told } from '../register/kit.ts'
import { scratchFolder } from '../scratch.ts'

const KIT = fileURLToPath(new URL('../register/kit.ts', import.meta.url))
const [SMALL, LARGE] = [20_000, 200_000]
/** People for one figure of the bare operations. */
const BARE = 500

/**
 * A register prepared by the recipient's kit in a process of its own, proofs checked, evaluated by a
 * thread of this one. Memory: a large register against one of a tenth. Rate: against the group operations
 * alone that the kit cannot do without, in this thread: one mapping and four multiplications a person
 * (blind, unblind, and two to check the proof).
 */
export const part: Part = {
  about: `${LARGE} people, and against ${SMALL}`,
  rounds: 1,
  slow: true,
  run,
}

interface Run {
  /** People a second, batch by batch. */
  rates: number[]
  /** MB that are held after each batch, and at most ever. */
  retained: number[]
  peak: number
}

async function run(options: Options) {
  const { quick, say } = options
  await sodium.ready
  const [small, large] = quick ? [200, 600] : [SMALL, LARGE]
  const ceilings = bareRates(quick ? 1 : 10)
  const little = await prepare(small, options)
  const much = await prepare(large, options)
  ceilings.push(...bareRates(quick ? 1 : 10))
  say(`  ${large} people in ${Math.round(large / mean(much.rates))} s at the mean rate`)
  const rounds = much.rates.map((product, turn) => {
    return { product, ceiling: ceilings[turn % ceilings.length] ?? Number.NaN }
  })
  const held = { product: much.retained.at(-1) ?? 0, ceiling: little.retained.at(-1) ?? 0 }
  return [
    summarise('register', 'people a second', rounds),
    summarise('register, memory at most', 'MB', [{ product: much.peak, ceiling: little.peak }]),
    summarise('register, memory held', 'MB', [held]),
  ]
}

/** Has the kit prepare so many people, all new. */
async function prepare(people: number, options: Options): Promise<Run> {
  const folder = scratchFolder(options)
  const { secretKey: key, publicKey } = generateKeyPair()
  const pool = new PseudonymPool({ threads: 1 })
  options.atEnd(() => pool.close())
  const args = [folder, String(people), Buffer.from(publicKey).toString('hex')]
  const execArgv = ['--no-warnings', '--expose-gc']
  const child = fork(KIT, args, { execArgv, serialization: 'advanced' })
  options.atEnd(() => child.kill())
  const figures: Run = { rates: [], retained: [], peak: 0 }
  let added = 0
  child.on('message', async (told: Told) => {
    if ('blinded' in told) {
      child.send(await pool.evaluate({ key, publicKey, blinded: told.blinded }))
    } else if ('peak' in told) figures.peak = told.peak
    else if (told.added > added) {
      figures.rates.push((told.added - added) / told.seconds)
      figures.retained.push(told.retained)
      added = told.added
    }
  })
  const code = await new Promise(resolve => child.once('exit', resolve))
  if (code !== 0 || added !== people) throw new Error('people are missing')
  return figures
}

/** People a second if there were nothing but the group operations of the kit. */
function bareRates(times: number): number[] {
  const { secretKey } = generateKeyPair()
  const uniform = Array.from({ length: BARE }, () => new Uint8Array(randomBytes(64)))
  return Array.from({ length: times }, () => {
    const start = performance.now()
    for (const bytes of uniform) {
      const element = sodium.crypto_core_ristretto255_from_hash(bytes)
      for (let turn = 0; turn < 4; turn++) sodium.crypto_scalarmult_ristretto255(secretKey, element)
    }
    return BARE / ((performance.now() - start) / 1_000)
  })
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
