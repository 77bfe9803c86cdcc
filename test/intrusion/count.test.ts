import { readFileSync } from 'node:fs'
import { promises } from './kit.ts'

test('the page about testing counts what the tests hold against it, kind by kind', () => {
  const rows = promises()
  for (const { kind, file } of rows) {
    const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
    expect(source).toContain(`promised('${kind}')`)
  }
  expect(rows.reduce((sum, { cases }) => sum + cases, 0)).toBeGreaterThan(150)
  expect(new Set(rows.map(({ kind }) => kind)).size).toBe(rows.length)
  expect(rows.length).toBeGreaterThan(6)
})
