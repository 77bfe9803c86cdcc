import { ConsoleSessions } from '../../src/access/session.ts'
import { entriesOfMessage, queryEntries } from '../../src/audit/query.ts'
import { consoleCommand } from '../../src/cli/console.ts'
import { readConfig } from '../../src/config.ts'
import { Refusal } from '../../src/errors.ts'
import { listApprovals } from '../../src/subject/approval.ts'
import { releaseParked } from '../../src/subject/release.ts'
import { openRooms, type Rooms } from '../console/rooms.ts'
import { addHandOver, addMessage, addParties, ago, NOW } from '../console/seed.ts'

const REASON = 'VDAB herstelde zijn adres.'
let rooms: Rooms
let sessions: ConsoleSessions

beforeAll(async () => {
  rooms = await openRooms({ fourEyes: ['parked'] })
  sessions = new ConsoleSessions({ pool: rooms.database.pool, now: () => NOW })
  await addParties(rooms.database.pool)
})
afterAll(() => rooms?.close())

/** Somebody whom the identity provider vouched for; the same number is the same person. */
async function person(number: number, role: 'operator' | 'privacy-officer' = 'operator') {
  const who = { role, person: Buffer.alloc(32, number), name: `Persoon ${number}` }
  const { id, csrf, cookie } = await sessions.openFor(who)
  const post = (path: string, form: Record<string, string>) =>
    rooms.post(path, { csrf, ...form }, `huisbrug-sessie=${cookie}`)
  return { id, role, post, get: (path: string) => rooms.get(path, `huisbrug-sessie=${cookie}`) }
}

async function parkedMessage(): Promise<string> {
  const { pool } = rooms.database
  const at = ago(180)
  const type = 'feedback.reachability'
  const id = await addMessage(pool, { at, type, party: 'vdab', accepted: 1 })
  await park(id)
  return id
}

async function park(messageId: string): Promise<void> {
  const { pool } = rooms.database
  const to = { messageId, at: ago(100), to: 'woonboog', kind: 'event' as const, status: 422 }
  await addHandOver(pool, { ...to, state: 'parked', reason: 'http-422', items: 1 })
}

const stateOf = async (id: string) => {
  const sql = 'SELECT array_agg(DISTINCT state) AS states FROM hand_over WHERE message_id = $1'
  return (await rooms.database.pool.query(sql, [id])).rows[0]?.states
}

type Someone = Awaited<ReturnType<typeof person>>
const release = (who: Someone, id: string, more: Record<string, string> = {}) =>
  who.post(`/berichten/${id}/geparkeerd`, {
    wat: 'hervatten',
    reden: REASON,
    bevestigd: 'ja',
    ...more,
  })

async function waitingFor(message: string): Promise<string> {
  const all = await listApprovals(rooms.database.pool, NOW)
  return all.find(it => it.messages?.includes(message))?.id ?? ''
}

const give = (who: Someone, id: string, wat = 'goedkeuren') =>
  who.post('/goedkeuringen', { vraag: id, wat })

test('a release waits for another person; two sessions of one person are one', async () => {
  const id = await parkedMessage()
  const one = await person(1)
  const asked = await release(one, id)
  expect([asked.status, asked.html.includes('wacht op een tweede persoon')]).toEqual([409, true])
  expect(await stateOf(id)).toEqual(['parked'])
  const ask = await waitingFor(id)
  expect(asked.html).toContain(ask)
  // The same person from another session: neither a second person nor a second question.
  const again = await person(1)
  await release(again, id)
  expect(await waitingFor(id)).toBe(ask)
  const own = await give(again, ask)
  expect([own.status, own.html.includes('eigen vraag')]).toEqual([409, true])
  const officer = await person(2, 'privacy-officer')
  expect((await officer.get('/goedkeuringen')).html).toContain(id)
  expect((await give(officer, ask)).html).toContain('U hebt dit goedgekeurd')
  // Not for who gave it, nor for another role; then for who asked, in whichever session, once.
  expect((await release(officer, id, { goedkeuring: ask })).status).toBe(409)
  const todo = await again.get('/goedkeuringen')
  expect(todo.html).toContain(`name="goedkeuring" value="${ask}"`)
  expect((await release(again, id, { goedkeuring: ask })).status).toBe(200)
  expect(await stateOf(id)).toEqual(['retrying'])
  await rooms.sequence()
  const { pool } = rooms.database
  const kinds = await Promise.all(
    (['approval.asked', 'approval.given'] as const).map(action => queryEntries(pool, { action })),
  )
  const actors = kinds.map(({ items }) => items[0]?.entry.actor.client)
  expect(actors).toEqual([one.id, officer.id])
  const entries = await entriesOfMessage(pool, id)
  const resumed = entries.filter(({ entry }) => entry.action === 'message.resumed')
  expect(resumed.map(({ entry }) => entry.actor.client)).toEqual([again.id])
})

