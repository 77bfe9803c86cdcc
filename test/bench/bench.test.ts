import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inOrder, withFigures } from '../../bench/chart.ts'
import { differencesOf } from '../../bench/compare.ts'
import { drawAims } from '../../bench/drawing.ts'
import { Ending } from '../../bench/ending.ts'
import { ORDER, partNames } from '../../bench/list.ts'
import type { Machine } from '../../bench/machine.ts'
import { pagesToAsk } from '../../bench/pages/ask.ts'
import { median, type Result, summarise } from '../../bench/part.ts'
import { latestOf, readRuns } from '../../bench/saved.ts'

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
  const told = JSON.parse(last) as { machine: Machine; results: Result[] }
  const { machine, results } = told
  expect(Object.keys(told)).toEqual(['machine', 'results'])
  const known = [
    'cpu',
    'cores',
    'memoryGiB',
    'os',
    'node',
    'v8',
    'ajv',
    'postgresql',
    'redis',
    'load',
  ]
  expect(Object.keys(machine)).toEqual(expect.arrayContaining(known))
  expect(results.map(({ name }) => name)).toEqual(['decide', 'decide, 1 % faults'])
  expect(results.map(({ meets }) => meets)).toEqual([expect.any(Boolean), undefined])
  for (const { unit, spread, aim: _, meets: __, ...figures } of results) {
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
  const unknown = bench('--only', 'decide,nothing')
  expect(unknown.status).toBe(2)
  expect(unknown.stderr).toMatch(/no part nothing.*decide/)
  expect(bench('--rounds', '0').status).toBe(2)
  expect(bench('--compare', 'no-such-revision').stderr).toContain('no-such-revision is none')
})

test('every part that is listed is there, and exports what a part is', () => {
  expect(partNames()).toEqual(expect.arrayContaining([...ORDER]))
  for (const name of ORDER) {
    const file = new URL(`../../bench/parts/${name}.ts`, import.meta.url)
    expect([
      name,
      existsSync(file) && /^export const part\b/m.test(readFileSync(file, 'utf8')),
    ]).toEqual([name, true])
  }
})

test('rounds are summed up by their medians, the ratio round by round', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  const rounds = [
    { product: 2, ceiling: 1 },
    { product: 30, ceiling: 20 },
    { product: 5, ceiling: 4 },
  ]
  const figures = {
    name: 'x',
    value: 5,
    unit: 'ms',
    ceiling: 4,
    ratio: 1.5,
    spread: { min: 1.25, max: 2 },
  }
  expect(summarise('x', 'ms', rounds)).toEqual(figures)
  const aim = { most: 1.4 }
  expect(summarise('x', 'ms', rounds, aim)).toEqual({ ...figures, aim, meets: false })
  expect(summarise('x', 'ms', rounds, { least: 5, of: 'value' }).meets).toBe(true)
})

test('the table and the drawing in the docs are made of the runs that were saved', () => {
  const latest = inOrder(latestOf(readRuns(`${ROOT}/docs/performance.jsonl`)))
  const page = readFileSync(`${ROOT}/docs/performance.md`, 'utf8')
  expect(withFigures(page, latest)).toBe(page)
  expect(readFileSync(`${ROOT}/docs/drawings/performance.svg`, 'utf8')).toBe(drawAims(latest))
})

test('a difference between revisions counts where neither median lies in the range of the other', () => {
  const of = (ratio: number, min: number, max: number): Result => {
    return { name: 'x', value: ratio, unit: 'ms', ceiling: 1, ratio, spread: { min, max } }
  }
  const differs = (now: Result[], before: Result[]) =>
    differencesOf(now, before).map(({ ratios, withinSpread }) => [ratios, withinSpread])
  expect(differs([of(1, 0.9, 1.1)], [of(2, 1.8, 2.2)])).toEqual([[0.5, false]])
  expect(differs([of(1, 0.9, 2.1)], [of(2, 1.8, 2.2)])).toEqual([[0.5, true]])
  // Two turns of each: the range is that of both.
  expect(differs([of(1, 1, 1), of(3, 3, 3)], [of(1, 1, 1), of(1, 1, 1)])).toEqual([[2, true]])
  expect(differs([of(1, 1, 1)], [])).toEqual([])
})

test('what is to be done at the end is done last first, once, whatever fails', async () => {
  const ending = new Ending()
  const done: string[] = []
  ending.add(() => done.push('folder'))
  ending.add(() => Promise.reject(new Error('gone already')))
  ending.add(async () => done.push('server'))
  await Promise.all([ending.run(), ending.run()])
  expect(done).toEqual(['server', 'folder'])
})

test('every page of the console is measured, or left out with a reason', () => {
  expect(pagesToAsk()).toContain('/berichten/:id')
})
