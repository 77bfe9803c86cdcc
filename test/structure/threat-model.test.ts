import { existsSync, readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docs/threat-model.md', root), 'utf8').replaceAll(/\s+/g, ' ')

/** Every proof: a file, and the cases of it that are named, `file`: "one", and "another". */
const proofs = [...text.matchAll(/`(test\/[^`]+)`: ("[^"]+"(?:, and "[^"]+")*)/g)].flatMap(
  ([, file = '', cases = '']) =>
    [...cases.matchAll(/"([^"]+)"/g)].map(([, name = '']) => [file, name]),
)

test('the threat model names proofs', () => {
  expect(proofs.length).toBeGreaterThan(30)
})

test.each(proofs)('the proof in %s exists: %s', (file, name) => {
  const source = readFileSync(new URL(file, root), 'utf8')
  expect([`'${name}'`, `"${name}"`].some(quoted => source.includes(quoted))).toBe(true)
})

test('every file that it names exists', () => {
  const files = [...text.matchAll(/`((?:src|bin|test|docs)\/[\w./-]+)`/g)].map(
    ([, file = '']) => file,
  )
  expect(files.length).toBeGreaterThan(40)
  expect(files.filter(file => !existsSync(new URL(file, root)))).toEqual([])
})
