import { expireInteractions } from '../../src/exchange/settle.ts'
import { readSuspensions } from '../../src/exchange/suspension.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import { validatorFor } from '../../src/schemas.ts'
import { daysAgo, suspend as suspendInFile } from '../attack/kit.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { testLog } from '../support/log.ts'
import { syntheticNumber } from '../support/people.ts'
import { seedRows } from '../support/seed.ts'
import { change, countEntries, isNotice, sleep } from './kit.ts'

let gateway: TestGateway

describe('one suspension', () => {
  beforeEach(async () => {
    gateway = await testGateway()
  })
  afterEach(() => gateway.close())

  const rows = async (sql: string) => (await gateway.db.pool.query(sql)).rows
  const state = async (id: string) =>
    (await rows(`SELECT state FROM protocol_version WHERE id = '${id}'`))[0]?.state

  test('is a row, evidence, the state and an event for each party, all or none', async () => {
    await gateway.db.pool.query(
      "ALTER TABLE audit_pending ADD CONSTRAINT broken CHECK (action <> 'protocol.suspended')",
    )
    await expect(change(gateway, 'suspend', 'wm-vdab')).rejects.toThrow()
    expect(await readSuspensions(gateway.db.pool)).toEqual([])
    expect(await state('wm-vdab')).toBe('active')
    expect(await rows('SELECT FROM protocol_notice')).toEqual([])
    await gateway.db.pool.query('ALTER TABLE audit_pending DROP CONSTRAINT broken')
    const { at } = await change(gateway, 'suspend', 'wm-vdab', 'Under investigation')
    expect(await readSuspensions(gateway.db.pool)).toEqual([
      {
        ...{ protocol: 'wm-vdab', from: at.toISOString(), until: null },
        ...{ by: 'operator', reason: 'Under investigation' },
      },
    ])
    expect(await state('wm-vdab')).toBe('suspended')
    expect(await rows('SELECT counted, message_id FROM hand_over')).toEqual(
      Array.from({ length: 4 }, () => ({ counted: false, message_id: null })),
    )
  })

  test('of two at the same time one wins; the other is told', async () => {
    const both = await Promise.allSettled([1, 2].map(() => change(gateway, 'suspend', 'wm-vdab')))
    expect(both.map(it => it.status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(it => it.status === 'rejected')).toMatchObject({
      reason: { code: 'already-suspended' },
    })
    expect(await countEntries(gateway, 'protocol.suspended')).toBe(1)
  })

  test('is refused for a reason that says too little, too much, or whom', async () => {
    const number = syntheticNumber(7)
    for (const reason of ['', ' \n', 'x'.repeat(501), `About ${number}`]) {
      const refused = await change(gateway, 'suspend', 'wm-vdab', reason).catch(error => error)
      expect(refused).toMatchObject({ name: 'SuspensionError', code: 'reason' })
      expect(refused.message).not.toContain(number)
    }
    await change(gateway, 'suspend', 'wm-vdab', 'é'.repeat(500))
  })

  test('is told by webhook and by inbox, as the contract says, while nothing else goes', async () => {
    await change(gateway, 'suspend', 'wm-vdab-woonboog', 'Under investigation')
    await until('it is told', () => gateway.hooks.woonboog.received.some(isNotice))
    await change(gateway, 'resume', 'wm-vdab-woonboog', 'Not told')
    await until('both are told', () => gateway.hooks.woonboog.received.length === 2)
    const inbox = (await gateway.clients.vdab.inbox()).items
    for (const envelopes of [gateway.hooks.woonboog.received.map(it => it.body), inbox]) {
      expect(envelopes.map(it => validatorFor('envelope')(it))).toEqual([[], []])
      const [suspended, resumed] = envelopes
      expect(suspended).toMatchObject({
        type: 'be.huisbrug.protocol.suspended',
        data: { protocol: 'wm-vdab-woonboog', reason: 'Under investigation' },
      })
      expect(resumed).toMatchObject({ type: 'be.huisbrug.protocol.resumed' })
      expect(JSON.stringify(resumed)).not.toContain('Not told')
    }
    for (const other of ['leefgoed', 'de-noorderkempen'] as const) {
      expect(gateway.hooks[other].received).toEqual([])
    }
  })

  test('a party that is not registered, or shut out, is not told', async () => {
    await gateway.context.parties.disable('leefgoed')
    const { told } = await change(gateway, 'suspend', 'wm-vdab')
    expect(told).toEqual(['de-noorderkempen', 'vdab', 'woonboog'])
  })

  test('a suspension in the file stays after the one in the database ends, and nobody is misled', async () => {
    await change(gateway, 'suspend', 'wm-vdab-woonboog')
    await suspendInFile(gateway, 'wm-vdab-woonboog', { from: daysAgo(1), until: null })
    const resumed = await change(gateway, 'resume', 'wm-vdab-woonboog')
    expect(resumed).toMatchObject({ state: 'suspended', told: [] })
    expect(await state('wm-vdab-woonboog')).toBe('suspended')
    await expect(change(gateway, 'resume', 'wm-vdab-woonboog')).rejects.toMatchObject({
      code: 'suspended-in-file',
    })
    await sleep(700)
    expect(gateway.context.protocols.standings().get('wm-vdab-woonboog')?.status).toBe('HB-307')
  })
})

describe('several processes on one database', () => {
  let others: Gateway[] = []
  beforeEach(async () => {
    gateway = await testGateway({ roles: 'api,sequencer' })
    const config = { ...gateway.context.config, roles: new Set(['worker'] as const) }
    others = [
      await startGateway(config, testLog('error').log),
      await startGateway(config, testLog('error').log),
    ]
  })
  afterEach(async () => {
    for (const other of others) await other.close()
    await gateway.close()
  })

  test('note and tell a suspension in the file once, and its end once', async () => {
    await suspendInFile(gateway, 'wm-vdab', { from: daysAgo(1), until: null })
    await until('all know', () =>
      others.every(it => it.context.protocols.standings().get('wm-vdab')?.status === 'HB-307'),
    )
    await until('it is noted', async () => (await countEntries(gateway, 'protocol.suspended')) > 0)
    await suspendInFile(gateway, 'wm-vdab')
    const notices = () => gateway.hooks.leefgoed.received.filter(isNotice)
    await until('both are told', () => notices().length >= 2)
    await sleep(1_500)
    // Two notices are two hand-overs, which may overtake one another: each says its own time.
    const told = notices().toSorted((a, b) =>
      String(a.body['time']) < String(b.body['time']) ? -1 : 1,
    )
    expect(told.map(it => it.body['type'])).toEqual([
      'be.huisbrug.protocol.suspended',
      'be.huisbrug.protocol.resumed',
    ])
    expect(await countEntries(gateway, 'protocol.suspended')).toBe(1)
    expect(await countEntries(gateway, 'protocol.resumed')).toBe(1)
  })
})

test('requests whose clock stands still keep no other from expiring', async () => {
  gateway = await testGateway()
  try {
    const { pool } = gateway.db
    // First by id: more than one round takes, of a company that is suspended.
    await seedRows(pool, tx => tx.query(AWAITING, ['woonboog', '0', 6_000]))
    await seedRows(pool, tx => tx.query(AWAITING, ['leefgoed', '1', 3]))
    await suspendInFile(gateway, 'wm-vdab-woonboog', { from: daysAgo(19), until: null })
    await expireInteractions(gateway.context)
    const { rows } = await pool.query(
      'SELECT party_id, answer_state, count(*)::int FROM message GROUP BY 1, 2 ORDER BY 1',
    )
    expect(rows).toEqual([
      { party_id: 'leefgoed', answer_state: 'expired', count: 3 },
      { party_id: 'woonboog', answer_state: 'awaiting', count: 6_000 },
    ])
  } finally {
    await gateway.close()
  }
})

const AWAITING = `
  INSERT INTO message (id, type, protocol, fields, party_id, received_at, received_day, digest, accepted,
    refused, answer_state, answer_due_at)
  SELECT 'msg_' || $2 || upper(substr(md5($1 || n), 1, 25)), 'detection.request', 'wm-vdab', '{insz}', $1,
    now() - interval '20 days', current_date - 20, 'synthetic', 1, 0, 'awaiting', now() - interval '6 days'
  FROM generate_series(1, $3::int) AS n`
