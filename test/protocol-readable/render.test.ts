import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SAMPLE_DIR } from '../protocol/sample.ts'
import { runCommand } from '../support/demo.ts'

describe('huisbrug protocol render and list', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'huisbrug-render-'))
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (...args: string[]) =>
    runCommand(['protocol', ...args], {
      HUISBRUG_PROTOCOLS_DIR: SAMPLE_DIR,
      HUISBRUG_DATA_DIR: join(folder, 'data'),
    })

  test('the name of the file says what it becomes, unless a format is given', async () => {
    const [pdf, jsonld, html] = ['a.pdf', 'a.jsonld', 'a.txt'].map(name => join(folder, name))
    const drawn = await run('render', 'wm-vdab', '--out', pdf!, '--json')
    expect([drawn.code, JSON.parse(drawn.stdout)]).toEqual([
      0,
      expect.objectContaining({ id: 'wm-vdab', version: '1.0.0', format: 'pdf', file: pdf }),
    ])
    expect(readFileSync(pdf!).subarray(0, 5).toString()).toBe('%PDF-')
    expect((await run('render', 'wm-vdab', '--out', jsonld!)).code).toBe(0)
    expect(JSON.parse(readFileSync(jsonld!, 'utf8'))).toHaveProperty(['@context', 'dpv'])
    expect((await run('render', 'wm-vdab', '--out', html!, '--format', 'html')).code).toBe(0)
    expect(readFileSync(html!, 'utf8')).toMatch(/^<!DOCTYPE html>/)
  })

  test('to standard output: JSON-LD as text, and a PDF where that is no terminal', async () => {
    const jsonld = await run('render', 'wm-vdab-woonboog', '--format', 'jsonld')
    expect(JSON.parse(jsonld.stdout)['@graph']).toHaveLength(2)
    const pdf = await run('render', 'wm-vdab', '--format', 'pdf')
    expect([pdf.code, pdf.stdout.slice(0, 5)]).toEqual([0, '%PDF-'])
  })

  test('says that no signature was checked where there is no database', async () => {
    const { stderr, stdout } = await run('render', 'wm-vdab')
    expect(stderr).toContain('no signature was checked')
    expect(stdout).toContain('is dit document niet in werking')
  })

  test('another format is wrong use', async () => {
    const { code, stdout, stderr } = await run('render', 'wm-vdab', '--format', 'doc')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('It is html, pdf or jsonld.')
  })

  test('list: Organisatie, Doel, Van wie, Wat, Protocol', async () => {
    const { code, stdout } = await run('list', '--json')
    expect(code).toBe(0)
    const { items } = JSON.parse(stdout) as { items: Record<string, string>[] }
    const framework = items.find(({ id }) => id === 'wm-vdab')
    expect(Object.keys(framework ?? {})).toEqual([
      'id',
      'organisatie',
      'doel',
      'van wie',
      'wat',
      'protocol',
    ])
    expect(framework?.['organisatie']).toContain('elke woonmaatschappij die toetreedt')
    expect(framework?.['doel']).toContain('Opsporen in het klantenbestand')
    const text = (await run('list')).stdout
    for (const name of ['Organisatie:', 'Doel:', 'Van wie:', 'Wat:', 'Protocol:']) {
      expect(text).toContain(name)
    }
  })

  test('list as a page that stands beside the pages of the protocols', async () => {
    const file = join(folder, 'lijst.html')
    const { code, stdout } = await run('list', '--out', file)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Wrote \d+ protocols to /)
    expect(readFileSync(file, 'utf8')).toContain('href="./wm-vdab-woonboog.html"')
  })
})
