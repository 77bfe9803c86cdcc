import type { EntryDraft } from '../../src/audit/types.ts'
import { CHARTS } from '../../src/console/figures-chart.ts'
import { PAGES } from '../../src/console/pages/index.ts'
import { PERIODS } from '../../src/console/reads/figures.ts'
import { seedRegion } from '../console/region.ts'
import { openRooms, type Rooms } from '../console/rooms.ts'
import {
  addEntries,
  addFeedback,
  addHandOver,
  addMessage,
  addTransition,
  ago,
  DOMAIN,
  NOW,
  PROTOCOL,
} from '../console/seed.ts'
import { seedRows } from '../support/seed.ts'

const [OWN, OTHER] = ['woonboog', 'leefgoed']
const UNKNOWN = 'msg_01JJBH9SE0ZZZZZZZZZZZZZZZZ'
const APPROVALS = ['req_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', 'req_01KAJ5J7WQ7Z3M8T5V9XK2B4CE'] as const

/**
 * What every page does for the officer of one party. `same`: it looks the same whatever happens elsewhere;
 * `log`: it also tells how long the whole log is, which is public; `closed`: it does not open. A page that
 * is not here fails: decide, and for one with an id say below which.
 */
const DECIDED: Readonly<Record<string, 'same' | 'log' | 'closed'>> = {
  'get /': 'log',
  'get /cijfers': 'same',
  'get /terugkoppeling': 'same',
  'get /uitzonderingen': 'same',
  'get /uitzonderingen/:id': 'same',
  'post /uitzonderingen/:id': 'closed',
  'get /integriteit': 'log',
  'get /partijen': 'same',
  'get /partijen/:id': 'same',
  'get /systeem': 'closed',
  'get /aandacht': 'closed',
  'get /berichten': 'same',
  'get /berichten/:id': 'same',
  'get /berichten/:id/ontvangstbewijs': 'same',
  'get /berichten/:id/bewijs': 'log',
  'get /berichten/:id/geparkeerd': 'same',
  'get /berichten/:id/bundel': 'closed',
  'post /berichten/:id/geparkeerd': 'same',
  'get /auditlog': 'same',
  'get /auditlog/:index': 'log',
  'get /auditlog/live': 'same',
  'post /auditlog/:index/controle': 'log',
  'get /auditlog/:index/regel': 'same',
  'get /auditlog/:index/bewijs': 'log',
  'get /controle': 'log',
  'post /controle': 'log',
  'get /protocollen': 'same',
  'get /protocollen/:id': 'same',
  'get /protocollen/:id/verschillen': 'same',
  'get /protocollen/:id/pdf': 'same',
  'get /protocollen/:id/opschorten': 'closed',
  'post /protocollen/:id/opschorten': 'closed',
  'post /protocollen/:id/hervatten': 'closed',
  'get /inzage': 'same',
  'post /inzage': 'same',
  'get /inzage/:id': 'same',
  'post /inzage/:id/uitvoeren': 'same',
  'post /inzage/:id/verlengen': 'same',
  'post /inzage/:id/afsluiten': 'same',
  'get /rapporten': 'same',
  'get /rapporten/bijlage-1/invullen': 'same',
  'post /rapporten/bijlage-1/invullen': 'same',
  'get /rapporten/:soort': 'same',
  'post /rapporten/:soort': 'same',
  'get /pseudoniemen': 'same',
  'post /pseudoniemen/extra': 'closed',
  'get /goedkeuringen': 'same',
  'post /goedkeuringen': 'same',
  'get /aangemeld': 'closed',
  'post /aangemeld': 'closed',
}

/** What a page needs to be asked. */
const WITH: Readonly<Record<string, readonly string[]>> = {
  // A feed without an end, of what the list shows too.
  '/auditlog/live': [],
  // Made anew each time, of a document that anybody may have.
  '/protocollen/:id/pdf': [],
  '/cijfers': CHARTS.flatMap(name => PERIODS.map(it => `/cijfers?periode=${it}&grafiek=${name}`)),
}

interface Ids {
  /** Of the party. */
  own: string[]
  /** Of another party, or hidden from this one, and one of nobody. */
  others: string[]
}

let rooms: Rooms
let before: Map<string, string>
let after: Map<string, string>
let officer: { cookie: string; csrf: string }
let other: { cookie: string; csrf: string }
const ids: Record<string, Ids> = {}

