import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LeakReport, scanForLeaks } from '../../src/sandbox/leak-scan.ts'
import { createPopulation } from '../../src/sandbox/population.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { describeWithRedis, type TestRedis, testRedis } from '../support/redis.ts'

const NUMBERS = createPopulation('leaks', 300).tenants.map(tenant => tenant.insz)
const [PLANTED = ''] = NUMBERS
const SHOWN = PLANTED.replace(/^(..)(..)(..)(...)(..)$/, '$1.$2.$3-$4.$5')
const BASE64 = Buffer.from(`{"insz":"${PLANTED}"}`).toString('base64')

function places(report: LeakReport): string[] {
  return report.leaks.map(leak => leak.place)
}

describe('in the database', () => {
  let db: TestDatabase
  const scan = () => scanForLeaks(NUMBERS, { databaseUrl: db.url, files: [] })

  beforeAll(async () => {
    db = await testDatabase()
    await db.pool.query(`
      CREATE TABLE planted (id int, as_text text, as_json jsonb, as_bytes bytea, as_array text[],
        as_number bigint);
      CREATE SCHEMA "Queue jobs";
      CREATE TABLE "Queue jobs"."odd ""name" (payload bytea[]);
      CREATE TABLE parted (day date, note text) PARTITION BY RANGE (day);
      CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`)
  })

  beforeEach(() => db.pool.query('TRUNCATE planted, "Queue jobs"."odd ""name", parted'))
  afterAll(() => db.close())

  test('nothing is found where nothing is, in all tables of the gateway and the queue', async () => {
    const report = await scan()
    expect(report.leaked).toBe(0)
    expect(report.leaks).toEqual([])
    expect(report.scanned.tables).toBeGreaterThan(20)
  })

  const columns: [string, string, unknown][] = [
    ['text', 'as_text', `x${PLANTED}y`],
    ['text, displayed', 'as_text', SHOWN],
    ['text, base64', 'as_text', BASE64],
    ['json', 'as_json', JSON.stringify({ deep: [{ insz: PLANTED }] })],
    ['an array', 'as_array', ['a', PLANTED]],
    ['a number', 'as_number', PLANTED],
    ['bytes', 'as_bytes', Buffer.concat([Buffer.from([0, 255]), Buffer.from(PLANTED)])],
    ['bytes of base64', 'as_bytes', Buffer.from(BASE64)],
    ['bytes of hexadecimal', 'as_bytes', Buffer.from(Buffer.from(PLANTED).toString('hex'))],
  ]

  test.each(columns)('a number planted as %s is found', async (_what, column, value) => {
    await db.pool.query(`INSERT INTO planted (${column}) VALUES ($1)`, [value])
    const report = await scan()
    expect(report.leaked).toBe(1)
    expect(report.leaks).toEqual([{ place: 'database public.planted', numbers: 1 }])
  })

  test('in another schema, a table with an odd name and an array of bytes', async () => {
    await db.pool.query('INSERT INTO "Queue jobs"."odd ""name" VALUES ($1)', [
      [Buffer.from('nothing'), Buffer.from(PLANTED)],
    ])
    expect(places(await scan())).toEqual(['database "Queue jobs"."odd ""name"'])
  })

  test('in a partition, once', async () => {
    await db.pool.query("INSERT INTO parted VALUES ('2026-05-05', $1)", [PLANTED])
    expect(places(await scan())).toEqual(['database public.parted_1'])
  })

  test('behind thousands of rows, every number counted once', async () => {
    await db.pool.query('INSERT INTO planted (id) SELECT generate_series(1, 5000)')
    await db.pool.query('INSERT INTO planted (as_text) SELECT unnest($1::text[])', [
      [...NUMBERS.slice(0, 7), PLANTED],
    ])
    const report = await scan()
    expect(report.leaked).toBe(7)
    expect(report.scanned.rows).toBeGreaterThan(5_000)
  })

  test('in tables of the gateway itself, in a binary column and encoded', async () => {
    const { pool } = db
    await pool.query('INSERT INTO wrapped_key (name, wrapped) VALUES ($1, $2)', ['k', PLANTED])
    await pool.query("INSERT INTO used_assertion VALUES ('p', $1, now())", [BASE64])
    const found = places(await scan())
    await pool.query('DELETE FROM wrapped_key; DELETE FROM used_assertion')
    expect(found).toEqual(['database public.used_assertion', 'database public.wrapped_key'])
  })

  test('the report repeats no number', async () => {
    await db.pool.query('INSERT INTO planted (as_text) VALUES ($1)', [PLANTED])
    expect(JSON.stringify(await scan())).not.toContain(PLANTED)
  })
})

