// npm run test:timing -- [--rounds N] [--json]: see docs/testing.md.
import { parseArgs } from 'node:util'
import { progressBar } from '../../src/cli/progress.ts'
import { startTestRun } from './test-run.ts'
import { measure, openTiming } from './timing-pairs.ts'
import type { Comparison } from './timing-stats.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2000' },
    json: { type: 'boolean', default: false },
  },
})

function tell({
  name,
  rounds,
  medians,
  difference,
  interval,
  firstLonger,
  isGross,
}: Comparison): string {
  const [first, second] = medians
  const [from, until] = interval
  return (
    `${name}, ${rounds} rounds: medians ${first} and ${second} ms, difference ${difference} ms (${from} to ${until}), ` +
    `the first longer in ${Math.round(firstLonger * 1_000) / 10} %${isGross ? ': GROSS' : ''}`
  )
}

async function main(): Promise<number> {
  const rounds = Number(values.rounds)
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    process.stderr.write('use: npm run test:timing -- [--rounds N] [--json]\n')
    return 2
  }
  const run = await startTestRun('fuzz/timing.ts')
  const gateway = await openTiming()
  const bar = progressBar('rounds', !values.json)
  let isStopped = false
  // What was measured until then is told.
  process.once('SIGINT', () => {
    isStopped = true
  })
  const found = await measure(gateway, rounds, (done, total) => {
    bar.update(done, total)
    return !isStopped
  })
  bar.stop()
  await gateway.close()
  await run.close()
  const text = values.json ? JSON.stringify(found) : found.map(tell).join('\n')
  process.stdout.write(`${text}\n`)
  return found.some(({ isGross }) => isGross) ? 1 : 0
}

process.exit(await main())
