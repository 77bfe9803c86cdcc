// npm run test:fuzz -- [--requests N] [--seed S] [--connections C] [--json]: see docs/testing.md.
import { parseArgs } from 'node:util'
import { expect } from 'expect'
import { progressBar } from '../../src/cli/progress.ts'
import { lookAfter } from './aftermath.ts'
import { fuzz } from './run.ts'
import { startTestRun } from './test-run.ts'
import { World } from './world.ts'

const say = (line: string) => process.stderr.write(`${line}\n`)

function readOptions() {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      connections: { type: 'string', default: '12' },
      json: { type: 'boolean', default: false },
    },
  })
  const [requests, seed, connections] = [values.requests, values.seed, values.connections].map(
    Number,
  )
  if (!(requests && requests > 0 && Number.isSafeInteger(seed) && connections && connections > 0)) {
    say('use: npm run test:fuzz -- [--requests N] [--seed S] [--connections C] [--json]')
    process.exit(2)
  }
  return { requests, seed: seed ?? 0, connections, json: values.json }
}

async function main(): Promise<number> {
  const { json, ...options } = readOptions()
  say(`seed ${options.seed}, ${options.requests} requests on ${options.connections} connections`)
  let isStopped = false
  process.once('SIGINT', () => {
    isStopped = true
  })
  const run = await startTestRun('fuzz/program.ts')
  const world = await World.open()
  const bar = progressBar('requests', !json)
  const progress = (done: number) => bar.update(done, options.requests)
  const outcome = await fuzz(world, { ...options, progress, stopped: () => isStopped })
  bar.stop()
  const after = await lookAfter(world, outcome)
  const wrong = [...outcome.faults, ...after.wrong]
  const note = (error: unknown) => wrong.push(error instanceof Error ? error.message : 'an error')
  await world.close().catch(note)
  await run.close().catch(note)
  const { replies: _, faults: __, ...counts } = outcome
  const figures = { ...options, ...counts, ...after.figures, wrong: wrong.length }
  for (const line of wrong) say(`WRONG  ${line}`)
  process.stdout.write(`${JSON.stringify(figures, null, json ? 0 : 2)}\n`)
  return wrong.length === 0 ? 0 : 1
}

Object.assign(globalThis, { expect })
process.exit(await main())