describeWithRedis('in Redis', () => {
  let redis: TestRedis
  const scan = () => scanForLeaks(NUMBERS, { redisUrl: redis.url, files: [] })

  beforeAll(async () => {
    redis = (await testRedis())!
  })

  beforeEach(() => redis.client.flushall())
  afterAll(() => redis?.close())

  const plants: [string, () => Promise<unknown>][] = [
    ['a key', () => redis.client.set(`job:${PLANTED}`, '1')],
    ['a string', () => redis.client.set('k', `{"id":"${PLANTED}"}`)],
    ['the field of a hash', () => redis.client.hset('k', SHOWN, '1')],
    ['the value of a hash', () => redis.client.hset('k', 'data', BASE64)],
    ['a list', () => redis.client.rpush('k', 'a', PLANTED)],
    ['a set', () => redis.client.sadd('k', PLANTED)],
    ['a sorted set', () => redis.client.zadd('k', 1, PLANTED)],
    ['a stream', () => redis.client.xadd('k', '*', 'event', PLANTED)],
    ['bytes', () => redis.client.set('k', Buffer.from([255, ...Buffer.from(PLANTED), 0]))],
  ]

  test.each(plants)('a number planted in %s is found', async (_what, plant) => {
    await plant()
    const report = await scan()
    expect(report.leaks).toEqual([{ place: 'redis', numbers: 1 }])
  })

  test('all keys are seen', async () => {
    await redis.client.mset(Array.from({ length: 1_500 }, (_, i) => [`k${i}`, 'v']).flat())
    const report = await scan()
    expect(report.leaked).toBe(0)
    expect(report.scanned.redisKeys).toBe(1_500)
  })
})

describe('in files', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'huisbrug-leaks-'))
    mkdirSync(join(folder, 'logs', 'old'), { recursive: true })
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  function scanWith(content: string | Buffer, name = 'gateway.log') {
    const file = join(folder, 'logs', 'old', name)
    writeFileSync(file, content)
    return scanForLeaks(NUMBERS, { files: [join(folder, 'logs'), join(folder, 'missing')] })
  }

  test.each([
    ['a log line', `{"level":"info","message":"got ${PLANTED}"}\n`],
    ['an event that a peer received', JSON.stringify({ data: { tenantRef: SHOWN } })],
    ['a body in base64', `"body":"${BASE64}"`],
    ['binary', Buffer.concat([Buffer.alloc(100, 255), Buffer.from(PLANTED)])],
  ])('a number planted in %s is found', async (_what, content) => {
    const report = await scanWith(content)
    expect(report.leaks).toEqual([
      { place: join(folder, 'logs', 'old', 'gateway.log'), numbers: 1 },
    ])
    expect(report.scanned.files).toBe(1)
  })

  test.each([-20, -11, -5, -1, 0, 1, 11])('%i bytes from the border of two reads', async shift => {
    const border = 4 * 1024 * 1024
    const text = `${'x'.repeat(border + shift)}${PLANTED}${'y'.repeat(200)}`
    expect((await scanWith(text)).leaked).toBe(1)
    const encoded = `${'.'.repeat(border + shift)}${BASE64}${'.'.repeat(200)}`
    expect((await scanWith(encoded)).leaked).toBe(1)
  })

  test('nothing is found where nothing is', async () => {
    const report = await scanWith('msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD 2026-11-21T09:30:00.000Z')
    expect(report).toMatchObject({ leaked: 0, leaks: [] })
  })
})
