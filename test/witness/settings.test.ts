import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readWitnessedLogs, readWitnessPolicy } from '../../src/witness/settings.ts'
import { readStampSettings } from '../../src/witness/stamp.ts'
import { otherLog, testWitness } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'huisbrug-witness-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const none = {
  askFile: undefined,
  forFile: undefined,
  timestampUrl: undefined,
  timestampCaFile: undefined,
}
function fileOf(content: unknown): string {
  const file = join(folder, 'settings.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}
const policy = (content: unknown) =>
  readWitnessPolicy({ witness: { ...none, askFile: fileOf(content) }, allowLoopback: false })
const logs = (content: unknown) =>
  readWitnessedLogs({ witness: { ...none, forFile: fileOf(content) } })

const { verifierKey, name } = testWitness()
const { verifierKey: logKey, origin } = otherLog('other.example/log')
const one = { verifierKey, url: 'https://w.example.org/' }
const good = { required: 1, whenMissing: 'wait', witnesses: [one] }

test('a good file is read; without a file there are none', () => {
  const read = policy({ ...good, timeoutSeconds: 2 })
  expect(read).toMatchObject({ required: 1, whenMissing: 'wait', timeoutMs: 2000 })
  expect(read?.witnesses[0]).toMatchObject({ name, url: 'https://w.example.org' })
  expect(logs({ logs: [{ origin, verifierKeys: [logKey] }] }).get(origin)).toHaveLength(1)
  expect(readWitnessPolicy({ witness: none, allowLoopback: false })).toBeUndefined()
  expect(readWitnessedLogs({ witness: none }).size).toBe(0)
  expect(readStampSettings({ witness: none })).toBeUndefined()
})

test.each<[string, unknown]>([
  ['HUISBRUG_WITNESSES_FILE: the file is not JSON', '{'],
  ['/required must be >= 1', { ...good, required: 0 }],
  ['/required is more than there are witnesses', { ...good, required: 2 }],
  ['/whenMissing must be equal to one of', { ...good, whenMissing: 'ignore' }],
  ['/witnesses must NOT have fewer than 1', { ...good, witnesses: [] }],
  ['/ must NOT have additional properties', { ...good, more: 1 }],
  [
    '/witnesses/0/verifierKey: no witness key',
    { ...good, witnesses: [{ ...one, verifierKey: logKey }] },
  ],
  ['/witnesses/0/name is not the name', { ...good, witnesses: [{ ...one, name: 'other' }] }],
  ['/witnesses names one witness twice', { ...good, witnesses: [one, one] }],
  [
    '/witnesses/0/url: must be an https',
    { ...good, witnesses: [{ ...one, url: 'http://w.example.org' }] },
  ],
  [
    '/witnesses/0/url: must be an https',
    { ...good, witnesses: [{ ...one, url: 'https://10.0.0.1' }] },
  ],
])('a file of witnesses that is wrong is refused with the place: %s', (message, content) => {
  expect(() => policy(content)).toThrow(message)
})

test.each<[string, unknown]>([
  ['HUISBRUG_WITNESS_FOR_FILE: the file is not JSON', ''],
  ['/logs/0/verifierKeys/0: no key of a log', { logs: [{ origin, verifierKeys: [verifierKey] }] }],
  ['another name than the origin', { logs: [{ origin: 'x', verifierKeys: [logKey] }] }],
  ['/logs/1/origin is there twice', { logs: Array(2).fill({ origin, verifierKeys: [logKey] }) }],
])('a file of logs that is wrong is refused with the place: %s', (message, content) => {
  expect(() => logs(content)).toThrow(message)
})

test('files that are not there, and certificates that are none, are told by their setting', () => {
  const missing = join(folder, 'nothing.json')
  const witness = {
    ...none,
    askFile: missing,
    timestampUrl: 'https://t.example',
    timestampCaFile: missing,
  }
  expect(() => readWitnessPolicy({ witness, allowLoopback: false })).toThrow(
    'WITNESSES_FILE: the file cannot be read',
  )
  expect(() => readStampSettings({ witness })).toThrow('HUISBRUG_TIMESTAMP_CA_FILE')
  const timestampCaFile = fileOf('no certificate')
  expect(() => readStampSettings({ witness: { ...witness, timestampCaFile } })).toThrow(
    'no certificates',
  )
})
