import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { decide } from '../../src/protocol/decide.ts'
import { ProtocolRegistry, type RegistryChange } from '../../src/protocol/registry.ts'
import { signFolders, testNotes, writeRecord } from '../support/statements.ts'
import { PATIENCE } from '../support/until.ts'
import { IN_FORCE, question, readSample, SAMPLE_DIR } from './sample.ts'

let dir: string
/** The folder as it was, to put back. */
let signedDir: string
let logged: { level: string; message: string; meta: unknown }[]
let registry: ProtocolRegistry | undefined

const keep = (level: string) => (message: string, meta?: unknown) => {
  logged.push({ level, message, meta })
}
const log = { info: keep('info'), warn: keep('warn'), error: keep('error') } as never

beforeEach(() => {
  logged = []
  dir = mkdtempSync(join(tmpdir(), 'huisbrug-registry-'))
  signedDir = mkdtempSync(join(tmpdir(), 'huisbrug-signed-'))
  cpSync(SAMPLE_DIR, dir, { recursive: true })
  signFolders(dir)
  cpSync(dir, signedDir, { recursive: true })
})

afterEach(() => {
  registry?.close()
  registry = undefined
  for (const one of [dir, signedDir]) rmSync(one, { recursive: true, force: true })
})

async function open(
  clock?: () => Date,
): Promise<{ registry: ProtocolRegistry; changes: RegistryChange[] }> {
  const opened = await ProtocolRegistry.open(dir, log, {
    notes: testNotes(),
    ...(clock && { clock }),
  })
  registry = opened
  const changes: RegistryChange[] = []
  opened.onChange(change => {
    changes.push(change)
  })
  return { registry: opened, changes }
}

function suspend(folder: string): void {
  writeRecord(join(dir, folder), record => {
    const from = new Date(Date.now() - 1000).toISOString()
    record.suspensions.push({ from, until: null, by: 'vdab', reason: 'test' })
  })
}

async function until(condition: () => boolean, milliseconds: number): Promise<number> {
  const start = performance.now()
  while (!condition()) {
    if (performance.now() - start > milliseconds) throw new Error('it did not happen in time')
    await sleep(10)
  }
  return performance.now() - start
}

const now = () => question({ at: new Date() })
const outcome = (one: ProtocolRegistry, party = 'woonboog') => {
  const decision = decide(one.current(), { ...now(), party })
  return decision.allow ? 'allowed' : decision.code
}

test('reload tells whether anything changed, and keeps the same set where nothing did', async () => {
  const { registry: one, changes } = await open()
  expect(await one.reload()).toBe(false)
  expect(changes).toEqual([])
  suspend('wm-vdab')
  expect(await one.reload()).toBe(true)
  expect(changes[0]?.changes.map(({ id, event }) => [id, event])).toEqual([
    ['wm-vdab', 'suspended'],
  ])
  expect(changes[0]?.set).toBe(one.current())
  expect(outcome(one)).toBe('HB-307')
})

test('a suspension works within a second while it watches, and so does its end', async () => {
  const { registry: one, changes } = await open()
  one.watch()
  await sleep(1_200)
  const record = join(dir, 'wm-vdab', 'signatures.json')
  suspend('wm-vdab')
  expect(await until(() => outcome(one) === 'HB-307', PATIENCE * 2_000)).toBeLessThan(
    PATIENCE * 1_000,
  )
  cpSync(join(signedDir, 'wm-vdab', 'signatures.json'), record)
  expect(await until(() => outcome(one) === 'allowed', PATIENCE * 2_000)).toBeLessThan(
    PATIENCE * 1_000,
  )
  await until(() => changes.length === 2, PATIENCE * 1_000)
  expect(changes.flatMap(one => one.changes.map(({ event }) => event))).toEqual([
    'suspended',
    'resumed',
  ])
})

test('nothing is read again while nothing changes', async () => {
  const { registry: one } = await open()
  const set = one.current()
  await sleep(1_100)
  one.watch()
  await sleep(700)
  const settled = one.current()
  await sleep(700)
  expect(one.current()).toBe(settled)
  expect([...settled.protocols.keys()]).toEqual([...set.protocols.keys()])
})

