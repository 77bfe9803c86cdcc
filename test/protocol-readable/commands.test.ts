import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Agreement } from '../../src/protocol/document.ts'
import { digestOf } from '../../src/protocol/document.ts'
import { SAMPLE_DIR, sampleFramework } from '../protocol/sample.ts'
import { runProtocolHere } from '../support/command-here.ts'

describe('huisbrug protocol', () => {
  let folder: string
  let good: string
  let bad: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'huisbrug-protocol-'))
    good = join(folder, 'good')
    bad = join(folder, 'bad')
    for (const dir of [good, bad]) cpSync(SAMPLE_DIR, dir, { recursive: true })
    write(bad, 'wm-vdab', document => {
      document.recipients[0]!.onward.allowed = true
      document.parties[0]!.kbo = '0999000130'
    })
    mkdirSync(join(bad, 'kapot'))
    writeFileSync(join(bad, 'kapot', 'protocol.json'), '{')
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (dir: string, ...args: string[]) =>
    runProtocolHere(args, { HUISBRUG_PROTOCOLS_DIR: dir })

  test('show says what it is, where it stands, who takes part and what goes', async () => {
    const { code, stdout } = await run(good, 'show', 'wm-vdab')
    expect(code).toBe(0)
    expect(stdout).toContain('state     not known: the database cannot be reached')
    expect(stdout).toContain('advice    vdab, 2025-01-20: with-conditions')
    expect(stdout).toContain('published vdab, 2025-03-12: https://')
    expect(stdout).toContain('party     vdab (recipient)')
    expect(stdout).toContain('message   steps.counts: employment-service to housing-company (off)')
    const json = JSON.parse((await run(good, 'show', 'wm-vdab', '--json')).stdout)
    expect(json).toMatchObject({
      signaturesChecked: false,
      contentHash: digestOf(sampleFramework()),
    })
  })

  test('show names the obstacle of a document that is not in force', async () => {
    const { code, stdout } = await run(bad, 'show', 'wm-vdab')
    expect(code).toBe(0)
    expect(stdout).toMatch(/obstacle {2}HB-317 .*, at recipients\[klantenbestand\]\.onward/)
    const json = JSON.parse((await run(bad, 'show', 'wm-vdab', '--json')).stdout)
    expect(json).toMatchObject({ obstacle: { code: 'HB-317' }, findings: expect.any(Number) })
  })

  test('render writes the page to a file, or to standard output', async () => {
    const file = join(folder, 'page.html')
    const { code, stdout } = await run(good, 'render', 'wm-vdab-woonboog', '--out', file, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ id: 'wm-vdab-woonboog', version: '1.0.0', file })
    const page = readFileSync(file, 'utf8')
    expect(page).toMatch(/^<!DOCTYPE html>/)
    expect((await run(good, 'render', 'wm-vdab-woonboog')).stdout).toBe(page)
    const model = JSON.parse((await run(good, 'render', 'wm-vdab', '--json')).stdout)
    expect(model.articles).toHaveLength(22)
  })

  test('render refuses a name that does not say what to write, and a folder that is not there', async () => {
    const unclear = await run(good, 'render', 'wm-vdab', '--out', join(folder, 'page.docx'))
    expect(unclear.code).toBe(2)
    expect(unclear.stderr).toContain('end it in .html, .pdf or .jsonld, or give --format')
    expect(existsSync(join(folder, 'page.docx'))).toBe(false)
    for (const args of [['render', 'wm-vdab'], ['list']]) {
      const nowhere = await run(good, ...args, '--out', join(folder, 'none', 'page.html'))
      expect(nowhere.code).toBe(1)
      expect(nowhere.stderr).toContain('cannot be written: make its folder first')
    }
  })

  test('lint says where a file is no JSON, and what to do with signatures of another protocol', async () => {
    const dir = join(folder, 'copied')
    cpSync(join(good, 'wm-vdab'), join(dir, 'own'), { recursive: true })
    write(dir, 'own', document => {
      document.protocolId = 'own'
      document.modalities.domain = 'own/1'
    })
    mkdirSync(join(dir, 'kapot'))
    writeFileSync(join(dir, 'kapot', 'protocol.json'), '{\n "a": 1,\n "b": }')
    const { code, stdout } = await run(dir, 'lint')
    expect(code).toBe(1)
    expect(stdout).toContain(`protocol.json is not JSON: Unexpected token '}', "{ "a": 1, "b": }"`)
    expect(stdout).toContain('belongs to another protocol: take it away; signing and publishing')
    const shown = await run(dir, 'show', 'own')
    expect(shown.stdout).toContain('obstacle  HB-317')
  })

  test('diff of two documents, by id or from a file', async () => {
    const file = join(folder, 'next.json')
    const next = sampleFramework()
    next.version = '1.1.0'
    next.modalities.answerWindowDays = 21
    writeFileSync(file, JSON.stringify(next))
    const { code, stdout } = await run(good, 'diff', 'wm-vdab', file)
    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        'Werkwijze',
        '  ~ Termijn om te antwoorden, in dagen (gewijzigd)',
        '      was:   14',
        '      wordt: 21',
        '',
        'Versie',
        '  ~ Gewijzigd',
        '      was:   1.0.0',
        '      wordt: 1.1.0',
        '',
      ].join('\n'),
    )
    const json = JSON.parse((await run(good, 'diff', file, 'wm-vdab', '--json')).stdout)
    expect(json).toMatchObject({ before: { version: '1.1.0' }, after: { version: '1.0.0' } })
    expect(json.sections).toHaveLength(2)
    expect((await run(good, 'diff', 'wm-vdab', 'wm-vdab')).stdout).toBe('Er is niets veranderd.\n')
  })

  test('control characters of a document do not reach the terminal', async () => {
    const file = join(folder, 'bell.json')
    const next = sampleFramework()
    next.sanctions = 'Weg\u001b[2J\u0007'
    writeFileSync(file, JSON.stringify(next))
    const { stdout } = await run(good, 'diff', 'wm-vdab', file)
    expect(stdout).toContain('Weg\u{fffd}[2J\u{fffd}')
  })

  test.each([
    [1, ['show', 'nergens'], 'there is no protocol nergens; there are: '],
    [1, ['show', 'kapot'], 'kapot cannot be read as a protocol document'],
    [1, ['render', 'nergens'], 'there is no protocol nergens'],
    [1, ['lint', 'nergens'], 'nergens is neither the id of a protocol nor a file'],
    [1, ['diff', 'wm-vdab', '/nergens.json'], 'neither the id of a protocol nor a file'],
    [2, ['diff', 'wm-vdab'], "missing required argument 'b'"],
    [2, ['show'], "missing required argument 'id'"],
    [2, ['lint', '--fix'], "unknown option '--fix'"],
  ])('ends with %i: %j', async (code, args, message) => {
    const ended = await run(bad, ...args)
    expect([ended.code, ended.stdout]).toEqual([code, ''])
    expect(ended.stderr).toContain(message)
  })

  test('a folder that is not there ends with 1 and names the setting', async () => {
    const { code, stderr } = await run(join(folder, 'nergens'), 'lint')
    expect(code).toBe(1)
    expect(stderr).toContain('HUISBRUG_PROTOCOLS_DIR')
  })
})

function write(dir: string, id: string, change: (document: Agreement) => void): void {
  const document = sampleFramework()
  change(document)
  writeFileSync(join(dir, id, 'protocol.json'), JSON.stringify(document))
}
