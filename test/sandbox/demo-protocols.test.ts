import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadProtocols } from '../../src/protocol/load.ts'
import { summariesOf } from '../../src/protocol/lookup.ts'
import { DemoProtocols } from '../../src/sandbox/demo-protocols.ts'
import { WM_VDAB } from '../../src/sandbox/exchange.ts'

const SAMPLES = fileURLToPath(new URL('../../protocols', import.meta.url))
const NOW = new Date()
const TODAY = NOW.toISOString().slice(0, 10)
const IDS = ['wm-vdab', 'wm-vdab-de-noorderkempen', 'wm-vdab-leefgoed', 'wm-vdab-woonboog']

let folder: string
let source: string
let copy: string
let protocols: DemoProtocols

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-demo-'))
  source = join(folder, 'source')
  copy = join(folder, 'copy')
  cpSync(SAMPLES, source, { recursive: true })
  protocols = new DemoProtocols(source, copy)
  protocols.refresh()
})

afterEach(() => rmSync(folder, { recursive: true }))

function states(): Record<string, string> {
  const summaries = summariesOf(loadProtocols(copy), NOW)
  return Object.fromEntries(summaries.map(({ protocolId, state }) => [protocolId, state]))
}

test('a fresh copy is unsigned, so nothing is in force', () => {
  expect(protocols.ids()).toEqual(IDS)
  expect(protocols.isSigned).toBe(false)
  expect(Object.values(states()).filter(state => state === 'active')).toEqual([])
})

test('signing puts framework and accessions in force today, and not yesterday', () => {
  protocols.sign(TODAY)
  expect(protocols.isSigned).toBe(true)
  expect(states()).toEqual(Object.fromEntries(IDS.map(id => [id, 'active'])))
  const yesterday = new Date(NOW.getTime() - 86_400_000)
  const before = summariesOf(loadProtocols(copy), yesterday).map(({ state }) => state)
  expect(before).not.toContain('active')
  expect(loadProtocols(copy).findings).toEqual([])
})

test('a signature is taken back', () => {
  protocols.sign(TODAY)
  protocols.unsign()
  expect(protocols.isSigned).toBe(false)
  expect(Object.values(states())).not.toContain('active')
})

test('a second run keeps the signatures of unchanged documents', () => {
  protocols.sign(TODAY)
  const record = readFileSync(join(copy, 'wm-vdab', 'signatures.json'), 'utf8')
  protocols.refresh()
  expect(readFileSync(join(copy, 'wm-vdab', 'signatures.json'), 'utf8')).toBe(record)
})

test('a changed document loses its signatures, and only that one', () => {
  protocols.sign(TODAY)
  const file = join(source, 'wm-vdab', 'protocol.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('Kempen', 'Kempen '))
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, `${text.trimEnd()}\n\n`)
  protocols.refresh()
  expect(existsSync(join(copy, 'wm-vdab', 'signatures.json'))).toBe(false)
  expect(existsSync(join(copy, 'wm-vdab-woonboog', 'signatures.json'))).toBe(true)
  expect(protocols.isSigned).toBe(false)
})

test('the samples themselves are not touched', () => {
  protocols.sign(TODAY)
  for (const id of IDS) {
    for (const name of ['protocol.json', 'signatures.json']) {
      const [own, original] = [source, SAMPLES].map(from => readFileSync(join(from, id, name)))
      expect(own!.equals(original!)).toBe(true)
    }
  }
})

test('all parties are named once, with valid and obviously synthetic numbers', () => {
  const parties = protocols.parties()
  const ids = parties.map(party => party.id).toSorted()
  expect(ids).toEqual(['de-noorderkempen', 'leefgoed', 'vdab', 'woonboog'])
  for (const { kbo } of parties) {
    expect(kbo).toMatch(/^0999\d{6}$/)
    expect(97 - (Number(kbo.slice(0, 8)) % 97)).toBe(Number(kbo.slice(8)))
  }
})

test('the sandbox asks under a purpose and target group of the sample', () => {
  const document = JSON.parse(readFileSync(join(SAMPLES, 'wm-vdab', 'protocol.json'), 'utf8'))
  const request = document.messageTypes.find(
    (type: { type: string }) => type.type === 'detection.request',
  )
  expect(document.protocolId).toBe(WM_VDAB.protocol)
  expect(request.purposes).toContain(WM_VDAB.purpose)
  const groups = document.dataSubjects.map(
    (subject: { targetGroup: { id: string; version: string } }) => subject.targetGroup,
  )
  expect(
    groups.map(({ id, version }: { id: string; version: string }) => ({ id, version })),
  ).toContainEqual(WM_VDAB.targetGroup)
})
