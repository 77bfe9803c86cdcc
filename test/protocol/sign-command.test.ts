import { generateKeyPairSync } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Agreement, Signatures } from '../../src/protocol/document.ts'
import { digestOf } from '../../src/protocol/document.ts'
import { statusAt } from '../../src/protocol/lifecycle.ts'
import { readProtocols } from '../../src/protocol/load.ts'
import { runProtocolHere } from '../support/command-here.ts'
import { lastJson } from '../support/demo.ts'
import { assembleSigned, testKey } from '../support/statements.ts'
import { SAMPLE_DIR, sampleFramework } from './sample.ts'

const NOW = new Date()
const TODAY = NOW.toISOString().slice(0, 10)

let folder: string
let dir: string
let key: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-sign-'))
  dir = join(folder, 'protocols')
  key = join(folder, 'vdab.json')
  cpSync(SAMPLE_DIR, dir, { recursive: true })
  writeFileSync(key, JSON.stringify(testKey('vdab').privateKey))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (...args: string[]) => runProtocolHere(args, { HUISBRUG_PROTOCOLS_DIR: dir })
const sign = (...args: string[]) => run('sign', 'wm-vdab', '--party', 'vdab', '--key', key, ...args)

function record(id = 'wm-vdab'): Signatures {
  return JSON.parse(readFileSync(join(dir, id, 'signatures.json'), 'utf8'))
}

function amend(change: (document: Agreement) => void): void {
  const file = join(dir, 'wm-vdab', 'protocol.json')
  const document = JSON.parse(readFileSync(file, 'utf8'))
  change(document)
  writeFileSync(file, JSON.stringify(document))
}

const statusOf = (id: string) => {
  const set = assembleSigned(readProtocols(dir), NOW)
  const status = statusAt(set.protocols.get(id)!, NOW)
  return status === 'in-force' ? status : status.code
}

test('signs as the representative, today, and that alone puts the sample in force', async () => {
  const before = record()
  const ended = await sign('--json')
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  const digest = digestOf(sampleFramework())
  const { kid } = testKey('vdab').privateKey
  expect(lastJson(ended)).toMatchObject({
    kid,
    items: [
      { protocol: 'wm-vdab', party: 'vdab', statement: 'accept', date: TODAY, written: true },
    ],
  })
  const [line, ...more] = record().signatures
  expect(more).toEqual([])
  expect(line).toEqual({
    party: 'vdab',
    function: 'gedelegeerd bestuurder',
    date: TODAY,
    statement: 'accept',
    digest,
    jws: expect.any(String),
  })
  expect({ ...record(), signatures: [] }).toEqual(before)
  expect(readdirSync(join(dir, 'wm-vdab')).toSorted()).toEqual([
    'README.md',
    'protocol.json',
    'signatures.json',
  ])
  expect(statusOf('wm-vdab')).toBe('in-force')

  const again = await sign()
  expect(again.code).toBe(0)
  expect(again.stdout).toContain(`accepts wm-vdab 1.0.0 already, since ${TODAY}: nothing changed`)
  expect(record().signatures).toHaveLength(1)

  const revoked = await sign('--statement', 'revoke', '--signer', 'iemand', '--function', 'raad')
  expect(revoked.code).toBe(0)
  expect(revoked.stdout).toContain('final: only a new version can take its place')
  expect(record().signatures.map(one => [one.statement, one.function])).toEqual([
    ['accept', 'gedelegeerd bestuurder'],
    ['revoke', 'raad'],
  ])
  expect(statusOf('wm-vdab')).toBe('HB-306')
  const vain = await sign()
  expect(vain.stdout).toContain('but vdab revoked this text: it does not come in force')
  expect(statusOf('wm-vdab')).toBe('HB-306')
})

test('one party signs several documents in one go; two parties at once lose nothing', async () => {
  const ids = ['wm-vdab', 'wm-vdab-woonboog', 'wm-vdab-leefgoed']
  const own = join(folder, 'woonboog.json')
  // As the kit's generateKeyPair gives it: the pair.
  writeFileSync(own, JSON.stringify(testKey('woonboog')))
  const [vdab, woonboog] = await Promise.all([
    run('sign', ...ids, '--party', 'vdab', '--key', key),
    run('sign', 'wm-vdab-woonboog', '--party', 'woonboog', '--key', own),
  ])
  expect([vdab.code, woonboog.code]).toEqual([0, 0])
  expect(
    ids.map(id =>
      record(id)
        .signatures.map(({ party }) => party)
        .toSorted(),
    ),
  ).toEqual([['vdab'], ['vdab', 'woonboog'], ['vdab']])
  expect(existsSync(join(dir, 'wm-vdab-woonboog', '.signatures.lock'))).toBe(false)
})

