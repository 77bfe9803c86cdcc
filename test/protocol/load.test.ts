import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decide } from '../../src/protocol/decide.ts'
import type { Finding } from '../../src/protocol/finding.ts'
import { loadProtocols, parseFolder, readProtocols } from '../../src/protocol/load.ts'
import { assembleSigned, signFolders } from '../support/statements.ts'
import {
  folderOf,
  IN_FORCE,
  question,
  readSample,
  SAMPLE_DIR,
  SAMPLE_FOLDERS,
  sampleAccession,
  sampleFramework,
  setWith,
  signed,
} from './sample.ts'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'huisbrug-protocols-'))
  cpSync(SAMPLE_DIR, dir, { recursive: true })
  signFolders(dir)
})

afterEach(() => rmSync(dir, { recursive: true }))

const load = () => assembleSigned(readProtocols(dir), IN_FORCE)

/** What is wrong, without what is only unwise. */
const wrong = (findings: readonly Finding[]) =>
  findings.filter(({ severity, code }) => severity === 'refused' || code.startsWith('signature-'))

function put(folder: string, file: string, text: string): void {
  mkdirSync(join(dir, folder), { recursive: true })
  writeFileSync(join(dir, folder, file), text)
}

test('the shipped folder loads without a finding', () => {
  const set = loadProtocols(SAMPLE_DIR)
  expect(wrong(set.findings)).toEqual([])
  expect([...set.protocols.keys()]).toEqual(expect.arrayContaining(SAMPLE_FOLDERS))
  expect(set.protocols.get('wm-vdab')?.folder).toBe('wm-vdab')
})

test.each([
  ['not JSON', '{', 'not-json'],
  ['empty', '', 'not-json'],
  ['binary', '\u0000\ufffd', 'not-json'],
  ['null', 'null', 'shape'],
  ['a list', '[]', 'shape'],
  ['another kind', '{"kind":"contract"}', 'shape'],
  ['a missing section', '{"kind":"accession","protocolId":"broken"}', 'shape'],
])('a document that is %s becomes a finding; the others keep working', (_, text, code) => {
  put('broken', 'protocol.json', text)
  const set = load()
  expect(set.broken.get('broken')?.[0]).toMatchObject({
    protocol: 'broken',
    folder: 'broken',
    code,
  })
  expect(wrong(set.findings).length).toBe(set.broken.get('broken')?.length)
  expect(decide(set, question()).allow).toBe(true)
})

test('a protocol.json that is a folder, and a broken link, are no way in and no way down', () => {
  mkdirSync(join(dir, 'odd', 'protocol.json'), { recursive: true })
  mkdirSync(join(dir, 'gone'))
  symlinkSync(join(dir, 'nowhere'), join(dir, 'gone', 'protocol.json'))
  symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'))
  const set = load()
  expect([...set.broken.keys()]).toEqual(['odd'])
  expect(decide(set, question()).allow).toBe(true)
})

test('folders without a protocol.json, hidden ones, and loose files are passed over', () => {
  put('.git', 'protocol.json', '{')
  put('notes', 'README.md', 'notes')
  writeFileSync(join(dir, 'protocol.json'), '{')
  expect(wrong(load().findings)).toEqual([])
})

test('a protocols folder that is not there is an error of its own', () => {
  expect(() => loadProtocols(join(dir, 'nowhere'))).toThrow(/ENOENT/)
})

describe('signatures.json', () => {
  test('may be missing: the document is there, unsigned', () => {
    rmSync(join(dir, 'wm-vdab-woonboog', 'signatures.json'))
    const set = load()
    expect(wrong(set.findings)).toEqual([])
    expect(decide(set, question())).toMatchObject({ code: 'HB-304' })
    const other = question({ party: 'leefgoed' })
    expect(decide(set, other).allow).toBe(true)
  })

  test.each([
    ['not JSON', '[', 'not-json'],
    ['of another shape', '{"signatures":[]}', 'shape'],
    [
      'of another protocol',
      JSON.stringify(readSample('wm-vdab', 'signatures')),
      'signatures-elsewhere',
    ],
  ])('that is %s makes its document invalid, and no other', (_, text, code) => {
    put('wm-vdab-woonboog', 'signatures.json', text)
    const set = load()
    expect(set.protocols.get('wm-vdab-woonboog')?.findings[0]).toMatchObject({ code })
    expect(decide(set, question())).toMatchObject({ code: 'HB-317' })
    expect(decide(set, question({ party: 'leefgoed' })).allow).toBe(true)
  })
})

test('two folders with one version of one id: neither counts, the others do', () => {
  cpSync(join(dir, 'wm-vdab-woonboog'), join(dir, 'wm-vdab-woonboog-copy'), { recursive: true })
  const set = load()
  expect(wrong(set.findings)).toMatchObject([
    { code: 'two-documents', protocol: 'wm-vdab-woonboog', folder: 'wm-vdab-woonboog' },
    { code: 'two-documents', protocol: 'wm-vdab-woonboog', folder: 'wm-vdab-woonboog-copy' },
  ])
  expect(decide(set, question())).toMatchObject({ code: 'HB-317' })
  expect(decide(set, question({ party: 'leefgoed' })).allow).toBe(true)
})

test('an accession without its framework, to an accession, or by another kind of party', () => {
  const codes = (change: (document: ReturnType<typeof sampleAccession>) => void) =>
    wrong(setWith({ accession: change }).protocols.get('wm-vdab-woonboog')?.findings ?? []).map(
      one => one.code,
    )
  expect(codes(one => Object.assign(one, { framework: 'elsewhere' }))).toEqual(['no-framework'])
  expect(codes(one => Object.assign(one, { framework: one.protocolId }))).toEqual(['no-framework'])
  expect(codes(one => Object.assign(one.parties[0]!, { kind: 'welfare-office' }))).toEqual([
    'may-not-accede',
  ])
})

test('one party that accedes twice: neither document counts, other parties go on', () => {
  const again = sampleAccession()
  again.protocolId = 'wm-vdab-woonboog-2'
  const set = setWith({
    more: [folderOf(again, signed(again)), folderOf(sampleAccession('leefgoed'))],
  })
  expect(wrong(set.findings).map(one => `${one.protocol} ${one.code}`)).toEqual([
    'wm-vdab-woonboog accedes-twice',
    'wm-vdab-woonboog-2 accedes-twice',
  ])
  expect(decide(set, question())).toMatchObject({ code: 'HB-317' })
  expect(decide(set, question({ party: 'leefgoed' }))).toMatchObject({ code: 'HB-304' })
})

test('a finding repeats no value of the document', () => {
  const secret = '85073003328'
  const document = { ...sampleFramework(), language: secret, [secret]: secret }
  const text = JSON.stringify(parseFolder(folderOf(document as never)))
  expect(text).toContain('"code":"shape"')
  expect(text).not.toContain(secret)
})

test('a published copy, with digest and signatures inside, has the digest of its document', () => {
  const document = sampleFramework()
  const { signatures, publication } = signed(document)
  const contentHash = signatures[0]!.digest
  const copy = { ...document, signatures, publication, contentHash }
  const parsed = parseFolder(folderOf(copy))
  if (!parsed || !('loaded' in parsed)) throw new Error('not loaded')
  expect([parsed.loaded.digest, wrong(parsed.loaded.findings)]).toEqual([contentHash, []])
})
