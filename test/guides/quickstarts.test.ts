import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { blocksOf, missingLine, runPage } from './page.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const pages = globSync('docs/guides/quickstart-*.md', { cwd: ROOT }).toSorted()

test('there is a quickstart for each role, and the front page leads to all of them', () => {
  const roles = ['back-office', 'operator', 'privacy-officer', 'vdab']
  expect(pages).toEqual(roles.map(role => `docs/guides/quickstart-${role}.md`))
  const front = readFileSync(join(ROOT, 'README.md'), 'utf8')
  for (const page of pages) expect(front).toContain(`(${page})`)
})

test('a page is read block by block, and what it promises is looked for in order', () => {
  const page =
    '```sh\na\n```\n```text\none …\n\ntwo\n```\ntext\n```sh stays\nb\n```\n```json\n{}\n```\n'
  expect(blocksOf(page)).toEqual([
    { kind: 'sh', commands: 'a\n', prints: ['one …', 'two'] },
    { kind: 'sh stays', commands: 'b\n', prints: [] },
  ])
  expect(missingLine('zero\n  one 1\nmore\ntwo\r\n', ['one …', 'two'])).toBeUndefined()
  expect(missingLine('two\none 1\n', ['one …', 'two'])).toBe('two')
  expect(missingLine('one.\n', ['one!'])).toBe('one!')
})

// Several minutes on a busy machine: each starts programs, and waits for what they print.
test.each(pages)(
  '%s, word by word in a fresh folder',
  async page => {
    expect(await runPage(page)).toBeGreaterThan(5)
  },
  900_000,
)