test('a PEM key of another kind signs as well, under the kid that is given', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(key, privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const ended = await sign('--kid', 'sleutel-2026', '--date', '2025-03-10', '--json')
  expect(lastJson(ended)).toMatchObject({ kid: 'sleutel-2026', items: [{ date: '2025-03-10' }] })
  const header = record().signatures[0]?.jws?.split('.')[0] ?? ''
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({
    alg: 'ES256',
    kid: 'sleutel-2026',
  })
})

describe('refuses', () => {
  const refused = async (ended: ReturnType<typeof run>, why: RegExp) => {
    const { code, stderr, stdout } = await ended
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(why)
    expect(record().signatures).toEqual([])
  }

  test('a party that is not in the document', () =>
    refused(
      run('sign', 'wm-vdab', '--party', 'woonboog', '--key', key),
      /no party woonboog in wm-vdab 1\.0\.0; there are: vdab/,
    ))

  test('a date before the decree, before the last advice, yet to come, or no date', async () => {
    await refused(sign('--date', '2024-12-31'), /signed from 2025-01-01: its decree comes first/)
    await refused(sign('--date', '2025-01-23'), /signed from 2025-01-24: its advices come first/)
    await refused(sign('--date', '2199-01-01'), /yet to come/)
    await refused(sign('--date', '2025-02-30'), /is no date/)
  })

  test('a key that cannot be read, is public only, or is of no use', async () => {
    await refused(sign('--key', join(folder, 'nowhere')), /cannot be read/)
    writeFileSync(key, JSON.stringify(testKey('vdab').publicKey))
    await refused(sign(), /public key only/)
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    writeFileSync(key, publicKey.export({ format: 'pem', type: 'spki' }))
    await refused(sign(), /public key only/)
    writeFileSync(key, privateKey.export({ format: 'pem', type: 'pkcs8' }))
    await refused(sign(), /Ed25519, P-256, or RSA/)
    writeFileSync(key, 'geheim')
    const ended = sign()
    await refused(ended, /no private key/)
    expect((await ended).stderr).not.toContain('geheim')
  })

  test('to accept a document with a refused finding; it may be rejected', async () => {
    amend(document => {
      document.recipients[0]!.onward.allowed = true
    })
    await refused(sign(), /may not be accepted as it is: see huisbrug protocol lint wm-vdab/)
    expect((await sign('--statement', 'reject')).code).toBe(0)
  })

  test('one of several versions without a word which; nothing is written for any', async () => {
    cpSync(join(dir, 'wm-vdab'), join(dir, 'wm-vdab-next'), { recursive: true })
    amend(document => {
      document.version = '1.1.0'
    })
    const ids = ['wm-vdab-woonboog', 'wm-vdab']
    await refused(
      run('sign', ...ids, '--party', 'vdab', '--key', key),
      /several versions of wm-vdab \(1\.0\.0, 1\.1\.0\): say which with --version/,
    )
    expect(record('wm-vdab-woonboog').signatures).toEqual([])
    expect((await sign('--version', '1.1.0')).code).toBe(0)
    expect([record().version, record().signatures.length]).toEqual(['1.1.0', 1])
  })

  test('a record that is not its own, and leaves it as it is', async () => {
    const file = join(dir, 'wm-vdab', 'signatures.json')
    writeFileSync(file, '{ "half')
    const { code, stderr } = await sign('--statement', 'reject')
    expect([code, readFileSync(file, 'utf8')]).toEqual([1, '{ "half'])
    expect(stderr).toMatch(/is no record of wm-vdab/)
  })

  test('wrong use', async () => {
    expect((await run('sign', 'wm-vdab', '--party', 'vdab')).code).toBe(2)
    expect((await sign('--statement', 'agree')).code).toBe(2)
  })
})

test('publish records where a party published this very text, once', async () => {
  const url = 'https://vdab.example/elders'
  const publish = (...args: string[]) =>
    run('publish', 'wm-vdab', '--party', 'vdab', '--url', url, ...args)
  const before = record().publication
  expect((await publish('--date', '2026-01-02')).code).toBe(0)
  const digest = digestOf(sampleFramework())
  expect(record().publication).toEqual([
    ...before,
    { party: 'vdab', url, date: '2026-01-02', digest },
  ])
  expect((await publish()).stdout).toContain('there already: nothing changed')
  expect(record().publication).toHaveLength(before.length + 1)
  const wrong = await run('publish', 'wm-vdab', '--party', 'vdab', '--url', 'javascript:alert(1)')
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('give the address')])
})