test('a broken document takes down itself only, and says so once', async () => {
  const { registry: one, changes } = await open()
  writeFileSync(join(dir, 'wm-vdab-woonboog', 'protocol.json'), '{ "half')
  await one.reload()
  expect(outcome(one)).toBe('HB-317')
  expect(outcome(one, 'leefgoed')).toBe('allowed')
  expect(changes[0]?.changes).toMatchObject([
    { id: 'wm-vdab-woonboog', event: 'broken', after: { status: 'HB-317', digest: '' } },
  ])
  await one.reload()
  expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
  cpSync(join(signedDir, 'wm-vdab-woonboog'), join(dir, 'wm-vdab-woonboog'), { recursive: true })
  await one.reload()
  expect(outcome(one)).toBe('allowed')
  expect(changes[1]?.changes).toMatchObject([{ id: 'wm-vdab-woonboog', event: 'in-force' }])
})

test('a file caught half-written does not count while it is being written', async () => {
  const { registry: one, changes } = await open()
  await sleep(1_200)
  one.watch()
  await sleep(300)
  const path = join(dir, 'wm-vdab', 'protocol.json')
  const begun = performance.now()
  writeFileSync(path, '{ "half')
  await sleep(20)
  cpSync(join(signedDir, 'wm-vdab', 'protocol.json'), path)
  // On a machine that stood still meanwhile it was not being written any more, but left so.
  const isQuick = performance.now() - begun < 200
  await sleep(900)
  expect(outcome(one)).toBe('allowed')
  if (isQuick) expect(changes).toEqual([])
  writeFileSync(path, '{ "half')
  await until(() => outcome(one) === 'HB-317', PATIENCE * 1_500)
})

test('a folder that goes away is phase 1, one that comes back is not', async () => {
  const { registry: one, changes } = await open()
  renameSync(join(dir, 'wm-vdab-leefgoed'), join(dir, '.leefgoed'))
  await one.reload()
  expect(outcome(one, 'leefgoed')).toBe('HB-302')
  renameSync(join(dir, '.leefgoed'), join(dir, 'wm-vdab-leefgoed'))
  await one.reload()
  expect(outcome(one, 'leefgoed')).toBe('allowed')
  expect(changes.map(change => change.changes[0]?.event)).toEqual(['removed', 'in-force'])
})

test('without its folder nothing is in force; to begin with it must be there', async () => {
  const { registry: one } = await open()
  rmSync(dir, { recursive: true })
  await one.reload()
  expect(outcome(one)).toBe('HB-301')
  await expect(ProtocolRegistry.open(dir, log)).rejects.toThrow(/ENOENT/)
})

test('dates pass without any file changing', async () => {
  let time = new Date('2025-05-31T23:59:59.999Z')
  const { registry: one, changes } = await open(() => time)
  expect(one.standings().get('wm-vdab-woonboog')).toMatchObject({ status: 'HB-305' })
  time = new Date('2025-06-01T00:00:00.000Z')
  expect(await one.reload()).toBe(true)
  expect(changes[0]?.changes.map(({ id, event }) => `${id} ${event}`)).toEqual([
    'wm-vdab-de-noorderkempen in-force',
    'wm-vdab-woonboog in-force',
  ])
  expect(one.standings().get('wm-vdab-leefgoed')).toMatchObject({ status: 'HB-304' })
  time = IN_FORCE
  await one.reload()
  const standings = [...one.standings().values()]
  expect(standings.filter(({ status }) => status !== 'in-force')).toEqual([])
})

test('a listener that is done hears nothing more; one that fails does not stop the looking', async () => {
  const { registry: one, changes } = await open()
  const off = one.onChange(() => {
    throw new Error('no')
  })
  suspend('wm-vdab')
  await expect(one.reload()).rejects.toThrow('no')
  expect(outcome(one)).toBe('HB-307')
  off()
  cpSync(join(signedDir, 'wm-vdab'), join(dir, 'wm-vdab'), { recursive: true })
  expect(await one.reload()).toBe(true)
  expect(changes.length).toBe(2)
})

test('an edit after signature is another text, that nobody signed', async () => {
  const { registry: one, changes } = await open()
  const path = join(dir, 'wm-vdab', 'protocol.json')
  const document = readSample('wm-vdab', 'protocol') as { modalities: { granularity: string } }
  document.modalities.granularity = 'person'
  writeFileSync(path, JSON.stringify(document))
  await one.reload()
  expect(outcome(one)).toBe('HB-304')
  // The accessions joined another text.
  expect(changes[0]?.changes.map(({ id, event }) => `${id} ${event}`)).toEqual(
    ['', '-de-noorderkempen', '-leefgoed', '-woonboog'].map(end => `wm-vdab${end} changed`),
  )
  expect(changes[0]?.changes[0]).toMatchObject({ after: { status: 'HB-304' } })
})