test('it is good for what was parked then; a refusal, or closing, needs no second person', async () => {
  const id = await parkedMessage()
  const [one, two] = [await person(3), await person(4)]
  await release(one, id)
  const ask = await waitingFor(id)
  await give(two, ask)
  await park(id)
  const more = await release(one, id, { goedkeuring: ask })
  expect([more.status, more.html.includes('past niet meer')]).toEqual([409, true])
  expect(await stateOf(id)).toEqual(['parked'])
  await release(one, id)
  const second = await waitingFor(id)
  expect(second).not.toBe(ask)
  expect((await give(two, second, 'weigeren')).html).toContain('U hebt dit geweigerd')
  const refused = await release(one, id, { goedkeuring: second })
  expect([refused.status, refused.html.includes('heeft dit geweigerd')]).toEqual([409, true])
  expect((await release(one, id, { wat: 'afsluiten' })).status).toBe(200)
  expect(await stateOf(id)).toEqual(['withdrawn'])
})

test('an operator sees and decides nothing that is about a person', async () => {
  const { pool } = rooms.database
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO approval (id, operation, salt, digest, reason, asked_role, asked_by, asked_at, expires_at)
     VALUES ('req_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', 'subject-erase', $1, $1, 'zaak 17', 'privacy-officer',
       'ses_x', $2, $3) RETURNING id`,
    [Buffer.alloc(32), NOW, new Date(NOW.getTime() + 3_600_000)],
  )
  const id = rows[0]?.id ?? ''
  const operator = await person(5)
  expect((await operator.get('/goedkeuringen')).html).not.toContain('zaak 17')
  expect((await give(operator, id)).status).toBe(409)
  const officer = await person(6, 'privacy-officer')
  expect((await officer.get('/goedkeuringen')).html).toContain('zaak 17')
  expect((await give(officer, id)).status).toBe(200)
})

test('a command waits as well, and is done with the approval', async () => {
  const { pool } = rooms.database
  const id = await parkedMessage()
  const by = { role: 'operator', client: 'an' }
  const parts = { pool, config: { fourEyes: new Set(['parked'] as const) } }
  const change = { ids: [id], reason: REASON, by, at: NOW }
  const refused = await releaseParked(parts, change).catch((error: unknown) => error)
  expect(refused instanceof Refusal && refused.code).toBe('HB-514')
  const approval = await waitingFor(id)
  await give(await person(7), approval)
  expect(await releaseParked(parts, { ...change, approval })).toMatchObject({ handOvers: 1 })
  const none = { pool, config: { fourEyes: new Set<never>() } }
  expect(await releaseParked(none, { ...change, ids: [await parkedMessage()] })).toMatchObject({
    handOvers: 1,
  })
})

test('a session that another ends is over at once, with an entry that says who', async () => {
  const [one, two] = [await person(8), await person(9, 'privacy-officer')]
  const list = await two.get('/aangemeld')
  expect(list.html).toContain('Persoon 8')
  expect((await two.post('/aangemeld', { sessie: one.id })).html).toContain('beëindigd')
  expect((await one.get('')).status).toBe(401)
  expect((await two.post('/aangemeld', { sessie: one.id })).status).toBe(409)
  const { rows } = await rooms.database.pool.query(
    "SELECT count(*)::int AS n FROM audit_pending WHERE action = 'console.session-ended'",
  )
  expect(rows[0].n).toBe(1)
})

test('the command lists who is signed in, and ends a session once', async () => {
  const { id } = await person(10)
  const config = readConfig({})
  const open = async () => ({ pool: rooms.database.pool, config, close: async () => {} }) as never
  let out = ''
  const print = jest.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  const run = (...args: string[]) =>
    consoleCommand(open).parseAsync(['sessions', ...args], { from: 'user' })
  try {
    // The rooms have a clock of their own, so that for the command all of these are long over.
    await run('list', '--json')
    await run('end', id)
    await expect(run('end', id)).rejects.toThrow('there is no such session')
  } finally {
    print.mockRestore()
  }
  expect(out).toBe(`{"items":[]}\n${id}: ended\n`)
})

test('a command makes somebody the privacy officer of one party that is known, and nothing else of it', async () => {
  let out = ''
  const print = jest.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  const config = readConfig({})
  const open = async () => ({ ...rooms.deps, config, close: async () => {} }) as never
  const run = (...args: string[]) => consoleCommand(open).parseAsync(args, { from: 'user' })
  try {
    await run('token', '--role', 'privacy-officer', '--party', 'woonboog', '--json')
    await expect(run('link', '--party', 'elders')).rejects.toThrow('there is no such party')
    await expect(run('link', '--role', 'auditor', '--party', 'woonboog')).rejects.toThrow(
      'goes with',
    )
  } finally {
    print.mockRestore()
  }
  expect(JSON.parse(out)).toMatchObject({ role: 'privacy-officer', party: 'woonboog' })
})
