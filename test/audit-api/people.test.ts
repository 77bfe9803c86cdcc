import { PEOPLE_OPERATIONS, SESSION_COOKIE } from '../../src/access/people.ts'
import { ConsoleSessions } from '../../src/access/session.ts'
import { queryEntries } from '../../src/audit/query.ts'
import { admitPerson } from '../../src/http/people.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { call, tokenFor } from '../support/raw.ts'

let gateway: TestGateway
let sessions: ConsoleSessions
let passed = 0

beforeAll(async () => {
  const clock = () => new Date(Date.now() + passed)
  gateway = await testGateway({ webhooks: false })
  sessions = new ConsoleSessions({ pool: gateway.context.pool, now: clock })
})
afterAll(() => gateway?.close())

const ENTRIES = '/v1/audit/entries'
const get = (path: string, headers: Record<string, string>) =>
  call(gateway, 'GET', path, { headers })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const cookie = (value: string) => ({ cookie: `a=b; ${SESSION_COOKIE}=${value}` })

async function signIn(role: 'auditor' | 'viewer' | 'privacy-officer') {
  return sessions.openSession(await sessions.makeLink(role))
}

test('a token or the cookie of a session opens what its role may do', async () => {
  for (const role of ['privacy-officer', 'auditor'] as const) {
    const { token } = await sessions.makeToken(role)
    expect(await get(ENTRIES, bearer(token))).toMatchObject({ status: 200 })
    expect(await get(ENTRIES, cookie((await signIn(role)).cookie))).toMatchObject({ status: 200 })
  }
  for (const role of ['operator', 'viewer'] as const) {
    const { token } = await sessions.makeToken(role)
    const { status, body } = await get(ENTRIES, bearer(token))
    expect([status, body.code]).toEqual([403, 'HB-114'])
  }
})

test('nobody, a made-up token or one that has ended is not signed in', async () => {
  const { token } = await sessions.makeToken('auditor')
  const ended = await signIn('auditor')
  await sessions.closeSession(ended.cookie)
  passed = -31 * 60_000
  const idle = await sessions.makeToken('auditor')
  passed = 0
  const leaked = await sessions.makeToken('auditor')
  expect(await sessions.endSession(leaked.id)).toBe(true)
  for (const id of [leaked.id, '', 'ses_%', leaked.token])
    expect(await sessions.endSession(id)).toBe(false)
  for (const headers of [
    {},
    bearer(leaked.token),
    bearer(`hbp_${'A'.repeat(43)}`),
    bearer(idle.token),
    cookie(ended.cookie),
    cookie('x'),
  ]) {
    const { status, body } = await get(ENTRIES, headers as Record<string, string>)
    expect([status, body.code]).toEqual([401, 'HB-113'])
  }
  // The secret of a cookie is no token: a page that could read it could not use it so.
  const open = await signIn('auditor')
  expect(await get(ENTRIES, bearer(open.cookie))).toMatchObject({ status: 401 })
  expect(await get(ENTRIES, bearer(token))).toMatchObject({ status: 200 })
})

test('a party never passes as a person, nor a person as a party', async () => {
  const token = await tokenFor(gateway, 'vdab')
  const asPerson = await get(ENTRIES, bearer(token))
  expect([asPerson.status, asPerson.body.code]).toEqual([403, 'HB-107'])
  const person = await sessions.makeToken('privacy-officer')
  const asParty = await get('/v1/inbox', bearer(person.token))
  expect([asParty.status, asParty.body.code]).toEqual([401, 'HB-102'])
  const session = await signIn('privacy-officer')
  expect(await get('/v1/inbox', cookie(session.cookie))).toMatchObject({ status: 401 })
  // A party that sends a cookie along is still a party.
  expect(await get(ENTRIES, { ...bearer(token), ...cookie(session.cookie) })).toMatchObject({
    status: 403,
  })
})

test('what changes something by cookie needs the token of the session, by bearer it does not', async () => {
  const session = await signIn('privacy-officer')
  const { token } = await sessions.makeToken('privacy-officer')
  const route = { method: 'post', path: '/x', people: 'subjects:erase', handle: never } as const
  const enter = (headers: Record<string, string>) =>
    admitPerson(gateway.context, route, {
      get: (name: string) => headers[name.toLowerCase()],
    } as never)
  for (const given of [undefined, '', 'x', `${session.csrf}x`]) {
    const headers = {
      ...cookie(session.cookie),
      ...(given !== undefined && { 'x-csrf-token': given }),
    }
    await expect(enter(headers)).rejects.toMatchObject({ code: 'HB-115' })
  }
  const { id } = session
  const person = { id, role: 'privacy-officer' }
  expect(await enter({ ...cookie(session.cookie), 'x-csrf-token': session.csrf })).toEqual(person)
  expect(await enter(bearer(token))).toMatchObject({ role: 'privacy-officer' })
})

test('calls are limited by session, and who was not let in is evidence', async () => {
  const { token, id } = await sessions.makeToken('viewer')
  await get(ENTRIES, bearer(token))
  const auditor = await sessions.makeToken('auditor')
  expect((await get(ENTRIES, bearer(auditor.token))).headers.get('ratelimit')).toContain('r=')
  const { pool } = gateway.context
  const refused = await until('evidence', async () => {
    const { items } = await queryEntries(pool, { action: 'access.refused' })
    return items.some(({ entry }) => entry.actor.client === id) && items
  })
  const told = refused.map(({ entry }) => `${entry.code} ${entry.actor.role}`)
  for (const one of ['HB-113 client', 'HB-107 client', 'HB-114 viewer', 'HB-115 privacy-officer'])
    expect(told).toContain(one)
  expect(JSON.stringify(refused)).not.toContain('hbp_')
})

test('only known roles are in the table, and none is left out by mistake', () => {
  for (const roles of Object.values(PEOPLE_OPERATIONS)) {
    expect(roles).toContain('privacy-officer')
    for (const role of roles) expect(['privacy-officer', 'auditor']).toContain(role)
  }
})

function never(): never {
  throw new Error('not called')
}
