import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { Command } from 'commander'
import { addLint, lintReport } from '../../src/cli/protocol/lint.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { loadProtocols } from '../../src/protocol/load.ts'
import { SAMPLE_DIR } from '../protocol/sample.ts'
import { cleanFramework, found } from './base.ts'

let root: string
let good: string
let bad: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'huisbrug-lint-'))
  good = join(root, 'good')
  bad = join(root, 'bad')
  for (const dir of [good, bad]) cpSync(SAMPLE_DIR, dir, { recursive: true })
  edit(bad, 'wm-vdab', document => {
    found(document.recipients[0]).onward.allowed = true
    document.dpoAdvice.pop()
  })
  mkdirSync(join(bad, 'kapot'))
  writeFileSync(join(bad, 'kapot', 'protocol.json'), '{')
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

function edit(dir: string, folder: string, change: (document: Agreement) => void): void {
  const file = join(dir, folder, 'protocol.json')
  const document = JSON.parse(readFileSync(file, 'utf8')) as Agreement
  change(document)
  writeFileSync(file, JSON.stringify(document))
}

function fileWith(name: string, document: object): string {
  const file = join(root, name)
  writeFileSync(file, JSON.stringify(document))
  return file
}

/** Runs the command as the program does; what it prints, and how it would end. */
async function run(dir: string, args: string[], colours = false): Promise<[number, string]> {
  const before = { dir: process.env['HUISBRUG_PROTOCOLS_DIR'], code: process.exitCode }
  let printed = ''
  const writeOut = (text: string) => {
    printed += text
  }
  const program = new Command().exitOverride()
  program.configureOutput({ writeOut, getOutHasColors: () => colours })
  addLint(program)
  process.env['HUISBRUG_PROTOCOLS_DIR'] = dir
  process.exitCode = 0
  try {
    await program.parseAsync(['lint', ...args], { from: 'user' })
    return [Number(process.exitCode), printed]
  } finally {
    process.exitCode = before.code
    if (before.dir === undefined) delete process.env['HUISBRUG_PROTOCOLS_DIR']
    else process.env['HUISBRUG_PROTOCOLS_DIR'] = before.dir
  }
}

test('the shipped documents: warnings only, exit 0; with --strict, exit 1', async () => {
  const [code, printed] = await run(good, [])
  expect(code).toBe(0)
  expect(printed).not.toMatch(/refused|incomplete/)
  expect(printed).toMatch(/\n\d+ documents, \d+ warnings\n$/)
  expect((await run(good, ['--strict']))[0]).toBe(1)
})

test('refused and incomplete: grouped by document, the heaviest first, exit 1', async () => {
  const [code, printed] = await run(bad, [])
  expect(code).toBe(1)
  expect(printed).toContain(`kapot: 1 refused
  refused not-json at protocol.json
      protocol.json is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)
      source: schemas/protocol.json
`)
  const start = printed.indexOf('wm-vdab: 1 refused, 1 incomplete, ')
  const group = printed.slice(start, printed.indexOf('\n\n', start))
  const weights = [...group.matchAll(/^ {2}(refused|incomplete|warning) /gm)].map(([, one]) => one)
  expect(weights.slice(0, 3)).toEqual(['refused', 'incomplete', 'warning'])
  expect(weights.lastIndexOf('incomplete')).toBe(1)
  expect(group).toContain('  refused onward-transfer at recipients[klantenbestand].onward\n')
  expect(group).toContain('  incomplete missing-advice at dpoAdvice\n')
})

test('one document by its id', async () => {
  const [code, printed] = await run(bad, ['wm-vdab-woonboog', '--json'])
  expect(code).toBe(0)
  const { documents, findings } = JSON.parse(printed)
  expect(documents).toBe(1)
  expect(findings.map(({ protocol }: { protocol: string }) => protocol)).toEqual(
    findings.map(() => 'wm-vdab-woonboog'),
  )
  expect(findings[0]).toMatchObject({ severity: 'warning', code: 'sample-document' })
  expect((await run(bad, ['kapot']))[0]).toBe(1)
})

test('a file outside the folder: clean, incomplete, of the wrong shape, or no JSON', async () => {
  const clean = cleanFramework()
  expect(await run(good, [fileWith('clean.json', clean), '--strict'])).toEqual([
    0,
    '1 document, no findings\n',
  ])
  clean.dpoAdvice = []
  const [code, printed] = await run(good, [fileWith('incomplete.json', clean)])
  expect(code).toBe(1)
  expect(printed).toContain('wm-vdab: 2 incomplete\n')
  expect((await run(good, [fileWith('shape.json', { kind: 'framework' })]))[1]).toContain(
    'shape at',
  )
  const broken = join(root, 'broken.json')
  writeFileSync(broken, '{')
  expect((await run(good, [broken]))[1]).toContain(`${broken}: 1 refused`)
  await expect(run(good, [join(root, 'nothing.json')])).rejects.toThrow(
    /neither the id .* nor a file/,
  )
})

test('colours where the terminal has them, and never from the document', async () => {
  const set = loadProtocols(bad)
  const plain = lintReport(set, undefined, { dir: bad }).text
  const coloured = lintReport(set, undefined, { colours: true, dir: bad }).text
  expect(plain).not.toContain('\u001b')
  expect(coloured).toContain('\u001b[31mrefused\u001b[39m')
  expect(stripVTControlCharacters(coloured)).toBe(plain)
  expect((await run(bad, [], true))[1]).toBe(coloured)
  const document = cleanFramework()
  found(document.parties[0]).website = 'http://x.example'
  found(document.dataElements[0]).id = '\u001b[31mx'
  const { text } = lintReport(set, fileWith('escape.json', document))
  expect(text).not.toContain('\u001b')
})
