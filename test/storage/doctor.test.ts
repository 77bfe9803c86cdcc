import { join } from 'node:path'
import { examineStore } from '../../src/db/doctor.ts'
import { openPool } from '../../src/db/pool.ts'
import { emptyDatabase, type TestDatabase, testDatabase } from '../support/database.ts'
import { cleanUp, newFolder } from './embedded-kit.ts'

const databases: TestDatabase[] = []
async function open(empty = false): Promise<TestDatabase> {
  const database = empty ? await emptyDatabase() : await testDatabase()
  databases.push(database)
  return database
}
afterEach(async () => {
  for (const database of databases.splice(0)) await database.close()
  await cleanUp()
})

async function unwell(database: Pick<TestDatabase, 'pool'>, dataDir?: string) {
  const findings = await examineStore(database.pool, dataDir)
  return findings.filter(finding => !finding.ok)
}

test('a store that is well: every check passes, and nothing is changed', async () => {
  const database = await open()
  const findings = await examineStore(database.pool, newFolder())
  expect(findings.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
    'connection true',
    'server-version true',
    'encoding true',
    'migrations true',
    'durability true',
    'append-only true',
    'partitions true',
    'clock true',
    'writable true',
    'data-folder true',
  ])
  expect(findings.every(finding => finding.detail && finding.remedy)).toBe(true)
  const { rows } = await database.pool.query(
    "SELECT to_regclass('pg_temp.huisbrug_doctor') AS left",
  )
  expect(rows).toEqual([{ left: null }])
})

test('a server that does not answer: only that is said', async () => {
  const pool = openPool('postgresql://nobody@127.0.0.1:1/nothing')
  const found = await unwell({ pool })
  expect(found.map(finding => finding.name)).toEqual(['connection'])
  expect(found[0]?.remedy).toContain('HUISBRUG_DATABASE_URL')
  await pool.end()
})

test('migrations that are missing are named', async () => {
  const found = await unwell(await open(true))
  const migrations = found.find(finding => finding.name === 'migrations')
  expect(migrations?.detail).toContain('missing 0001_access')
  expect(migrations?.remedy).toContain('huisbrug migrate')
})

test('a migration of a newer program is named', async () => {
  const database = await open()
  await database.pool.query("INSERT INTO migrations.applied VALUES ('9999_future', now()::text)")
  expect((await unwell(database))[0]?.detail).toContain('9999_future')
})

test('commits that do not wait for the disk are named', async () => {
  const database = await open()
  const name = new URL(database.url).pathname.slice(1)
  await database.pool.query(`ALTER DATABASE ${name} SET synchronous_commit = off`)
  const pool = openPool(database.url)
  const found = await unwell({ pool })
  expect(found.map(finding => finding.detail)).toEqual([
    expect.stringContaining('synchronous_commit off'),
  ])
  await pool.end()
})

test.each([
  ['audit_entry', 'DROP TRIGGER append_only ON audit_entry', ['UPDATE', 'DELETE', 'TRUNCATE']],
  [
    'audit_checkpoint',
    'ALTER TABLE audit_checkpoint DISABLE TRIGGER ALL',
    ['UPDATE', 'DELETE', 'TRUNCATE'],
  ],
  ['audit_tile', 'DROP TRIGGER append_only ON audit_tile', ['DELETE', 'TRUNCATE']],
  ['audit_pending', 'DROP TRIGGER append_only ON audit_pending', ['UPDATE', 'TRUNCATE']],
])('evidence that can be changed is named: %s', async (table, damage, statements) => {
  const database = await open()
  await database.pool.query(damage)
  const found = await unwell(database)
  expect(found.map(finding => finding.name)).toEqual(['append-only'])
  for (const statement of statements) expect(found[0]?.detail).toContain(`${table}: ${statement}`)
})

test('a trigger whose function was made toothless is noticed', async () => {
  const database = await open()
  await database.pool.query(
    `CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql
     AS $$ BEGIN RETURN NULL; END $$`,
  )
  expect((await unwell(database))[0]?.detail).toContain('audit_entry: DELETE')
})

test('a store that cannot be written is said to be so', async () => {
  const database = await open()
  const name = new URL(database.url).pathname.slice(1)
  await database.pool.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`)
  const pool = openPool(database.url)
  expect((await unwell({ pool })).map(finding => finding.name)).toContain('writable')
  await pool.end()
})

test('another encoding is named', async () => {
  const database = await open()
  const name = new URL(database.url).pathname.slice(1)
  const other = `${name}_latin1`
  await database.pool.query(
    `CREATE DATABASE ${other} ENCODING LATIN1 LOCALE 'C' TEMPLATE template0`,
  )
  const url = new URL(database.url)
  url.pathname = `/${other}`
  const pool = openPool(url.href)
  const found = await unwell({ pool })
  expect(found.find(finding => finding.name === 'encoding')?.detail).toBe('LATIN1')
  await pool.end()
  await database.pool.query(`DROP DATABASE ${other}`)
})

test('a clock that is off is named', async () => {
  const database = await open()
  await database.pool.query(
    `CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql
     AS $$ SELECT pg_catalog.clock_timestamp() - interval '1 minute' $$`,
  )
  const name = new URL(database.url).pathname.slice(1)
  await database.pool.query(`ALTER DATABASE ${name} SET search_path = public, pg_catalog`)
  const pool = openPool(database.url)
  const clock = (await unwell({ pool })).find(finding => finding.name === 'clock')
  expect(clock?.detail).toMatch(/-(59|60)\d{3} ms/)
  await pool.end()
})

test('a data folder that is not there is named', async () => {
  const found = await unwell(await open(), join(newFolder(), 'missing'))
  expect(found.map(finding => finding.name)).toEqual(['data-folder'])
})
