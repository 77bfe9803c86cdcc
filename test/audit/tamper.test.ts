import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { verifyEvidence } from '../../src/audit/verify-evidence.ts'
import { verifyGuards } from '../../src/audit/verify-guards.ts'
import { receiptVerifier } from '../../src/audit/verify-receipts.ts'
import type { Problem } from '../../src/audit/verify-report.ts'
import type { Tx } from '../../src/db/pool.ts'
import { erase } from '../../src/subject/erasure.ts'
import { detection, forwardedTo, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber, tenant } from '../support/people.ts'
import { prepareTestRegister } from '../support/register.ts'
import { DAMAGES, readTargets, type Targets } from './tamper-evidence.ts'

const RUNS = 200
const PERIOD = TODAY.slice(0, 7)

let gateway: TestGateway
let targets: Targets
let verify: () => ReturnType<typeof verifyEvidence>
let db: Tx

// A small exchange as it really goes; then the gateway stops, and its database is open to damage.
beforeAll(async () => {
  gateway = await testGateway()
  await exchange()
  await until('all is delivered and sequenced', async () => {
    const { rows } = await gateway.db.pool.query(
      `SELECT (SELECT count(*) FROM audit_pending)
         + (SELECT count(*) FROM hand_over WHERE state IN ('queued', 'retrying')) AS open`,
    )
    return rows[0].open === 0
  })
  const { keys, config, signing } = gateway.context
  const key = await loadLogVerifierKey(keys, config.logOrigin)
  const verifyReceipt = receiptVerifier(await signing.publicJwks())
  await gateway.gateway.close()
  targets = await readTargets(gateway.db.pool)
  db = await gateway.db.pool.connect()
  verify = () => verifyEvidence(db, key, { verifyReceipt })
})
afterAll(async () => {
  db?.release()
  await Promise.all([gateway.vdab, ...Object.values(gateway.hooks)].map(peer => peer.close()))
  await gateway.db.close()
  rmSync(dirname(gateway.protocolsDir), { recursive: true, force: true })
})

async function exchange(): Promise<void> {
  const { woonboog, vdab } = gateway.clients
  const numbers = Array.from({ length: 10 }, (_, index) => syntheticNumber(index))
  const register = await prepareTestRegister(gateway, numbers)
  const { messageId } = await woonboog.detect(
    detection([...tenants(0, 8), { ...tenant(9), insz: '00000000000' }]),
  )
  const forwarded = await forwardedTo(gateway, messageId)
  const [known] = await register.open(forwarded)
  const requestDigest = String(forwarded.body['requestDigest'])
  await vdab.answer(messageId, { requestDigest, found: 8 })
  await vdab.feedback({
    protocol: 'wm-vdab',
    domain: register.domain,
    items: [{ tag: known!.tag, reachability: 'hard-to-reach', establishedOn: TODAY }],
  })
  await woonboog.closePeriod('wm-vdab', PERIOD)
  await expect(woonboog.detect(detection(tenants(20, 1)))).rejects.toMatchObject({ code: 'HB-509' })
  const { tenantRef } = tenant(0)
  await woonboog.tenanciesEnded({ protocol: 'wm-vdab', items: [{ tenantRef, endedOn: TODAY }] })
  register.close()
  const request = { insz: syntheticNumber(1), caseRef: 'GDPR-1', reason: 'Verzoek', at: new Date() }
  await erase(gateway.context, { ...request, by: { role: 'privacy-officer', client: 'ses_test' } })
}

test('evidence that nobody touched is whole, also where a person was erased', async () => {
  const { rows } = await db.query('SELECT FROM audit_subject WHERE leaf IS NOT NULL')
  expect(rows.length).toBeGreaterThan(0)
  expect(await verify()).toMatchObject({ ok: true, problems: [] })
})

test('every trigger of the schema is looked at', async () => {
  for (const { table, name } of targets.triggers) {
    const problems = await damaged(`ALTER TABLE ${table} DISABLE TRIGGER ${name}`, verifyGuards)
    expect([table, name, ...problems.map(({ kind }) => kind)]).toEqual([
      table,
      name,
      'trigger-disabled',
    ])
  }
})

test(`one change is found and named, whatever it is: ${RUNS} random ones`, async () => {
  const seed = Date.now() % 2 ** 31
  const draw = drawFrom(seed)
  const makers = Object.entries(DAMAGES)
  const missed: object[] = []
  for (let run = 0; run < RUNS; run++) {
    const [name, make] = makers[run % makers.length]!
    const { sql, kinds } = make(targets, draw)
    const problems = await damaged(sql)
    const named = problems.map(({ kind }) => kind)
    const good = named.length > 0 && named.every(kind => kinds.includes(kind))
    if (!good) missed.push({ seed, run, name, sql, problems })
  }
  expect(missed).toEqual([])
}, 120_000)

/** What is said of the evidence after a change that is taken back. */
async function damaged(
  sql: string,
  check: (db: Tx) => Promise<Problem[]> = async () => (await verify()).problems,
): Promise<Problem[]> {
  await db.query('BEGIN')
  try {
    const isGuard = /^(ALTER TABLE|DROP TRIGGER|GRANT)/.test(sql)
    await db.query(isGuard ? sql : unguarded(sql))
    return await check(db)
  } finally {
    await db.query('ROLLBACK')
  }
}

/** With the triggers off, and on again as they were, as an owner of the tables could. */
function unguarded(sql: string): string {
  const tables = targets.triggers.filter(({ table }) => new RegExp(`\\b${table}\\b`).test(sql))
  const off = tables.map(({ table, name }) => `ALTER TABLE ${table} DISABLE TRIGGER ${name}`)
  const on = tables.map(
    ({ table, name, fires }) =>
      `ALTER TABLE ${table} ENABLE ${fires === 'A' ? 'ALWAYS' : ''} TRIGGER ${name}`,
  )
  const keys = `DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE contype = 'f'
      AND confrelid IN ('message'::regclass)
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP; END $$`
  const needed = /DELETE FROM message/.test(sql) ? [keys] : []
  return [...off, ...needed, sql, ...on].join(';\n')
}

/** Numbers below a bound, the same for a seed (mulberry32). */
function drawFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
