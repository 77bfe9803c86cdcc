import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cosignatureVerifier, readCosignatures } from '../../src/audit/cosignature.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { noteVerifier, openNote } from '../../src/audit/note.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { readConfig } from '../../src/config.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { loadWitnessKey, witnessName } from '../../src/witness/witness.ts'
import { drafts, TEST_MASTER_KEY } from '../audit/support.ts'
import { watchContract } from '../support/contract.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { until } from '../support/gateway.ts'
import { testLog } from '../support/log.ts'
import { otherLog } from './support.ts'

/** A gateway with a log and a witness of its own, that can be stopped and started again. */
interface Side {
  origin: string
  url: string
  db: TestDatabase
  /** Verifier keys of its log and of its witness. */
  logKey: string
  witnessKey: string
  settings: Record<string, string>
  running: Gateway | undefined
}

const { handler, violations } = watchContract()
const third = otherLog('third.example/log')
const fourth = otherLog('fourth.example/log')
let folder: string
let sides: [Side, Side]

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

async function prepare(name: string): Promise<Side> {
  const db = await testDatabase({ max: 5 })
  const keys = new KeyStore(db.pool, TEST_MASTER_KEY)
  const origin = `${name}.example/log`
  const port = await freePort()
  const home = join(folder, name)
  mkdirSync(join(home, 'protocols'), { recursive: true })
  const settings = {
    HUISBRUG_PORT: String(port),
    HUISBRUG_PUBLIC_URL: `http://127.0.0.1:${port}`,
    HUISBRUG_DATA_DIR: home,
    HUISBRUG_DATABASE_URL: db.url,
    HUISBRUG_PROTOCOLS_DIR: join(home, 'protocols'),
    HUISBRUG_MASTER_KEY: TEST_MASTER_KEY.toString('base64url'),
    HUISBRUG_LOG_ORIGIN: origin,
    HUISBRUG_ROLES: 'api,sequencer',
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    HUISBRUG_WITNESSES_FILE: join(home, 'witnesses.json'),
    HUISBRUG_WITNESS_FOR_FILE: join(home, 'logs.json'),
  }
  const { verifierKey } = await loadWitnessKey(keys, witnessName(origin))
  const logKey = await loadLogVerifierKey(keys, origin)
  const url = settings.HUISBRUG_PUBLIC_URL
  return { origin, url, db, logKey, witnessKey: verifierKey, settings, running: undefined }
}

async function start(side: Side): Promise<void> {
  const log = testLog('error').log
  log.silent = true
  const mounts = [{ path: '/', handler }]
  side.running = await startGateway(readConfig(side.settings), log, { mounts })
}

async function stop(side: Side): Promise<void> {
  await side.running?.close()
  side.running = undefined
}

const checkpointOf = async (side: Side) => {
  const response = await fetch(`${side.url}/log/checkpoint`)
  return response.ok ? response.text() : ''
}
const signedSize = async (side: Side): Promise<number> =>
  (await side.db.pool.query('SELECT size FROM audit_head')).rows[0].size
const sizeOf = (note: string) => Number(note.split('\n')[1] ?? 0)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-witness-'))
  sides = [await prepare('one'), await prepare('two')]
  for (const [own, other] of [sides, sides.toReversed()] as [Side, Side][]) {
    const witnesses = [{ verifierKey: other.witnessKey, url: `${other.url}/witness` }]
    const policy = { required: 1, whenMissing: 'wait', timeoutSeconds: 10, witnesses }
    writeFileSync(own.settings['HUISBRUG_WITNESSES_FILE']!, JSON.stringify(policy))
    const others = [third, fourth].map(it => ({ origin: it.origin, logKey: it.verifierKey }))
    const logs = [other, ...others]
    const known = logs.map(({ origin, logKey }) => ({ origin, verifierKeys: [logKey] }))
    writeFileSync(own.settings['HUISBRUG_WITNESS_FOR_FILE']!, JSON.stringify({ logs: known }))
  }
  for (const side of sides) await start(side)
})
afterAll(async () => {
  for (const side of sides) {
    await stop(side)
    await side.db.close()
  }
  rmSync(folder, { recursive: true, force: true })
  expect(violations).toEqual([])
})

test('two gateways witness one another: what each publishes holds the cosignature of the other', async () => {
  for (const [own, other] of [sides, sides.toReversed()] as [Side, Side][]) {
    const note = await until('a cosigned checkpoint', async () => {
      const shown = await checkpointOf(own)
      return shown.includes(`— ${other.origin}/witness `) && shown
    })
    const opened = openNote(note, [noteVerifier(own.logKey)])
    const lines = note.slice(note.indexOf('\n\n') + 2)
    const { good } = readCosignatures(lines, opened.text, [cosignatureVerifier(other.witnessKey)])
    expect(good).toHaveLength(1)
    expect(Math.abs((good[0]?.time ?? 0) - Date.now() / 1000)).toBeLessThan(60)
  }
})

