import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signReport } from '../../src/cli/protocol/sign.ts'
import { loadProtocols, readProtocols } from '../../src/protocol/load.ts'
import { summariesOf } from '../../src/protocol/lookup.ts'
import { DemoProtocols } from '../../src/sandbox/demo-protocols.ts'
import { WM_VDAB } from '../../src/sandbox/exchange.ts'
import { assembleSigned, testKey } from '../support/statements.ts'

const SAMPLES = fileURLToPath(new URL('../../protocols', import.meta.url))
const NOW = new Date()
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

const KIDS = Object.fromEntries(
  ['vdab', 'de-noorderkempen', 'leefgoed', 'woonboog'].map(id => [id, testKey(id).publicKey.kid!]),
)
const isSigned = () => protocols.isSignedWith(KIDS)

/** Has everyone sign with the command's own code, as the demo does with the command. */
async function sign(): Promise<void> {
  for (const [party, ids] of protocols.signers()) {
    const key = join(folder, `${party}.json`)
    writeFileSync(key, JSON.stringify(testKey(party)))
    const options = { party, key, statement: 'accept' as const }
    await signReport(loadProtocols(copy), copy, ids, options, NOW)
  }
}

const load = (at: Date) => assembleSigned(readProtocols(copy), at)

function states(): Record<string, string> {
  const summaries = summariesOf(load(NOW), NOW)
  return Object.fromEntries(summaries.map(({ protocolId, state }) => [protocolId, state]))
}

test('a fresh copy is unsigned, so nothing is in force', () => {
  expect(protocols.ids()).toEqual(IDS)
  expect(isSigned()).toBe(false)
  expect(Object.values(states()).filter(state => state === 'active')).toEqual([])
})

test('signing puts framework and accessions in force today, and not yesterday', async () => {
  await sign()
  expect(isSigned()).toBe(true)
  expect(states()).toEqual(Object.fromEntries(IDS.map(id => [id, 'active'])))
  const yesterday = new Date(NOW.getTime() - 86_400_000)
  const before = summariesOf(load(yesterday), yesterday).map(({ state }) => state)
  expect(before).not.toContain('active')
  const refused = load(NOW).findings.filter(({ severity }) => severity === 'refused')
  expect(refused).toEqual([])
})

test('a signature is taken back', async () => {
  await sign()
  protocols.unsign()
  expect(isSigned()).toBe(false)
  expect(Object.values(states())).not.toContain('active')
})

test('signatures with a key that its party has no more are no signatures', async () => {
  await sign()
  expect(protocols.isSignedWith({ ...KIDS, vdab: 'another' })).toBe(false)
})

test('a second run keeps the signatures of unchanged documents', async () => {
  await sign()
  const record = readFileSync(join(copy, 'wm-vdab', 'signatures.json'), 'utf8')
  protocols.refresh()
  expect(readFileSync(join(copy, 'wm-vdab', 'signatures.json'), 'utf8')).toBe(record)
})

test('a changed document loses its signatures, and only that one', async () => {
  await sign()
  const file = join(source, 'wm-vdab', 'protocol.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('Kempen', 'Kempen '))
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, `${text.trimEnd()}\n\n`)
  protocols.refresh()
  const signatures = (id: string) =>
    JSON.parse(readFileSync(join(copy, id, 'signatures.json'), 'utf8')).signatures.length
  expect(signatures('wm-vdab')).toBe(0)
  expect(signatures('wm-vdab-woonboog')).toBe(2)
  expect(isSigned()).toBe(false)
})

test('the samples themselves are not touched', async () => {
  await sign()
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
