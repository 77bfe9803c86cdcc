import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../src/', import.meta.url))
const FILES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts') && !name.endsWith('.generated.ts'))
  .map(name => ({ name, lines: readFileSync(join(ROOT, name), 'utf8').trimEnd().split('\n') }))

test('no file is over 350 lines, and the median is at most 100', () => {
  expect(FILES.filter(file => file.lines.length > 350).map(file => file.name)).toEqual([])
  const sizes = FILES.map(file => file.lines.length).toSorted((a, b) => a - b)
  expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(100)
})

test('the environment is read in config.ts only', () => {
  const readers = FILES.filter(file => file.lines.some(line => line.includes('process.env')))
  expect(readers.map(file => file.name)).toEqual(['config.ts'])
})

test('file names are kebab-case', () => {
  const names = FILES.flatMap(file => file.name.split('/'))
  expect(names.filter(name => !/^[a-z0-9-]+(\.ts)?$/.test(name))).toEqual([])
})
