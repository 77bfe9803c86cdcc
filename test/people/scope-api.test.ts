import { queryEntries } from '../../src/audit/query.ts'
import { ROUTES } from '../../src/http/routes/index.ts'
import { feedbackFor } from '../loop-closing/kit.ts'
import { openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { call } from '../support/raw.ts'

/** What every operation of people does for the officer of one party; one that is not here fails: decide. */
const DECIDED: Readonly<Record<string, 'own' | 'closed'>> = {
  'get /v1/audit/entries': 'own',
  'get /v1/audit/entries/:index': 'own',
  'get /v1/audit/export': 'own',
  'get /log/tile/entries/*path': 'closed',
  'post /v1/subjects/usage': 'own',
  'post /v1/subjects/restrictions': 'closed',
  'post /v1/subjects/restrictions/lift': 'closed',
  'post /v1/subjects/erasures': 'closed',
  'get /v1/approvals': 'own',
  'post /v1/approvals/:id': 'own',
}

let gateway: TestGateway
let officers: Record<'all' | 'woonboog' | 'leefgoed' | 'vdab', string>
let people: Record<'woonboog' | 'leefgoed', string>
let requests: Record<'woonboog' | 'leefgoed', string>

beforeAll(async () => {
  gateway = await testGateway({ webhooks: false })
  await openDomain(gateway)
  const own = await feedbackFor(gateway, 'woonboog')
  const other = await feedbackFor(gateway, 'leefgoed')
  requests = { woonboog: own.request, leefgoed: other.request }
  people = { woonboog: own.people[0]?.insz ?? '', leefgoed: other.people[0]?.insz ?? '' }
  const { sessions } = gateway.context
  const token = async (party?: string) => (await sessions.makeToken('privacy-officer', party)).token
  officers = {
    all: await token(),
    woonboog: await token('woonboog'),
    leefgoed: await token('leefgoed'),
    vdab: await token('vdab'),
  }
  await settled()
})
afterAll(() => gateway?.close())

const settled = () =>
  until('all is in the log', async () => {
    const { rows } = await gateway.db.pool.query('SELECT FROM audit_pending')
    return rows.length === 0
  })

const ask = (who: keyof typeof officers, path: string, body?: object) =>
  call(gateway, body ? 'POST' : 'GET', path, { token: officers[who], ...(body && { body }) })

interface Placed {
  index: number
  entry: { action: string; actor: { party?: string }; recipient?: string; message?: { id: string } }
}

async function entriesOf(who: keyof typeof officers, query = 'limit=1000'): Promise<Placed[]> {
  const { status, body } = await ask(who, `/v1/audit/entries?${query}`)
  expect(status).toBe(200)
  return body['items'] as Placed[]
}

test('every operation of people is decided upon, and what is closed is refused', async () => {
  const routes = ROUTES.filter(({ people }) => people)
  const all = routes.map(({ method, path }) => `${method} ${path}`)
  expect(all.sort()).toEqual(Object.keys(DECIDED).sort())
  for (const { method, path, own } of routes) {
    const decided = DECIDED[`${method} ${path}`]
    expect([path, own === true]).toEqual([path, decided === 'own'])
    if (decided === 'own') continue
    const at = path.replace('*path', '000').replace(/:\w+/, 'x')
    const { status, body } = await ask('woonboog', at, method === 'post' ? {} : undefined)
    expect([path, status, body.code]).toEqual([path, 403, 'HB-114'])
  }
})

test('of the log: what a party did, was told and what became of what it sent, and nothing of another', async () => {
  const [own, other] = [await entriesOf('woonboog'), await entriesOf('leefgoed')]
  const actions = new Set(own.map(({ entry }) => entry.action))
  for (const action of ['message.accepted', 'message.forwarding', 'message.delivered'])
    expect([...actions]).toContain(action)
  expect([...actions]).not.toContain('message.answered')
  expect(JSON.stringify(own)).not.toContain('leefgoed')
  expect(JSON.stringify(own)).not.toContain(requests.leefgoed)
  const indexes = new Set(own.map(({ index }) => index))
  expect(other.filter(({ index }) => indexes.has(index))).toEqual([])
  for (const { entry } of await entriesOf('vdab'))
    expect(JSON.stringify(entry)).not.toMatch(/"recipient":"(woonboog|leefgoed)"/)
})

test('page by page it is the same list, and so is the export; by index there is no other', async () => {
  await settled()
  const end = new Date()
  for (const query of ['', 'forwarding']) {
    const { pool } = gateway.context
    const scope = { party: 'woonboog' }
    const kind = { until: end, ...(query && { action: 'message.forwarding' as const }) }
    const whole = await queryEntries(pool, kind, { limit: 1000 }, scope)
    const pages: number[] = []
    for (let after: string | undefined; ; ) {
      const page = await queryEntries(pool, kind, { limit: 3, ...(after && { after }) }, scope)
      pages.push(...page.items.map(({ index }) => index))
      after = page.next
      if (!after) break
    }
    expect(pages).toEqual(whole.items.map(({ index }) => index))
    expect(pages.length).toBeGreaterThan(query ? 0 : 3)
  }
  const past = `limit=1000&until=${end.toISOString()}`
  const shown = (await entriesOf('woonboog', past)).map(({ index }) => index)
  const { text } = await ask('woonboog', `/v1/audit/export?format=csv&until=${end.toISOString()}`)
  expect(text).not.toContain('leefgoed')
  expect(text.trim().split('\n')).toHaveLength(shown.length + 1)
  const all = await entriesOf('all', past)
  const unknown = await shapeOf(99_999)
  for (const { index } of all.slice(-60)) {
    const { status } = await ask('woonboog', `/v1/audit/entries/${index}`)
    expect([index, status]).toEqual([index, shown.includes(index) ? 200 : 404])
    if (status === 404) expect(await shapeOf(index)).toEqual(unknown)
  }
})

async function shapeOf(index: number) {
  const { status, text } = await ask('woonboog', `/v1/audit/entries/${index}`)
  return { status, text: text.replace(/(req|inst)_\w+/g, '#') }
}

test('usages of a person: those of the own party; who receives searches for nobody', async () => {
  const search = (who: keyof typeof officers, insz: string) =>
    ask(who, '/v1/subjects/usage', { insz, reason: 'vraag om inzage 2026-18' })
  const total = async (who: keyof typeof officers, insz: string) => {
    const { status, body, text } = await search(who, insz)
    expect(status).toBe(200)
    if (who === 'woonboog') expect(text).not.toContain('leefgoed')
    return body['totalUsages'] as number
  }
  expect(await total('woonboog', people.woonboog)).toBeGreaterThan(0)
  expect(await total('woonboog', people.leefgoed)).toBe(0)
  expect(await total('all', people.leefgoed)).toBeGreaterThan(
    await total('leefgoed', people.leefgoed),
  )
  const { status, body } = await search('vdab', people.woonboog)
  expect([status, body.code]).toEqual([403, 'HB-114'])
})

test('an approval of another is unknown', async () => {
  const id = 'req_01KAJ5J7WQ7Z3M8T5V9XK2B4CD'
  await gateway.db.pool.query(
    `INSERT INTO approval (id, operation, salt, digest, reason, asked_role, asked_by, asked_at, expires_at, party)
     VALUES ($1, 'subject-usage', $2, $2, 'r', 'privacy-officer', 'ses_AAAAAAAAAAAAAAAA', now(),
       now() + interval '1 day', 'leefgoed')`,
    [id, Buffer.alloc(32)],
  )
  const listed = async (who: keyof typeof officers) =>
    ((await ask(who, '/v1/approvals')).body['items'] as object[]).length
  expect([await listed('woonboog'), await listed('leefgoed'), await listed('all')]).toEqual([
    0, 1, 1,
  ])
  const decide = async (one: string) => {
    const { status, text } = await ask('woonboog', `/v1/approvals/${one}`, { decision: 'given' })
    return { status, text: text.replace(/req_\w+/g, '#') }
  }
  expect(await decide(id)).toEqual(await decide(id.replace(/D$/, 'E')))
  expect((await ask('leefgoed', `/v1/approvals/${id}`, { decision: 'given' })).status).toBe(204)
})