beforeAll(async () => {
  rooms = await openRooms()
  const { pool } = rooms.database
  const { answered, answer, parked, feedback, refused } = await seedRegion(pool)
  const waiting = await addMessage(pool, {
    ...REQUEST,
    at: ago(90),
    party: OWN,
    answer: 'awaiting',
  })
  await addApproval(APPROVALS[0], OWN, parked)
  await addException('webhook-gone', [OWN])
  await rooms.sequence()
  officer = await signIn(OWN)
  other = await signIn(OTHER)
  const shown = await entriesShown()
  ids['/berichten/:id'] = { own: [answered, waiting, parked, feedback], others: [answer, refused] }
  ids['/auditlog/:index'] = { own: shown, others: [] }
  ids['/protocollen/:id'] = {
    own: ['wm-vdab', 'wm-vdab-woonboog'],
    others: ['wm-vdab-leefgoed', 'kapot', 'x'],
  }
  ids['/uitzonderingen/:id'] = { own: [await exceptionId(OWN)], others: ['999'] }
  ids['/partijen/:id'] = { own: [OWN], others: [OTHER, 'vdab', 'x'] }
  ids['/inzage/:id'] = { own: [], others: ['verzoek'] }
  ids['/rapporten/:soort'] = {
    own: ['register', 'dashboard', 'annex-1', 'evaluation'],
    others: ['x'],
  }
  before = await drawAll()
  // That the officer read is evidence, which would be in the next drawing.
  await seedRows(pool, tx => tx.query('DELETE FROM audit_pending'))
  const elsewhere = await happenElsewhere(waiting, feedback)
  await rooms.sequence()
  ids['/berichten/:id'].others.push(...elsewhere, UNKNOWN)
  ids['/uitzonderingen/:id'].others.push(await exceptionId(OTHER))
  const { rows } = await pool.query<{ index: string }>('SELECT index FROM audit_entry')
  const all = rows.map(({ index }) => String(index))
  ids['/auditlog/:index'].others = [...all.filter(it => !shown.includes(it)), '99999']
  after = await drawAll()
})
afterAll(() => rooms?.close())

const REQUEST = { type: 'detection.request', accepted: 4711 }

async function signIn(party: string): Promise<typeof officer> {
  const { sessions } = rooms.deps
  const link = await (sessions as never as Links).makeLink('privacy-officer', party)
  const { cookie, csrf } = await sessions.openSession(link)
  return { cookie: `huisbrug-sessie=${cookie}`, csrf }
}

interface Links {
  makeLink(role: string, party: string): Promise<string>
}

/** All that the officer of the one party sees before and after: what has an id by each id. */
async function drawAll(): Promise<Map<string, string>> {
  const drawn = new Map<string, string>()
  for (const { method, path } of PAGES) {
    if (method === 'post' || DECIDED[`get ${path}`] === 'closed') continue
    const places = WITH[path] ?? ids[kindOf(path)]?.own.map(id => fill(path, id)) ?? [path]
    for (const place of places) {
      const { status, html } = await rooms.get(place === '/' ? '' : place, officer.cookie)
      expect([place, status < 500 && status !== 403]).toEqual([place, true])
      drawn.set(place, `${status} ${withoutLog(html)}`)
    }
  }
  return drawn
}

const kindOf = (path: string) => path.replace(/(:\w+).*/, '$1')
const fill = (path: string, id: string) => path.replace(/:\w+/, id)

// How long the log is and until when it is signed is public.
function withoutLog(html: string): string {
  return html
    .replace(/<section class="card" aria-labelledby="log">.*?<\/section>/s, '')
    .replace(/vanaf=\d+|data-last="\d+"|name="sleutel" value="[^"]+"/g, '')
}

