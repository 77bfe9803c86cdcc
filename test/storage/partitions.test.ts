import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { sequenceOnce } from '../../src/audit/sequencer.ts'
import { verifyEvidence } from '../../src/audit/verify-evidence.ts'
import { examineStore } from '../../src/db/doctor.ts'
import { openPool, type Pool } from '../../src/db/pool.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { settleOnce } from '../../src/exchange/settle.ts'
import { newId } from '../../src/ids.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'

// Over for longer than any agreement keeps its routes, and the month after it is not.
const OLD = new Date(Date.now() - 700 * 86_400_000)
const FAR = new Date('2041-07-01T12:00:00Z')
const tag = (n: number) => Buffer.alloc(16, n)

let gateway: TestGateway
let pool: Pool

beforeAll(async () => {
  // No rounds but those of the test.
  gateway = await testGateway({ roles: 'api' })
  pool = gateway.db.pool
  await openDomain(gateway)
  await gateway.clients.woonboog.detect(detection(tenants(0, 3)))
})
afterAll(() => gateway.close())

const one = async (sql: string, values: unknown[] = []) =>
  (await pool.query<Record<string, unknown>>(sql, values)).rows[0]?.['it']

const partitionOf = (table: string, where: string) =>
  one(`SELECT tableoid::regclass::text AS it FROM ${table} WHERE ${where} LIMIT 1`)

const monthOf = (at: Date) => at.toISOString().slice(0, 7).replace('-', '_')

async function partitionsFinding() {
  const findings = await examineStore(pool)
  return findings.find(({ name }) => name === 'partitions')
}

async function verify() {
  const { context } = gateway
  await sequenceOnce(context)
  const key = await loadLogVerifierKey(context.keys, context.config.logOrigin)
  return verifyEvidence(pool, key, {})
}

async function tryAt(at: Date): Promise<string> {
  const id = newId('att', at)
  await pool.query(
    `INSERT INTO attempt (id, hand_over_id, destination, at)
     SELECT $1, id, 'vdab', $2 FROM hand_over ORDER BY id LIMIT 1`,
    [id, at],
  )
  return id
}

test('what is written goes to the partition of its place or time, and those to come are there', async () => {
  await verify()
  const now = monthOf(new Date())
  expect(await partitionOf('audit_entry', 'index = 0')).toBe('partitions.audit_entry_0')
  expect(await partitionOf('audit_subject', 'true')).toBe(`partitions.audit_subject_${now}`)
  const id = await tryAt(new Date())
  expect(await partitionOf('attempt', `id = '${id}'`)).toBe(`partitions.attempt_${now}`)
  expect(await partitionsFinding()).toMatchObject({ ok: true })
})

test('ids sort into their month whatever the locale: the first and the last millisecond of each', async () => {
  const months = Array.from({ length: 48 }, (_, i) => new Date(Date.UTC(2025, i, 1)))
  for (const month of months) {
    const before = newId('att', new Date(month.getTime() - 1))
    const fits = `SELECT $1 COLLATE "C" < first_id('att', $2) AND first_id('att', $2) <= $3 COLLATE "C" AS it`
    expect(await one(fits, [before, month, newId('att', month)])).toBe(true)
  }
})

test('a clock that jumped is caught by the net, told, and put in its place once there is one', async () => {
  const id = await tryAt(FAR)
  expect(await partitionOf('attempt', `id = '${id}'`)).toBe('partitions.attempt_rest')
  expect(await partitionsFinding()).toMatchObject({
    ok: false,
    detail: 'attempt: rows that no partition was made for',
  })
  await pool.query("SELECT make_month_partition('attempt', '2041-07-01')")
  expect(await partitionOf('attempt', `id = '${id}'`)).toBe('partitions.attempt_2041_07')
  expect(await partitionsFinding()).toMatchObject({ ok: true })
})

test('the log goes on in the next partition, made once', async () => {
  expect(await one('SELECT make_log_partitions(33554431) AS it')).toBe(1)
  expect(await one('SELECT make_log_partitions(33554431) AS it')).toBe(0)
  const names = `SELECT array_agg(inhrelid::regclass::text ORDER BY inhrelid::regclass::text COLLATE "C") AS it FROM pg_inherits
    WHERE inhparent = 'audit_entry'::regclass`
  expect(await one(names)).toEqual([
    'partitions.audit_entry_0',
    'partitions.audit_entry_1',
    'partitions.audit_entry_2',
    'partitions.audit_entry_rest',
  ])
})

