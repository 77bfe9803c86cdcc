import { drawSaved } from './chart.ts'
import { compareWith } from './compare.ts'
import { Ending, endOnSignal } from './ending.ts'
import { type Flags, readFlags } from './flags.ts'
import { describeMachine, readMachine, warnOfLoad } from './machine.ts'
import { measureParts } from './measure.ts'
import { saveRun } from './saved.ts'

// npm run bench: see docs/performance.md.

const tell = {
  figure: (line: string) => void process.stdout.write(`${line}\n`),
  progress: (line: string) => void process.stderr.write(`${line}\n`),
}

function readFlagsOrEnd(): Flags {
  try {
    return readFlags(process.argv.slice(2))
  } catch (error) {
    tell.progress((error as Error).message)
    return process.exit(2)
  }
}

async function measure(flags: Flags, ending: Ending): Promise<void> {
  const machine = readMachine()
  for (const line of describeMachine(machine)) tell.figure(line)
  const warning = warnOfLoad(machine)
  if (warning) tell.progress(warning)
  const signal = endOnSignal(ending)
  const running = { ending, signal, tell }
  const measured =
    flags.compare === undefined
      ? { results: await measureParts(flags, running) }
      : await compareWith(flags.compare, flags, running)
  if (flags.save !== undefined) saveRun(flags.save, { machine, results: measured.results })
  if (flags.json) tell.figure(JSON.stringify({ machine, ...measured }))
}

const flags = readFlagsOrEnd()
if (flags.chart !== undefined) drawSaved(flags.chart, tell.figure)
else await measure(flags, new Ending())
// What a part left open does not keep the program going.
setTimeout(() => process.exit(), 5_000).unref()
