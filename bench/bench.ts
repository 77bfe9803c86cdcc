import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readMachine } from './machine.ts'
import type { Options, Part, Result } from './part.ts'

// npm run bench -- [--only NAME] [--rounds N] [--quick] [--json]: see docs/performance.md.

const USUAL_ROUNDS = 40
const QUICK_ROUNDS = 2

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
})

/** Every file of bench/parts is a part, named after its file. */
function partNames(): string[] {
  const files = readdirSync(new URL('parts/', import.meta.url))
  return files
    .filter(file => file.endsWith('.ts'))
    .map(file => file.slice(0, -'.ts'.length))
    .sort()
}

function chosenParts(): string[] {
  const all = partNames()
  if (flags.only === undefined) return all
  if (all.includes(flags.only)) return [flags.only]
  return wrongUse(`There is no part ${flags.only}. There are: ${all.join(', ')}.`)
}

function readRounds(): number {
  if (flags.rounds === undefined) return flags.quick ? QUICK_ROUNDS : USUAL_ROUNDS
  const rounds = Number(flags.rounds)
  if (Number.isSafeInteger(rounds) && rounds > 0) return rounds
  return wrongUse('--rounds takes a whole number above 0.')
}

function wrongUse(text: string): never {
  process.stderr.write(`${text}\n`)
  process.exit(2)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function describe({ name, value, unit, ceiling, ratio, spread }: Result): string {
  const range = `${spread.min} to ${spread.max}`
  return `  ${name}: ${value} ${unit}, ceiling ${ceiling} ${unit}, ratio ${ratio} (${range})`
}

async function measure(names: string[], options: Options): Promise<Result[]> {
  const results: Result[] = []
  for (const name of names) {
    const { part } = (await import(`./parts/${name}.ts`)) as { part: Part }
    say(`${name}: ${part.about}`)
    const measured = await part.run(options)
    for (const result of measured) say(describe(result))
    results.push(...measured)
  }
  return results
}

const names = chosenParts()
const rounds = readRounds()
const machine = readMachine()
say(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}`)
say(`Node ${machine.node}, V8 ${machine.v8}, ajv ${machine.ajv}; ${rounds} rounds`)
const results = await measure(names, { rounds, quick: flags.quick, say })
if (flags.json) say(JSON.stringify({ machine, results }))
