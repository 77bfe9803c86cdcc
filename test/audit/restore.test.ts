import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpoint } from '../../src/audit/checkpoint.ts'
import { Disclosures } from '../../src/audit/disclosure.ts'
import { parseEntry } from '../../src/audit/entry.ts'
import { loadLogVerifierKey, loadLogVerifierKeys } from '../../src/audit/log-key.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { PublishedCheckpoints } from '../../src/audit/published.ts'
import { latestCheckpoint, proofFileOf } from '../../src/audit/query.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { recoverLog } from '../../src/audit/recover.ts'
import { sequenceOnce } from '../../src/audit/sequencer.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { recoverCommand } from '../../src/cli/audit/recover.ts'
import { openPool, type Pool } from '../../src/db/pool.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { syntheticNumber } from '../support/people.ts'
import { newDatabaseName, runOnServer, testServer, urlOfDatabase } from '../support/server.ts'
import { drafts, ORIGIN, TEST_MASTER_KEY, type TestLog, testLog } from './support.ts'

// One program on one data folder: before, it works on the database; after, on a copy that was made earlier.
let log: TestLog
let folder: string
const made: { pool: Pool; name: string }[] = []
const clock = () => new Date('2026-11-21T09:00:00Z')

beforeEach(async () => {
  log = await testLog()
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-restore-'))
})
afterEach(async () => {
  for (const { pool, name } of made.splice(0)) {
    await pool.end()
    await runOnServer(testServer().url, `DROP DATABASE ${name} WITH (FORCE)`)
  }
  await log.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The program as it starts on a database: nothing is remembered but the data folder. */
function program(pool: Pool, dataDir = folder) {
  const published = new PublishedCheckpoints(dataDir)
  const keys = new KeyStore(pool, TEST_MASTER_KEY)
  const config = { logOrigin: ORIGIN, evidenceMs: 60_000 }
  const parts = { pool, keys, config, published, clock }
  return { ...parts, disclosures: new Disclosures(parts), sequence: () => sequenceOnce(parts) }
}

/** A copy of a database as it is now, as a backup that was restored. */
async function copyOf(url: string): Promise<Pool> {
  const name = newDatabaseName()
  const from = new URL(url).pathname.slice(1)
  await runOnServer(
    testServer().url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${from}'`,
  )
  await runOnServer(testServer().url, `CREATE DATABASE ${name} TEMPLATE ${from} STRATEGY file_copy`)
  const pool = openPool(urlOfDatabase(testServer().url, name), { max: 5 })
  made.push({ pool, name })
  return pool
}

async function actions(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query(
    `SELECT action FROM (SELECT id + 1000000 AS place, action FROM audit_pending
     UNION ALL SELECT index, action FROM audit_entry) AS entries ORDER BY place`,
  )
  return rows.map(row => row.action).filter(action => action !== 'message.accepted')
}

/** Ten entries published, a backup, and five more published. */
async function restored(): Promise<{ older: Pool; last: string }> {
  const running = program(log.pool)
  await recordEntries(log.pool, drafts(10))
  await running.sequence()
  const older = await copyOf(log.url)
  await recordEntries(log.pool, drafts(5, 10))
  await running.sequence()
  return { older, last: (await latestCheckpoint(log.pool))?.note ?? '' }
}

test('a database that is older than what was published is not gone on with, in any process', async () => {
  const { older } = await restored()
  await recordEntries(older, drafts(1, 20))
  await expect(program(older).sequence()).rejects.toMatchObject({ code: 'log-rolled-back' })
  expect((await latestCheckpoint(older))?.size).toBe(10)
  // One on another machine, which has no such file, learns it from the database.
  const elsewhere = program(older, join(folder, 'elsewhere'))
  await expect(elsewhere.sequence()).rejects.toMatchObject({ code: 'log-rolled-back' })
  await expect(elsewhere.disclosures.assertOpen()).rejects.toMatchObject({ code: 'HB-908' })
  const { detail } = await elsewhere.disclosures.read()
  expect(detail).toMatch(/checkpoint of huisbrug.example\/test-log with 15 entries is not in/)
  await program(older).disclosures.read()
  expect(await actions(older)).toEqual(['disclosure.stopped'])
})

test('it is noticed by who signs nothing too, also while it runs', async () => {
  const { older, last } = await restored()
  const reading = program(older, join(folder, 'reader'))
  await reading.disclosures.assertOpen()
  await reading.published.keep(last)
  await new Promise(resolve => setTimeout(resolve, 1_100))
  await expect(reading.disclosures.assertOpen()).rejects.toMatchObject({ code: 'HB-908' })
  await expect(program(older, join(folder, 'other')).sequence()).rejects.toMatchObject({
    code: 'log-rolled-back',
  })
})

test('the same size with another history, by the same key, is noticed', async () => {
  const { older } = await restored()
  // As who went on without the folder would have made it.
  await recordEntries(older, drafts(9, 40))
  const forked = program(older, join(folder, 'empty'))
  await forked.sequence()
  await expect(program(older).sequence()).rejects.toMatchObject({ code: 'log-rolled-back' })
})

test('a person accepts it: the log goes on under another name, and forks from nothing', async () => {
  const { older, last } = await restored()
  const after = program(older)
  await recordEntries(older, drafts(2, 20))
  await after.disclosures.read()
  const recovered = await recoverLog(after, 'The disk broke')
  expect(recovered).toMatchObject({ origin: `${ORIGIN}/2`, kept: 10, published: 15 })
  expect(await after.sequence()).toBe(4)
  await new Promise(resolve => setTimeout(resolve, 1_100))
  await after.disclosures.assertOpen()
  expect(await actions(older)).toEqual([
    'disclosure.stopped',
    'log.recovered',
    'disclosure.resumed',
  ])
  await after.sequence()

  const now = (await latestCheckpoint(older))?.note ?? ''
  const keys = await loadLogVerifierKeys(after.keys, ORIGIN)
  expect(keys[0]).toBe(await loadLogVerifierKey(after.keys, ORIGIN))
  expect(keys[0]).toBe(recovered?.verifierKey)
  expect(openCheckpoint(now, noteVerifier(keys[0]!)).origin).toBe(`${ORIGIN}/2`)
  expect(() => openCheckpoint(now, noteVerifier(keys[1]!))).toThrow()
  expect(openCheckpoint(last, noteVerifier(keys[1]!)).size).toBe(15)
  // What was there is still proven, in the new log.
  expect(await proofFileOf(older, 3)).toContain(`\n${ORIGIN}/2\n`)
  const { rows } = await older.query(
    `SELECT entry, d.details FROM audit_entry e JOIN audit_detail d USING (entry_id)
     WHERE action = 'log.recovered'`,
  )
  expect(parseEntry(rows[0].entry).counts).toEqual({ kept: 10, published: 15 })
  expect(JSON.parse(rows[0].details)).toMatchObject({ reason: 'The disk broke', published: last })
  expect(await recoverLog(program(older), 'Once more')).toBeUndefined()
  expect((await verifyLog(older, keys)).problems).toEqual([])

  // The database from before the restore would go on with a log that was given up: that shows too.
  await expect(program(log.pool).sequence()).rejects.toMatchObject({ code: 'log-rolled-back' })
  expect((await recoverLog(program(log.pool), 'Found it again'))?.origin).toBe(`${ORIGIN}/3`)
  await program(log.pool).sequence()
  expect((await latestCheckpoint(log.pool))?.note).toContain(`${ORIGIN}/3\n`)
})

test('huisbrug audit recover asks for a reason that may be kept, and tells the new key', async () => {
  const { older } = await restored()
  const written: string[] = []
  const print = jest.spyOn(process.stdout, 'write').mockImplementation(text => {
    written.push(String(text))
    return true
  })
  const store = { ...program(older), close: async () => {} }
  const opened = { ...store, config: { ...store.config, dataDir: folder } }
  const run = (...args: string[]) =>
    recoverCommand(async () => opened as never).parseAsync(['--json', ...args], { from: 'user' })
  await expect(run('--reason', ' ')).rejects.toThrow(/^--reason has 1 to 500 characters/)
  await expect(run('--reason', `For ${syntheticNumber(1)}`)).rejects.toThrow(/national number/)
  await run('--reason', 'The disk broke')
  await run('--reason', 'Once more')
  print.mockRestore()
  const [recovered, refused] = written.map(text => JSON.parse(text))
  expect(recovered).toMatchObject({ origin: `${ORIGIN}/2`, kept: 10, published: 15 })
  expect(recovered.verifierKey).toBe(await loadLogVerifierKey(store.keys, ORIGIN))
  expect(refused).toMatchObject({ refused: true })
  expect(process.exitCode).toBe(1)
  process.exitCode = 0
})

test('another database in the same folder is another log', async () => {
  await restored()
  const other = await testLog()
  await recordEntries(other.pool, drafts(1))
  expect(await program(other.pool).sequence()).toBe(1)
  await program(other.pool).disclosures.assertOpen()
  expect(await recoverLog(program(other.pool), 'Nothing is wrong')).toBeUndefined()
  await other.close()
})