test('while the other is away signing goes on and publishing waits, over a restart of either', async () => {
  const [one, two] = sides
  await stop(two)
  const before = sizeOf(await checkpointOf(one))
  await recordEntries(one.db.pool, drafts(5))
  await until('signed', async () => (await signedSize(one)) >= before + 5)
  await until('missed', async () => {
    const { rows } = await one.db.pool.query('SELECT missing_since AS at FROM audit_publishing')
    return rows[0].at
  })
  expect(sizeOf(await checkpointOf(one))).toBeLessThan(before + 5)
  const ready = await fetch(`${one.url}/health/ready`)
  const { checks } = (await ready.json()) as { checks: { name: string; ok: boolean }[] }
  expect([ready.status, checks.find(it => it.name === 'witnesses')?.ok]).toEqual([200, false])
  await stop(one)
  await Promise.all([start(one), start(two)])
  await until('published', async () => sizeOf(await checkpointOf(one)) >= before + 5)
  await until('well', async () => {
    const text = await (await fetch(`${one.url}/metrics`)).text()
    return text.includes(`huisbrug_witness_alarm{witness="${two.origin}/witness"} 0`)
  })
})

describe('a witness', () => {
  const ask = async (body: string | Buffer, type = 'text/plain') => {
    const headers = { 'content-type': type }
    const url = `${sides[0].url}/witness/add-checkpoint`
    const response = await fetch(url, {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers,
    })
    const text = await response.text()
    return { status: response.status, type: response.headers.get('content-type'), text }
  }
  const known = () => cosignatureVerifier(sides[0].witnessKey)

  test('answers as the specification says, and holds the size that it cosigned last', async () => {
    expect(await ask('what?')).toMatchObject({ status: 400 })
    expect(await ask(Buffer.alloc(20_000, 97))).toMatchObject({ status: 413 })
    const stranger = otherLog('stranger.example/log')
    const unknown = await ask(stranger.request(0, 3))
    expect([unknown.status, JSON.parse(unknown.text).code]).toEqual([404, 'HB-909'])
    const forged = third.request(0, 3).replace(/— third.*\n/, '')
    const faker = otherLog(third.origin)
    expect(await ask(faker.request(0, 3))).toMatchObject({ status: 403 })
    expect(await ask(forged)).toMatchObject({ status: 400 })
    expect(await ask(third.request(4, 3))).toMatchObject({ status: 400 })
    const stale = { status: 409, type: 'text/x.tlog.size' }
    expect(await ask(third.request(2, 3))).toMatchObject({ ...stale, text: '0\n' })
    // The first may be of any size, without a proof.
    const first = await ask(third.request(0, 3), 'application/octet-stream')
    expect(first.status).toBe(200)
    const text = third.note(3).split('\n\n')[0]!
    expect(readCosignatures(first.text, `${text}\n`, [known()]).good).toHaveLength(1)
    expect(await ask(third.request(0, 5))).toMatchObject({ ...stale, text: '3\n' })
    const wrong = await ask(third.request(3, 5).replace(/old 3\n(.{4})/, 'old 3\nAAAA'))
    expect([wrong.status, JSON.parse(wrong.text).code]).toEqual([422, 'HB-910'])
    expect(await ask(third.request(3, 5))).toMatchObject({ status: 200 })
    expect(await ask(third.request(5, 5))).toMatchObject({ status: 200 })
    expect(await ask(third.request(3, 5))).toMatchObject({ ...stale, text: '5\n' })
    expect(await ask(third.request(5, 4))).toMatchObject({ status: 400 })
  })

  test('cosigns no fork: not of the same size, not of a larger one, also after a restart', async () => {
    const fork = async () => [
      (await ask(third.request(5, 5, 'b'))).status,
      (await ask(third.request(5, 8, 'b'))).status,
      (await ask(third.request(0, 8, 'b'))).status,
      (await ask(third.request(2, 8, 'b'))).status,
    ]
    expect(await fork()).toEqual([409, 422, 409, 409])
    await stop(sides[0])
    await start(sides[0])
    expect(await fork()).toEqual([409, 422, 409, 409])
    const [{ size }] = (
      await sides[0].db.pool.query('SELECT size FROM witness_state WHERE origin = $1', [
        third.origin,
      ])
    ).rows as [{ size: number }]
    expect(size).toBe(5)
    for (const change of [
      'UPDATE witness_state SET size = size - 1',
      "UPDATE witness_state SET root = sha256('x') WHERE size > 0",
      'DELETE FROM witness_state',
      'TRUNCATE witness_state',
    ])
      await expect(sides[0].db.pool.query(change)).rejects.toMatchObject({ code: '23001' })
  })

  test('asked by many at once it never cosigns two that contradict each other', async () => {
    let held = 5
    for (let turn = 0; turn < 4; turn++) {
      const asked = Array.from({ length: 12 }, (_, i) => {
        const [history, size] = [i % 2 ? 'a' : 'b', held + 1 + (i % 3)]
        return { history, size, body: third.request(held, size, history) }
      })
      const answers = await Promise.all(asked.map(it => ask(it.body)))
      const cosigned = asked.filter((_, i) => answers[i]?.status === 200)
      expect(new Set(cosigned.map(it => it.history))).toEqual(new Set(['a']))
      expect(new Set(cosigned.map(it => it.size)).size).toBe(1)
      held = cosigned[0]!.size
      expect(answers.every(it => [200, 409, 422].includes(it.status))).toBe(true)
    }
    // Of a log of which nothing was cosigned, whoever is first decides which history it is.
    const fresh = Array.from({ length: 12 }, (_, i) => (i % 2 ? 'a' : 'b'))
    const answers = await Promise.all(
      fresh.map((history, i) => ask(fourth.request(0, 4 + (i % 3), history))),
    )
    expect(answers.filter(it => it.status === 200)).toHaveLength(1)
  })
})