test('a partition that is missing is made by a round, by the role of the program', async () => {
  await pool.query('DROP TABLE partitions.attempt_2041_07')
  const next = new Date()
  next.setUTCMonth(next.getUTCMonth() + 2, 1)
  const name = `partitions.audit_subject_${monthOf(next)}`
  await pool.query(`DROP TABLE ${name}`)
  await settleOnce(gateway.context)
  expect(await one('SELECT to_regclass($1)::text AS it', [name])).toBe(name)
})

describe('at the end of their retention', () => {
  let kept: unknown
  beforeAll(async () => {
    for (const table of ['attempt', 'audit_subject'])
      await pool.query('SELECT make_month_partition($1, date_trunc($2, $3::timestamp))', [
        table,
        'month',
        OLD,
      ])
    await tryAt(OLD)
    const actor = { role: 'gateway' }
    await recordEntries(pool, [
      {
        action: 'subject.searched',
        at: OLD,
        actor,
        counts: { entries: 0 },
        decision: 'allowed',
        subjects: [tag(1), tag(2)],
      },
    ])
    await pool.query(
      'UPDATE audit_subject SET at = $1 WHERE subject_tag = $2 OR subject_tag = $3',
      [OLD, tag(1), tag(2)],
    )
    kept = await one('SELECT count(*) AS it FROM audit_subject WHERE subject_tag <> ALL($1)', [
      [tag(1), tag(2)],
    ])
    expect(await verify()).toMatchObject({ ok: true, problems: [] })
  })

  test('persons that are gone by another way are missed', async () => {
    const held = await pool.query('SELECT entry_id FROM audit_subject WHERE subject_tag = $1', [
      tag(1),
    ])
    await pool.query('BEGIN; CREATE TABLE held AS SELECT * FROM audit_subject; COMMIT')
    await pool.query('DELETE FROM audit_subject WHERE entry_id = $1', [held.rows[0]?.['entry_id']])
    expect(await verify()).toMatchObject({ ok: false, problems: [{ kind: 'subject-changed' }] })
    await pool.query('INSERT INTO audit_subject SELECT * FROM held ON CONFLICT DO NOTHING')
    await pool.query('DROP TABLE held')
  })

  test('a reader who takes long keeps a partition, and nobody waits behind the drop for more than a second', async () => {
    const reader = await pool.connect()
    await reader.query('BEGIN; SELECT FROM attempt; SELECT FROM audit_subject')
    const from = performance.now()
    await settleOnce(gateway.context)
    expect(performance.now() - from).toBeLessThan(10_000)
    await reader.query('ROLLBACK')
    reader.release()
    expect(
      await one('SELECT count(*) AS it FROM audit_subject WHERE subject_tag = $1', [tag(1)]),
    ).toBe(1)
  })

  test('a round drops them, an entry says which, and everything else stays right', async () => {
    const balances = await readBalances(pool)
    await settleOnce(gateway.context)
    const month = monthOf(OLD)
    const dropped = `SELECT array_agg(convert_from(entry, 'UTF8')::jsonb ->> 'reason') AS it FROM (
      SELECT action, entry FROM audit_pending UNION ALL SELECT action, entry FROM audit_entry) e
      WHERE action = 'retention.dropped'`
    expect(new Set((await one(dropped)) as string[])).toEqual(
      new Set([`attempt_${month}`, `audit_subject_${month}`]),
    )
    expect(await one('SELECT count(*) AS it FROM audit_subject')).toBe(kept)
    expect(
      await one('SELECT count(*) AS it FROM attempt WHERE at < $1', [new Date(Date.now() - 9e9)]),
    ).toBe(0)
    expect(await readBalances(pool)).toEqual(balances)
    expect(await verify()).toMatchObject({ ok: true, problems: [] })
  })

  test('persons of later entries are missed as before', async () => {
    await pool.query('DELETE FROM audit_subject')
    expect(await verify()).toMatchObject({ ok: false })
  })
})

test('the role of the program can make no partition of its own, and drop none that is not over', async () => {
  const app = openPool(gateway.db.url, { role: 'huisbrug_app', max: 1 })
  const month = monthOf(new Date())
  for (const forbidden of [
    `DROP TABLE partitions.attempt_${month}`,
    `DELETE FROM partitions.audit_entry_0`,
    `SELECT FROM partitions.audit_subject_${month}`,
    `ALTER TABLE audit_entry DETACH PARTITION partitions.audit_entry_0`,
    `SELECT make_log_partitions(99999999)`,
  ])
    await expect(app.query(forbidden)).rejects.toMatchObject({ code: '42501' })
  expect((await app.query('SELECT drop_partitions()')).rows).toEqual([])
  await app.end()
})
