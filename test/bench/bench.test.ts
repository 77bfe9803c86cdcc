import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Machine } from '../../bench/machine.ts'
import { pagesToAsk } from '../../bench/pages/ask.ts'
import { median, type Result, summarise } from '../../bench/part.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

function bench(...flags: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bench/bench.ts', ...flags], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return { status, stdout, stderr, last: stdout.trimEnd().split('\n').at(-1) ?? '' }
}

test('decide: the last line is JSON with the machine and every figure', () => {
  const { status, last, stdout } = bench('--quick', '--only', 'decide', '--json')
  expect(status).toBe(0)
  const { machine, results } = JSON.parse(last) as { machine: Machine; results: Result[] }
  expect(Object.keys(machine)).toEqual(['cpu', 'cores', 'memoryGiB', 'os', 'node', 'v8', 'ajv'])
  expect(results.map(({ name }) => name)).toEqual(['decide', 'decide, 1 % faults'])
  for (const { unit, spread, ...figures } of results) {
    expect(unit).toBe('ms a message')
    expect(Object.keys(figures)).toEqual(['name', 'value', 'ceiling', 'ratio'])
    const { value, ceiling, ratio } = figures
    for (const figure of [value, ceiling, ratio]) expect(figure).toBeGreaterThan(0)
    expect(spread.min).toBeLessThanOrEqual(ratio)
    expect(spread.max).toBeGreaterThanOrEqual(ratio)
  }
  expect(stdout).toContain(machine.cpu)
})

test('wrong use is told, with what there is', () => {
  const unknown = bench('--only', 'nothing')
  expect(unknown.status).toBe(2)
  expect(unknown.stderr).toContain('decide')
  expect(bench('--rounds', '0').status).toBe(2)
})

test('rounds are summed up by their medians, the ratio round by round', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  const rounds = [
    { product: 2, ceiling: 1 },
    { product: 30, ceiling: 20 },
    { product: 5, ceiling: 4 },
  ]
  expect(summarise('x', 'ms', rounds)).toEqual({
    name: 'x',
    value: 5,
    unit: 'ms',
    ceiling: 4,
    ratio: 1.5,
    spread: { min: 1.25, max: 2 },
  })
})

test('every page of the console is measured, or left out with a reason', () => {
  expect(pagesToAsk()).toContain('/berichten/:id')
})
