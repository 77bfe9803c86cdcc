import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROLES } from '../../src/config.ts'
import { type Aim, type Options, type Part, type Result, withAim } from '../part.ts'
import { type Crowd, equalSizes, sizesOfRegion } from '../region/people.ts'
import { playRound } from '../region/round.ts'
import type { Trend } from '../region/samples.ts'
import { soak } from '../region/soak.ts'
import { ALL_ROLES, type Stage, setStage } from '../region/stage.ts'

const MB = 1024 * 1024
const MOST_MB = 400
const AIM: Aim = { most: MOST_MB, of: 'value' }
/** VDAB's memory is not what is measured: it knows some. */
const CLIENTS = 2_000
const CROWDS: Record<string, Crowd> = {
  region: { sizes: sizesOfRegion(16_900), clients: CLIENTS },
  flanders: { sizes: equalSizes(164_500, 40), clients: CLIENTS },
}
const QUICK: Record<string, Crowd> = { region: { sizes: sizesOfRegion(60), clients: 20 } }
/** For the soak: whom VDAB may know, and gives feedback about. */
const SOAKED: Crowd = { sizes: equalSizes(20_000, 10), feedback: true }

/**
 * Resident memory of each process of the product, the most it ever was, while a region and all of Flanders are
 * sent: one process with all roles, then each role alone. With `--soak MINUTES` also over time under
 * a steady mixed load, instead of that.
 */
export const part: Part = {
  about: 'resident memory of the product by process, at most, beside 400 MB',
  rounds: 1,
  slow: true,
  run,
}

async function run(options: Options): Promise<Result[]> {
  if (options.soak !== undefined) return soakFor(options.soak, options)
  const results: Result[] = []
  for (const [size, crowd] of Object.entries(options.quick ? QUICK : CROWDS)) {
    const stage = await setStage(options, crowd)
    for (const roles of [[ALL_ROLES], [...ROLES]])
      results.push(...(await measure(stage, size, roles, options)))
    await stage.close()
  }
  const worst = results.reduce((one, other) => (other.value > one.value ? other : one))
  return [{ ...worst, name: 'memory' }, ...results]
}

async function measure(
  stage: Stage,
  size: string,
  roles: readonly string[],
  { say }: Options,
): Promise<Result[]> {
  const { memory, database, seconds } = await playRound(stage, { roles })
  await stage.database.drop(database.name)
  say(`  ${size}: ${seconds.toFixed(1)} s`)
  return Object.entries(memory).map(([some, { peak, resident }]) => {
    const name = some === ALL_ROLES ? 'all roles' : some
    say(`  ${size}, ${name}: ${toMb(resident)} MB, at most ${toMb(peak)} MB`)
    return resultOf(`memory, ${size}, ${name}`, toMb(peak), MOST_MB, AIM)
  })
}

async function soakFor(minutes: number, options: Options): Promise<Result[]> {
  const stage = await setStage(options, SOAKED)
  const folder = join(tmpdir(), 'huisbrug-soak')
  mkdirSync(folder, { recursive: true })
  const { say } = options
  const { trends, rate, failed, files } = await soak(stage, {
    ...{ minutes, folder, say, roles: [ALL_ROLES] },
  })
  say(`  ${rate.toFixed(1)} turns a second, ${failed} failed; samples in ${files.join(' and ')}`)
  for (const trend of trends) say(`  ${describe(trend)}`)
  return trends.map(({ name, early, late }) =>
    resultOf(`memory, soak, ${name}`, late, early, { most: 1.05 }),
  )
}

function describe({ name, early, late, slope, flat }: Trend): string {
  const went = `${early.toFixed(1)} to ${late.toFixed(1)}`
  return `${name}: ${went}, ${slope.toFixed(1)} an hour, ${flat ? 'flat' : 'NOT FLAT'}`
}

function resultOf(name: string, value: number, ceiling: number, aim: Aim): Result {
  const ratio = Number((value / ceiling).toPrecision(4))
  const short = { value: Number(value.toPrecision(4)), ceiling: Number(ceiling.toPrecision(4)) }
  const unit = name.endsWith('connections') ? 'connections' : 'MB'
  return withAim({ name, ...short, unit, ratio, spread: { min: ratio, max: ratio } }, aim)
}

function toMb(bytes: number): number {
  return Math.round(bytes / MB)
}
