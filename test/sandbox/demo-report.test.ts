import type { CompanyStatus } from '../../src/sandbox/company.ts'
import { type FinalCounts, readFinalCounts } from '../../src/sandbox/demo-counts.ts'
import { type Checks, isGood, leftOut, toReport } from '../../src/sandbox/demo-report.ts'
import { tellStory, tellWhere } from '../../src/sandbox/demo-story.ts'
import type { DemoStage } from '../../src/sandbox/demo-types.ts'
import { createPopulation } from '../../src/sandbox/population.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { seedRows } from '../support/seed.ts'

const COMPANY: CompanyStatus = {
  company: 'woonboog',
  sent: 1200,
  accepted: 1190,
  refused: 10,
  messages: 2,
  messagesWithTenants: 2,
  requestRefusals: [],
  periodClosed: true,
  notSent: 0,
  feedback: 50,
  releases: [{ period: '2026-11', tenants: 1190, found: 510, suppressed: false }],
  takenUp: 50,
  closed: 17,
  refusals: {},
  open: 0,
}

const VDAB = {
  clients: 9_000,
  ready: ['wm-vdab/1/1'],
  requests: 2,
  rows: 1190,
  found: 512,
  answered: 2,
  feedback: 50,
  feedbackRefused: 0,
  open: 0,
  refusals: {},
}

const COUNTS: FinalCounts = {
  accepted: 1190,
  refused: 10,
  refusedBeforeProtocol: 25,
  forwarded: 1190,
  found: 512,
  feedback: 50,
  delivered: 53,
  acknowledged: 50,
  parked: 0,
  pending: 0,
  unsequenced: 0,
}

const CHECKS: Checks = {
  auditEntries: 300,
  auditVerified: true,
  balanced: true,
  leaks: {
    leaked: 0,
    leaks: [],
    scanned: { tables: 46, rows: 13_000, redisKeys: 0, files: 30, bytes: 1 },
  },
}

function stageWith(company: Partial<CompanyStatus> = {}, vdab: object = {}): DemoStage {
  return {
    gateway: 'http://127.0.0.1:8080',
    options: { dataDir: 'data/demo' },
    population: createPopulation('report', 6_000),
    vdab: { status: () => ({ ...VDAB, ...vdab }) },
    backOffice: { status: () => ({ companies: [{ ...COMPANY, ...company }] }) },
  } as unknown as DemoStage
}

function isGoodWith(
  changes: { counts?: object; checks?: object; company?: object; vdab?: object } = {},
): boolean {
  const stage = stageWith(changes.company, changes.vdab)
  const counts = { ...COUNTS, ...changes.counts }
  const checks = { ...CHECKS, ...changes.checks }
  return isGood(toReport(stage, counts, checks, 12), counts, stage)
}

describe('a run is good', () => {
  test('where all is delivered, verified, balanced and nothing leaked', () => {
    expect(isGoodWith()).toBe(true)
  })

  test.each([
    ['something is parked', { counts: { parked: 1 } }],
    ['something is on its way', { counts: { pending: 1 } }],
    ['the log does not verify', { checks: { auditVerified: false } }],
    ['the balance does not hold', { checks: { balanced: false } }],
    ['a number leaked', { checks: { leaks: { ...CHECKS.leaks, leaked: 1 } } }],
    ['sending did not end', { company: { notSent: undefined } }],
    ['a request was refused', { company: { notSent: 200, periodClosed: false } }],
    ['progress is still to be reported', { company: { open: 1 } }],
    ['feedback did not arrive', { company: { feedback: 49 } }],
    ['a request did not reach VDAB', { vdab: { requests: 1 } }],
    ['VDAB has still to answer', { vdab: { open: 1 } }],
  ])('but not where %s', (_what, changes) => {
    expect(isGoodWith(changes)).toBe(false)
  })

  test('tenants who came too late for a closed month do not spoil it', () => {
    expect(isGoodWith({ company: { notSent: 200, periodClosed: true } })).toBe(true)
    expect(leftOut(stageWith({ notSent: 200, periodClosed: true }))).toBe(0)
    expect(leftOut(stageWith({ notSent: 200, periodClosed: false }))).toBe(200)
  })
})

test('the report has the fields of the design, in whole numbers', () => {
  const report = toReport(stageWith(), COUNTS, CHECKS, 12.3456)
  expect(report).toEqual({
    population: 6_000,
    tenants: 1200,
    accepted: 1190,
    refused: 10,
    forwarded: 1190,
    found: 512,
    feedback: 50,
    delivered: 53,
    acknowledged: 50,
    parked: 0,
    refusedBeforeProtocol: 25,
    auditEntries: 300,
    auditVerified: true,
    balanced: true,
    nationalNumbersLeaked: 0,
    seconds: 12.3,
  })
})

