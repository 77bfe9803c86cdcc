import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

test('every table and every column carries a comment', async () => {
  const { rows } = await database.pool.query(
    `SELECT c.relname AS name, a.attname AS column
       FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
       LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p', 'v', 'm')
        AND (obj_description(c.oid, 'pg_class') IS NULL
          OR c.relkind IN ('r', 'p') AND col_description(c.oid, a.attnum) IS NULL)`,
  )
  expect(rows).toEqual([])
})
