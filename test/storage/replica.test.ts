import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examineReach } from '../../src/cli/settings/reach.ts'
import { readConfig } from '../../src/config.ts'
import { openPool, type Pool } from '../../src/db/pool.ts'
import { Reading } from '../../src/db/reading.ts'
import { checkReplica } from '../../src/health-replica.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { call } from '../support/raw.ts'
import { type ReplicaPair, replicaPair } from '../support/replica.ts'
import { until } from '../support/until.ts'

let root: string
let pair: ReplicaPair
let gateway: TestGateway
let primary: Pool

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'huisbrug-replica-'))
  pair = await replicaPair(root)
  const settings = {
    HUISBRUG_DATABASE_URL: pair.primaryUrl,
    HUISBRUG_READ_DATABASE_URL: pair.replicaUrl,
  }
  gateway = await testGateway({ settings, roles: 'api,console,sequencer', webhooks: false })
  primary = gateway.context.pool
})
afterAll(async () => {
  await gateway?.close()
  await pair?.close()
  rmSync(root, { recursive: true, force: true })
})

const isRead = (reading: Reading) => () => reading.standing?.isRead
const SLOW_THERE = `SELECT pg_is_in_recovery() AS follows,
  CASE WHEN pg_is_in_recovery() THEN pg_sleep(18) END`
const whereOf = async (db: Pick<Reading, 'query'>): Promise<boolean> =>
  (await db.query('SELECT pg_is_in_recovery() AS follows')).rows[0].follows

test('the log is read on the replica, its evidence written on the primary, and lag is told', async () => {
  const { reading, sessions } = gateway.context
  await until(isRead(reading))
  const { token } = await sessions.makeToken('auditor')
  const headers = { authorization: `Bearer ${token}` }
  const entries = async () => {
    const reply = await call(gateway, 'GET', '/v1/audit/entries?limit=100', { headers })
    expect(reply.status).toBe(200)
    return reply.body['items'] as { entry: { action: string } }[]
  }
  const size = async () => (await primary.query('SELECT size FROM audit_head')).rows[0].size
  await until(async () => (await entries()).length === (await size()))
  pair.stream.cut()
  const seen = await entries()
  // What was read just now is evidence on the primary at once, and not yet on the replica.
  await until(async () => (await size()) > seen.length)
  expect(await entries()).toHaveLength(seen.length)
  const { body } = await call(gateway, 'GET', '/health/ready', {})
  const checks = body['checks'] as unknown as { name: string; ok: boolean; detail: string }[]
  const told = checks.find(({ name }) => name === 'replica')
  expect(told).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/^at most \d\.\d s behind/),
  })
  const metrics = await call(gateway, 'GET', '/metrics', {})
  expect(metrics.text).toMatch(/huisbrug_replica_lag_seconds \d\.\d+\n/)
  expect(metrics.text).toContain('huisbrug_replica_read 1\n')
  pair.stream.restore()
  await until(async () => (await entries()).length > seen.length)
})

test('a replica that falls behind or goes away is not read, and is again when it is well', async () => {
  const reading = new Reading(primary, openPool(pair.replicaUrl, { max: 3 }), 1_500)
  await until(isRead(reading))
  const [steady, under] = [reading.onward(), reading.query(SLOW_THERE)]
  expect([await whereOf(reading), await whereOf(steady)]).toEqual([true, true])
  const inOne = (db: Pool) => db.query('SELECT pg_is_in_recovery() AS follows')
  expect((await reading.within(tx => inOne(tx as never))).rows[0].follows).toBe(true)
  pair.stream.cut()
  await gateway.context.sessions.makeToken('auditor')
  await until(() => reading.standing?.fault === 'behind')
  expect([await whereOf(reading), await whereOf(steady)]).toEqual([false, false])
  expect(checkReplica({ reading })[0]?.ok).toBe(false)
  pair.stream.restore()
  await until(isRead(reading))
  // What went on to the primary stays there, for the replica may know less.
  expect([await whereOf(reading), await whereOf(steady)]).toEqual([true, false])
  await pair.stopReplica()
  expect((await under).rows[0].follows).toBe(false)
  expect(await whereOf(reading)).toBe(false)
  await until(() => reading.standing?.fault === 'away')
  await pair.startReplica()
  await until(isRead(reading))
  expect(await whereOf(reading)).toBe(true)
  await reading.close()
})

test('a server ends the sessions of a host that is cut off, with their locks, within half a minute', async () => {
  const { rows } = await primary.query(
    `SELECT current_setting('tcp_user_timeout') AS silent, current_setting('tcp_keepalives_idle') AS idle`,
  )
  expect(rows).toEqual([{ silent: '20000', idle: '10' }])
})

test('the primary itself is no replica; a wrong statement is wrong, and not asked twice', async () => {
  const same = new Reading(primary, openPool(pair.primaryUrl, { max: 2 }))
  await until(() => same.standing?.fault === 'no replica of the primary')
  expect(checkReplica({ reading: same })[0]?.detail).toMatch(/^no replica/)
  await same.close()
  const { reading } = gateway.context
  await until(isRead(reading))
  await expect(reading.query('SELECT nothing')).rejects.toMatchObject({ code: '42703' })
  await expect(reading.query('DELETE FROM party')).rejects.toMatchObject({ code: '25006' })
  const check = async (url: string) => {
    const config = readConfig({ HUISBRUG_READ_DATABASE_URL: url })
    return (await examineReach(config)).find(({ name }) => name === 'read-database')?.ok
  }
  expect(await check(pair.replicaUrl)).toBe(true)
  expect(await check(pair.primaryUrl)).toBe(false)
  expect(await check('postgres://127.0.0.1:1/x')).toBe(false)
})