describe('the story', () => {
  function story(company: Partial<CompanyStatus> = {}, counts: object = {}, checks: object = {}) {
    const stage = stageWith(company)
    const all = { ...CHECKS, ...checks, counts: { ...COUNTS, ...counts }, code: 'HB-304' }
    return tellStory(stage, toReport(stage, all.counts, all, 12), all).join('\n')
  }

  test('tells in about a dozen lines what happened, and labels what is fictitious', () => {
    const text = story()
    expect(text.split('\n').length).toBeLessThanOrEqual(14)
    for (const part of ['HB-304', '1.200', '1.190', 'Woonboog 510', 'fictief', '46 tabellen']) {
      expect(text).toContain(part)
    }
  })

  test('never tells the exact number found per housing company, only the released one', () => {
    const text = story({
      releases: [{ period: '2026-11', tenants: 9, found: null, suppressed: true }],
    })
    expect(text).toContain('Woonboog afgeschermd')
    expect(story({ releases: [] })).toContain('Woonboog nog niets')
  })

  test('names what went wrong and where', () => {
    const leaks = { ...CHECKS.leaks, leaked: 2, leaks: [{ place: 'logs/x.log', numbers: 2 }] }
    const text = story(
      { notSent: 12, periodClosed: false, requestRefusals: ['HB-304'] },
      { pending: 3 },
      { leaks, auditVerified: false, balanced: false },
    )
    for (const part of ['logs/x.log: 2', '12 huurders, geweigerd (HB-304)', '3 afleveringen']) {
      expect(text).toContain(part)
    }
    expect(text.match(/KLOPT NIET/g)).toHaveLength(2)
    expect(story({ notSent: 12 })).toContain('de maand is al afgesloten')
  })

  test('ends with where to look', () => {
    const lines = tellWhere(stageWith(), 'http://127.0.0.1:8080/console/aanmelden?link=x').join(
      '\n',
    )
    expect(lines).toContain('http://127.0.0.1:8080/console/aanmelden?link=x')
    expect(lines).toContain('http://127.0.0.1:8080/docs')
    expect(lines).toContain('Ctrl-C')
    expect(tellWhere(stageWith(), undefined).join()).toContain('http://127.0.0.1:8080/console')
  })
})

describe('the counts', () => {
  let db: TestDatabase

  beforeAll(async () => {
    db = await testDatabase()
    await db.pool.query(
      `INSERT INTO party (id, kind, name, kbo, jwks) VALUES
        ('vdab', 'employment-service', 'VDAB', '0999000129', '{}'),
        ('woonboog', 'housing-company', 'Woonboog', '0999000327', '{}')`,
    )
  })

  afterAll(() => db.close())

  async function counts(): Promise<FinalCounts> {
    const client = await db.pool.connect()
    try {
      return await readFinalCounts(client)
    } finally {
      client.release()
    }
  }

  function message(id: string, type: string, accepted: number, refused: number, code?: string) {
    return seedRows(db.pool, tx =>
      tx.query(
        `INSERT INTO message (id, type, party_id, received_at, received_day, digest, accepted, refused,
         code, found)
       VALUES ($1, $2, 'woonboog', now(), now(), 'd', $3, $4, $5, $6)`,
        [id, type, accepted, refused, code, type === 'detection.answer' ? 40 : null],
      ),
    )
  }

  function handOver(id: string, kind: string, state: string, items: number, withId?: string) {
    return seedRows(db.pool, async tx => {
      await tx.query(
        `INSERT INTO hand_over (id, message_id, destination, kind, items, state, with_id, due_at, created_at)
         VALUES ($1, 'msg_1', 'vdab', $2, $3, 'queued', $4, now(), now())`,
        [id, kind, items, withId],
      )
      await tx.query('UPDATE hand_over SET state = $2 WHERE id = $1', [id, state])
    })
  }

  test('an empty database counts nothing', async () => {
    expect(Object.values(await counts()).every(count => count === 0)).toBe(true)
  })

  test('each counts what it says, and refusals before the protocol apart from the others', async () => {
    await message('msg_1', 'detection.request', 990, 10)
    await message('msg_2', 'detection.request', 0, 25, 'HB-304')
    await message('msg_3', 'detection.request', 0, 7, 'HB-404')
    await message('msg_4', 'detection.answer', 1, 0)
    await message('msg_5', 'detection.answer', 0, 1, 'HB-502')
    await message('msg_6', 'feedback.reachability', 3, 0)
    await handOver('del_1', 'request', 'delivered', 990)
    await handOver('del_2', 'request', 'queued', 10)
    await handOver('del_3', 'event', 'delivered', 1)
    await handOver('del_4', 'event', 'delivered', 1, 'del_3')
    await handOver('del_5', 'event', 'parked', 1)
    await handOver('del_6', 'event', 'held', 1)
    await handOver('del_7', 'register', 'delivered', 1)
    await db.pool.query(
      `INSERT INTO domain (name, protocol, epoch, state, public_key)
       VALUES ('wm-vdab/1/1', 'wm-vdab', 1, 'current', '\\x00')`,
    )
    await db.pool.query(
      `INSERT INTO feedback (id, message_id, protocol, type, domain, tag, subject_tag, status, created_at)
       SELECT 'fb_' || n, 'msg_6', 'wm-vdab', 'feedback.reachability', 'wm-vdab/1/1', decode(repeat('0' || n, 16), 'hex'),
         decode(repeat('0' || n, 16), 'hex'), 'open', now()
       FROM generate_series(1, 3) n`,
    )
    await seedRows(db.pool, tx =>
      tx.query(
        `UPDATE feedback SET status = (array['open', 'taken-up', 'closed'])[right(id, 1)::int]`,
      ),
    )
    expect(await counts()).toEqual({
      accepted: 990,
      refused: 17,
      refusedBeforeProtocol: 25,
      forwarded: 990,
      found: 40,
      feedback: 3,
      delivered: 2,
      acknowledged: 2,
      parked: 1,
      pending: 2,
      unsequenced: 0,
    })
  })
})
