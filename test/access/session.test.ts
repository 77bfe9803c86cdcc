import { ConsoleSessions } from '../../src/access/session.ts'
import { openPool } from '../../src/db/pool.ts'
import { type Bench, codeOf, entriesOf, openBench } from './support.ts'

const MINUTE = 60_000
let bench: Bench
let sessions: ConsoleSessions

beforeEach(async () => {
  bench = await openBench()
  sessions = new ConsoleSessions({ pool: bench.db.pool, now: bench.clock.now })
})

afterEach(() => bench.close())

async function signIn() {
  return sessions.openSession(await sessions.makeLink('privacy-officer'))
}

describe('a one-time link', () => {
  test('opens one session, once, and is an entry', async () => {
    const link = await sessions.makeLink('auditor')
    const session = await sessions.openSession(link)
    expect(session).toMatchObject({ role: 'auditor', id: expect.stringMatching(/^ses_/) })
    expect(await codeOf(sessions.openSession(link))).toBe('HB-112')
    const entries = await entriesOf(bench.db.pool, 'console.signed-in')
    expect(entries).toMatchObject([{ actor: { role: 'auditor', client: session.id } }])
    expect(JSON.stringify(entries)).not.toContain(session.cookie)
  })

  test('has 32 random bytes, and neither it nor the cookie is stored', async () => {
    const link = await sessions.makeLink('viewer')
    expect(Buffer.from(link, 'base64url')).toHaveLength(32)
    const { cookie, csrf } = await sessions.openSession(link)
    expect(new Set([link, cookie, csrf]).size).toBe(3)
    const { rows } = await bench.db.pool.query(
      `SELECT (SELECT string_agg(l::text, '') FROM console_link l) || string_agg(s::text, '') AS all
       FROM console_session s`,
    )
    for (const secret of [link, cookie]) {
      expect(rows[0].all).not.toContain(secret)
      expect(rows[0].all).not.toContain(Buffer.from(secret, 'base64url').toString('hex'))
    }
  })

  test('ends after 15 minutes', async () => {
    const [early, late] = [await sessions.makeLink('viewer'), await sessions.makeLink('viewer')]
    bench.clock.pass(15 * MINUTE - 1)
    await sessions.openSession(early)
    bench.clock.pass(1)
    expect(await codeOf(sessions.openSession(late))).toBe('HB-112')
  })

  test.each(['', 'x', 'a'.repeat(10_000), "' OR 1=1 --"])('%j opens nothing', async token => {
    await sessions.makeLink('viewer')
    expect(await codeOf(sessions.openSession(token))).toBe('HB-112')
  })

  test('opens exactly one session when used in two processes at once', async () => {
    const pool = openPool(bench.db.url)
    const second = new ConsoleSessions({ pool, now: bench.clock.now })
    const link = await sessions.makeLink('operator')
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => (i % 2 ? sessions : second).openSession(link)),
    )
    expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1)
    const { rows } = await pool.query('SELECT count(*) AS n FROM console_session')
    expect(rows[0].n).toBe(1)
    await pool.end()
  })

  test('without evidence nobody is signed in, and the link is still good', async () => {
    const link = await sessions.makeLink('privacy-officer')
    await bench.db.pool.query('ALTER TABLE audit_pending RENAME TO hidden')
    await expect(sessions.openSession(link)).rejects.toThrow('audit_pending')
    await bench.db.pool.query('ALTER TABLE hidden RENAME TO audit_pending')
    await expect(sessions.openSession(link)).resolves.toHaveProperty('role', 'privacy-officer')
  })
})

describe('a session', () => {
  test('is found by its cookie, with its role and form token', async () => {
    const { cookie, csrf, id } = await signIn()
    expect(await sessions.findSession(cookie)).toEqual({ id, role: 'privacy-officer', csrf })
    for (const other of [undefined, '', id, csrf, 'x'.repeat(200), `${cookie}x`]) {
      expect(await sessions.findSession(other)).toBeUndefined()
    }
  })

  test('ends after 30 idle minutes; use keeps it open', async () => {
    const { cookie } = await signIn()
    for (let i = 0; i < 3; i += 1) {
      bench.clock.pass(29 * MINUTE)
      expect(await sessions.findSession(cookie)).toBeDefined()
    }
    bench.clock.pass(30 * MINUTE)
    expect(await sessions.findSession(cookie)).toBeUndefined()
  })

  test('ends after 10 hours, however much it is used', async () => {
    const { cookie, expiresAt } = await signIn()
    expect(expiresAt.getTime() - bench.clock.now().getTime()).toBe(600 * MINUTE)
    for (let i = 0; i < 29; i += 1) {
      bench.clock.pass(20 * MINUTE)
      expect(await sessions.findSession(cookie)).toBeDefined()
    }
    bench.clock.pass(20 * MINUTE)
    expect(await sessions.findSession(cookie)).toBeUndefined()
  })

  test('can be closed, alone', async () => {
    const [first, second] = [await signIn(), await signIn()]
    await sessions.closeSession(first.cookie)
    expect(await sessions.findSession(first.cookie)).toBeUndefined()
    expect(await sessions.findSession(second.cookie)).toBeDefined()
  })

  test('leaves nothing behind once it has ended and another person signs in', async () => {
    await signIn()
    bench.clock.pass(31 * MINUTE)
    await signIn()
    const { rows } = await bench.db.pool.query(
      'SELECT (SELECT count(*) FROM console_session) AS s, (SELECT count(*) FROM console_link) AS l',
    )
    expect(rows[0]).toEqual({ s: 1, l: 1 })
  })
})