/** Indexes of the entries that the list shows. */
async function entriesShown(): Promise<string[]> {
  const { html } = await rooms.get('/auditlog', officer.cookie)
  return [...new Set([...html.matchAll(/\/auditlog\/(\d+)"/g)].map(([, index = '']) => index))]
}

/** All that happens to others, and what the party may not see of its own: VDAB answers with a number. */
async function happenElsewhere(waiting: string, feedback: string): Promise<string[]> {
  const { pool } = rooms.database
  await seedRows(pool, tx =>
    tx.query("UPDATE message SET answer_state = 'answered', answered_at = $2 WHERE id = $1", [
      waiting,
      ago(20),
    ]),
  )
  await pool.query("DELETE FROM transition WHERE message_id = $1 AND state = 'answered'", [waiting])
  await addTransition(pool, waiting, 'answered', ago(20))
  const answer = await addMessage(pool, {
    at: ago(20),
    type: 'detection.answer',
    party: 'vdab',
    accepted: 1,
    inReplyTo: waiting,
  })
  const held = { at: ago(20), kind: 'event', state: 'held', reason: 'period-open' } as const
  await addHandOver(pool, { messageId: answer, to: OWN, ...held })
  const sent = await addMessage(pool, {
    ...REQUEST,
    accepted: 5317,
    at: ago(15),
    party: OTHER,
  })
  const call = { messageId: sent, at: ago(15), to: 'vdab', kind: 'request' } as const
  await addHandOver(pool, { ...call, items: 5317, state: 'parked', reason: 'http-422' })
  const event = { messageId: feedback, at: ago(10), to: OTHER, kind: 'event' } as const
  await addHandOver(pool, { ...event, state: 'parked', reason: 'http-500' })
  await addHandOver(pool, { ...event, state: 'retrying', items: 3 })
  await addFeedback(pool, feedback, OTHER, ['open', 'closed'])
  await addException('two-current-routes', [OTHER, OWN], feedback)
  await addException('webhook-gone', [OTHER])
  await addApproval(APPROVALS[1], OTHER, sent)
  await pool.query('INSERT INTO quota_use (party_id, domain, day, used) VALUES ($1, $2, $3, 777)', [
    OTHER,
    DOMAIN,
    NOW,
  ])
  const message = (id: string, type = 'detection.request') => ({ message: { id, type } })
  const entry = (action: EntryDraft['action'], more: Partial<EntryDraft>): EntryDraft => ({
    action,
    at: ago(9),
    actor: { role: 'gateway' },
    protocol: PROTOCOL,
    ...more,
  })
  await addEntries(pool, [
    entry('message.answered', { ...message(waiting), recipient: OWN }),
    entry('message.accepted', {
      ...message(answer, 'detection.answer'),
      actor: { role: 'employment-service', party: 'vdab' },
      recipient: OWN,
    }),
    entry('message.delivered', { ...message(answer, 'detection.answer'), recipient: OWN }),
    entry('exception.opened', message(feedback, 'feedback.reachability')),
    entry('exception.closed', { ...message(feedback, 'feedback.reachability'), recipient: OWN }),
    entry('message.delivered', { ...message(feedback, 'feedback.reachability'), recipient: OTHER }),
    entry('message.parked', { ...message(sent), recipient: 'vdab' }),
    entry('message.accepted', {
      ...message(sent),
      actor: { role: 'housing-company', party: OTHER },
    }),
    entry('console.viewed', { ...message(waiting), actor: { role: 'privacy-officer' } }),
  ])
  return [answer, sent]
}

async function addApproval(id: string, party: string, message: string): Promise<void> {
  await rooms.database.pool.query(
    `INSERT INTO approval (id, operation, salt, digest, reason, asked_role, asked_by, asked_at, expires_at,
       messages, party)
     VALUES ($1, 'parked', $2, $2, $3, 'privacy-officer', 'ses_AAAAAAAAAAAAAAAA', $4::timestamptz,
       $4::timestamptz + interval '1 day', ARRAY[$5], $6)`,
    [id, Buffer.alloc(32), `reden van ${party}`, NOW, message, party],
  )
}

async function addException(kind: string, parties: string[], message?: string): Promise<void> {
  await rooms.database.pool.query(
    'INSERT INTO exception (kind, parties, message_id, opened_at) VALUES ($1, $2, $3, $4)',
    [kind, parties, message ?? null, ago(8)],
  )
}

async function exceptionId(party: string): Promise<string> {
  const { rows } = await rooms.database.pool.query<{ id: string }>(
    'SELECT id FROM exception WHERE parties = ARRAY[$1]',
    [party],
  )
  return String(rows[0]?.id)
}

test('every page is decided upon, and every one with an id has ids here', () => {
  const all = PAGES.map(({ method, path }) => `${method} ${path}`)
  expect(Object.keys(DECIDED).sort()).toEqual(all.sort())
  for (const { method, path } of PAGES)
    if (path.includes(':') && DECIDED[`${method} ${path}`] !== 'closed')
      expect(Object.keys(ids)).toContain(kindOf(path))
})

test('what is closed does not open, and is not in the menu', async () => {
  const { html } = await rooms.get('', officer.cookie)
  const menu = html.slice(html.indexOf('<nav'), html.indexOf('</nav>'))
  for (const { method, path } of PAGES) {
    if (DECIDED[`${method} ${path}`] !== 'closed') continue
    const at = fill(path, 'x')
    const { status } = await (method === 'get'
      ? rooms.get(at, officer.cookie)
      : rooms.post(at, { csrf: officer.csrf }, officer.cookie))
    expect([method, path, status]).toEqual([method, path, 403])
    expect([path, menu.includes(`/console${path}"`)]).toEqual([path, false])
  }
})

test('nothing that happens elsewhere changes what the officer of a party sees, nor what was answered', () => {
  expect([...after.keys()]).toEqual([...before.keys()])
  for (const [place, html] of after) {
    if (!isGlobal(place)) expect([place, html]).toEqual([place, before.get(place)])
    expect([place, words(html).match(/.{0,99}(leefgoed|5\.?317|\b777\b)/i)?.[0]]).toEqual([
      place,
      undefined,
    ])
  }
})

test('the other officer and the one of all do see it: what is compared can differ', async () => {
  const { html } = await rooms.get('/berichten', other.cookie)
  expect(html).toContain('5.317')
  expect(html).toContain('Leefgoed')
  const all = await rooms.signIn()
  for (const place of ['', '/berichten', '/auditlog', '/uitzonderingen', '/goedkeuringen']) {
    const { html } = await rooms.get(place, all.cookie)
    expect([place, /leefgoed/i.test(html)]).toEqual([place, true])
  }
})

test("another's ids are answered as unknown ones, in the same form", async () => {
  for (const { method, path } of PAGES) {
    const known = ids[kindOf(path)]
    if (!known || DECIDED[`${method} ${path}`] === 'closed') continue
    const answers = await Promise.all(known.others.map(id => shapeOf(method, path, id)))
    for (const answer of answers) expect([path, answer]).toEqual([path, answers.at(-1)])
    if (method === 'get' && !path.endsWith('geparkeerd'))
      expect([path, answers[0]?.status]).toEqual([path, 404])
  }
})

async function shapeOf(method: string, path: string, id: string) {
  const form = { csrf: officer.csrf, reden: 'een reden', wat: 'afsluiten', bevestigd: 'ja' }
  const { status, html } = await (method === 'get'
    ? rooms.get(fill(path, id), officer.cookie)
    : rooms.post(fill(path, id), form, officer.cookie))
  return { status, html: words(html).replaceAll(`/${id}`, '/*') }
}

test("another's approval cannot be decided; one's own is another's question", async () => {
  const decide = (id: string) =>
    rooms.post(
      '/goedkeuringen',
      { csrf: officer.csrf, vraag: id, wat: 'goedkeuren' },
      officer.cookie,
    )
  const [foreign, unknown] = [
    await decide(APPROVALS[1]),
    await decide(APPROVALS[1].replace(/E$/, 'F')),
  ]
  expect([foreign.status, foreign.html]).toEqual([409, unknown.html])
  expect((await decide(APPROVALS[0])).status).toBe(200)
  const { rows } = await rooms.database.pool.query('SELECT decision FROM approval ORDER BY id')
  expect(rows).toEqual([{ decision: 'given' }, { decision: null }])
})

test('of a parked message of many, the officer of a party closes its own part alone', async () => {
  const [feedback = ''] = ids['/berichten/:id']?.own.slice(-1) ?? []
  const form = { reden: 'een reden', wat: 'afsluiten', bevestigd: 'ja' }
  const path = `/berichten/${feedback}/geparkeerd`
  const none = await rooms.post(path, { ...form, csrf: officer.csrf }, officer.cookie)
  expect(none.status).not.toBe(200)
  const done = await rooms.post(path, { ...form, csrf: other.csrf }, other.cookie)
  expect(done.status).toBe(200)
  const { rows } = await rooms.database.pool.query(
    "SELECT DISTINCT destination FROM hand_over WHERE state = 'withdrawn'",
  )
  expect(rows).toEqual([{ destination: OTHER }])
})

function isGlobal(place: string): boolean {
  const path = place.replace(/\/(\d+|msg_\w+)/, (_all, id) => (/^\d/.test(id) ? '/:index' : '/:id'))
  return DECIDED[`get ${path}`] === 'log' && path !== '/'
}

// Without what is random.
function words(html: string): string {
  return html.replace(/value="[A-Za-z0-9_-]{43}"/g, '').replace(/<code>.*?<\/code>/gs, '')
}
