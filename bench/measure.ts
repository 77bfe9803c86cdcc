import type { Ending } from './ending.ts'
import type { Flags } from './flags.ts'
import { type Options, type Part, type Result, withAim } from './part.ts'

/** Where neither the command line nor the part says how many. */
export const USUAL_ROUNDS = 40
const QUICK_ROUNDS = 2

/** Who is told what: figures as they come, and how far it is. */
export interface Telling {
  figure(line: string): void
  progress(line: string): void
}

/** What a run needs besides what was asked for. */
export interface Running {
  ending: Ending
  signal: AbortSignal
  tell: Telling
}

/** Measures the parts one after the other, each cleared away before the next begins; one that fails is told. */
export async function measureParts(flags: Flags, running: Running): Promise<Result[]> {
  const results: Result[] = []
  for (const name of flags.parts) {
    const { tell } = running
    const started = performance.now()
    try {
      const measured = await measureOne(await loadPart(name), flags, { ...running, name })
      for (const result of measured) tell.figure(describe(result))
      results.push(...measured)
    } catch (error) {
      // What the other parts measured in an hour is not lost with it.
      tell.figure(`${name} FAILED`)
      tell.progress((error as Error).stack ?? String(error))
      process.exitCode = 1
    }
    tell.progress(`  ${name} took ${Math.round((performance.now() - started) / 1000)} s`)
  }
  return results
}

/** Loads one part of bench/parts. */
export async function loadPart(name: string): Promise<Part> {
  return ((await import(`./parts/${name}.ts`)) as { part: Part }).part
}

async function measureOne(
  part: Part,
  { rounds, quick, entries, soak }: Flags,
  { name, ending, signal, tell }: Running & { name: string },
): Promise<Result[]> {
  tell.figure(`${name}: ${part.about}`)
  const options: Options = {
    rounds: rounds ?? (quick ? QUICK_ROUNDS : (part.rounds ?? USUAL_ROUNDS)),
    quick,
    entries,
    soak,
    signal,
    atEnd: work => ending.add(work),
    say: tell.progress,
  }
  const work = Promise.resolve(part.run(options))
  ending.during(work)
  try {
    return (await work).map(one => (one.aim ? withAim(one, one.aim) : one))
  } catch (error) {
    // What was interrupted fails in any way it likes; the program ends once all is cleared away.
    if (signal.aborted) return await new Promise(() => {})
    throw error
  } finally {
    await ending.run()
  }
}

/** One figure on a line. */
export function describe({
  name,
  value,
  unit,
  ceiling,
  ratio,
  spread,
  aim,
  meets,
}: Result): string {
  const range = `${spread.min} to ${spread.max}`
  const verdict = aim ? `; aim ${describeAim(aim)}: ${meets ? 'met' : 'NOT MET'}` : ''
  return `  ${name}: ${value} ${unit}, ceiling ${ceiling} ${unit}, ratio ${ratio} (${range})${verdict}`
}

/** What is aimed at, in words: `at least 0.6`. */
export function describeAim({ least, most, of }: NonNullable<Result['aim']>): string {
  const bounds = [
    ...(least === undefined ? [] : [`at least ${least}`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
  ]
  return `${of === 'value' ? 'value ' : ''}${bounds.join(', ')}`
}
