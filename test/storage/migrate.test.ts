import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { migrate, migrationState } from '../../src/db/migrate.ts'
import { emptyDatabase, type TestDatabase } from '../support/database.ts'
import { testLog } from '../support/log.ts'
import { cleanUp, newFolder, REPOSITORY } from './embedded-kit.ts'

const NAMES = readdirSync(join(REPOSITORY, 'src/db/migrations'))
  .map(file => file.replace('.sql', ''))
  .sort()

let database: TestDatabase
beforeEach(async () => {
  database = await emptyDatabase()
})
afterEach(async () => {
  await database.close()
  await cleanUp()
})

test('applies every file in order, says which, and the second time none', async () => {
  const { log, lines } = testLog()
  expect(await migrationState(database.pool)).toEqual({ applied: [], pending: NAMES, unknown: [] })
  expect(await migrate(database.url, log)).toEqual(NAMES)
  expect(await migrate(database.url, log)).toEqual([])
  expect(await migrationState(database.pool)).toEqual({ applied: NAMES, pending: [], unknown: [] })
  expect(lines.filter(line => line.message === 'migrated the database')).toHaveLength(1)
})

test('several processes at once: each migration is applied by one of them', async () => {
  const { log } = testLog()
  const applied = await Promise.all([1, 2, 3, 4, 5].map(() => migrate(database.url, log)))
  expect(applied.flat().sort()).toEqual(NAMES)
})

test('a database that is newer than the program is refused by name, and left as it is', async () => {
  const { log } = testLog()
  await migrate(database.url, log)
  await database.pool.query("INSERT INTO migrations.applied VALUES ('9999_future', now()::text)")
  await expect(migrate(database.url, log)).rejects.toThrow(/newer than this program.*9999_future/)
  expect((await migrationState(database.pool)).unknown).toEqual(['9999_future'])
})

test('a migration that fails is named and leaves nothing of itself or of those with it', async () => {
  const folder = cloneMigrations()
  writeFileSync(
    join(folder, 'src/db/migrations/0005_wrong.sql'),
    'CREATE TABLE half (one int); SELECT 1 / 0;',
  )
  const { code, said } = await runClone(folder, database.url)
  expect(code).not.toBe(0)
  expect(said).toContain('0005_wrong failed')
  const { rows } = await database.pool.query(
    "SELECT count(*)::int AS n FROM information_schema.tables WHERE table_schema = 'public'",
  )
  expect(rows).toEqual([{ n: 0 }])
})

test('a later migration is added to what is there, also from another folder', async () => {
  await migrate(database.url, testLog().log)
  const folder = cloneMigrations()
  writeFileSync(join(folder, 'src/db/migrations/9998_more.sql'), 'CREATE TABLE more (one int);')
  const { code, said } = await runClone(folder, database.url)
  expect({ code, applied: JSON.parse(said) }).toEqual({ code: 0, applied: ['9998_more'] })
  await expect(migrate(database.url, testLog().log)).rejects.toThrow('9998_more')
})

/** A program with migrations of its own: its files are found beside it, not in the repository. */
function cloneMigrations(): string {
  const folder = newFolder()
  mkdirSync(join(folder, 'src'))
  cpSync(join(REPOSITORY, 'src/db'), join(folder, 'src/db'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(
    join(folder, 'migrate.ts'),
    `import { migrate } from './src/db/migrate.ts'
     console.log(JSON.stringify(await migrate(process.argv[2], { info() {} })))`,
  )
  return folder
}

async function runClone(folder: string, url: string): Promise<{ code: number; said: string }> {
  const env = { ...process.env, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, [join(folder, 'migrate.ts'), url], { env })
  let said = ''
  child.stdout.on('data', data => {
    said += data
  })
  child.stderr.on('data', data => {
    said += data
  })
  const [code] = await once(child, 'close')
  return { code, said }
}
