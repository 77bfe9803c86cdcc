import { BEGIN_BY_INDEX, inTransaction, type Tx } from '../../src/db/pool.ts'
import { holdContested } from '../../src/exchange/contested.ts'
import { newId } from '../../src/ids.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const WAITING = 20_000
/** All that waits lies on some 450 blocks. */
const FEW_BLOCKS = 40

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase({ max: 1 })
})
afterAll(() => db.close())

test('who is named by a request is looked up by key, also where the plan was made before much waited', async () => {
  // One connection: its plan is made while every table is empty, and nobody has counted since.
  await inTransaction(db.pool, tx => holdContested(tx, [request()]), BEGIN_BY_INDEX)
  await db.pool.query(
    `INSERT INTO party (id, kind, name, kbo, jwks)
     VALUES ('woonboog', 'housing-company', 'Woonboog', '0999000129', '{"keys":[]}')`,
  )
  await db.pool.query(
    `INSERT INTO hand_over (id, destination, kind, event, counted, items, state, due_at, created_at)
     SELECT id, 'woonboog', 'event', 'be.huisbrug.test', false, 0, 'queued', now(), now()
     FROM unnest($1::text[]) AS n (id)`,
    [Array.from({ length: WAITING }, () => newId('del', new Date()))],
  )
  const blocks = await inTransaction(db.pool, blocksOfContested, BEGIN_BY_INDEX)
  expect(blocks).toBeLessThan(FEW_BLOCKS)
})

function request() {
  const sealed = [{ tag: Buffer.alloc(16, 1), subjectTag: Buffer.alloc(16, 2) }]
  return { protocol: 'wm-vdab', party: 'woonboog', domain: 'wm-vdab/1/1', at: new Date(), sealed }
}

/** Blocks that the statement reads which the connection prepared before. */
async function blocksOfContested(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ plans: number }>(
    `SELECT generic_plans::int AS plans FROM pg_prepared_statements WHERE name = 'contested'`,
  )
  expect(rows).toEqual([{ plans: 1 }])
  const bytes = (value: number) => `decode(repeat('0${value}', 16), 'hex')`
  const explained = await tx.query(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE contested (ARRAY['wm-vdab'], ARRAY['woonboog'],
       ARRAY['wm-vdab/1/1'], ARRAY[1], ${bytes(1)}, ${bytes(2)})`,
  )
  const [{ Plan: plan }] = explained.rows[0]['QUERY PLAN']
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
}
