import { sequenceOnce } from '../../src/audit/sequencer.ts'
import { PAGES } from '../../src/console/pages/index.ts'
import { faultOfReason } from '../../src/exchange/given-reason.ts'
import { openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import type { RawReply } from '../support/raw.ts'
import {
  bodyOf,
  browse,
  fill,
  openCaller,
  placesIn,
  promised,
  put,
  TARGETS,
  type Target,
} from './kit.ts'
import { IN_PAGES, MARK, PRODUCT, TEXTS } from './texts.ts'

// Where the words of people are kept: beside the log, and with what waits for a second person.
const KEPT_IN = ['public.approval', 'public.audit_detail', 'public.restriction']

let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway({
    roles: 'api,console',
    webhooks: false,
    settings: {
      HUISBRUG_PARTY_PER_SECOND: '10000',
      HUISBRUG_PARTY_BURST: '100000',
      HUISBRUG_FOUR_EYES: 'subject-erase',
    },
  })
  await openDomain(gateway)
})
afterAll(() => gateway?.close())

const tables = async () => {
  const { rows } = await gateway.db.pool.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  )
  return rows.map(row => row.name)
}

/** The tables that hold the mark, as text or as bytes. */
async function marked(): Promise<string[]> {
  const hex = Buffer.from(MARK).toString('hex')
  const holds = (name: string) =>
    `SELECT '${name}' AS name WHERE EXISTS (SELECT FROM ${name} t WHERE t::text ~ '${MARK}|${hex}')`
  const { rows } = await gateway.db.pool.query<{ name: string }>(
    (await tables()).map(holds).join(' UNION ALL '),
  )
  return rows.map(row => row.name).toSorted()
}

interface Case {
  at: string
  send: () => Promise<RawReply>
}

type Send = Awaited<ReturnType<typeof openCaller>>

/** Every text at every place of an operation: in its path, query, headers and body. */
function casesOf(target: Target, send: Send): Case[] {
  const body = () => bodyOf(target)
  const places = placesIn(body())
  return Object.entries(TEXTS).flatMap(([name, text]) => {
    const way = encodeURIComponent(text.toWellFormed()).slice(0, 8_000)
    const isPlain = /^[\x20-\x7e]+$/.test(text) && text.length < 10_000
    const isForPlaces = (IN_PAGES as readonly string[]).includes(name)
    const inParameters = (isForPlaces ? target.parameters : []).flatMap(
      ({ in: where, name: of }) => {
        const path = fill(target.path.replace(`{${of}}`, way))
        const at = `${target.name} ${where} ${of}: ${name}`
        if (where === 'path') return { at, send: () => send(target, { path, body: body() }) }
        if (where === 'query') return { at, send: () => send(target, { query: `?${of}=${way}` }) }
        const headers = { [of]: text }
        return isPlain ? [{ at, send: () => send(target, { headers, body: body() }) }] : []
      },
    )
    const inBody = places.map(place => ({
      at: `${target.name} /${place.join('/')}: ${name}`,
      send: () => send(target, { body: put(body(), place, text) }),
    }))
    return [...inParameters, ...inBody]
  })
}

async function faultsOf({ at, send }: Case): Promise<string[]> {
  const start = performance.now()
  const { status, text, headers } = await send()
  const inHeader = [...headers].some(
    ([name, value]) => name === 'set-cookie' || value.includes(MARK),
  )
  const faults = {
    [`status ${status}`]: status >= 500 || (status >= 300 && status < 400),
    slow: performance.now() - start > 25_000,
    'carried out': text.includes(PRODUCT) || text.includes('root:'),
    echoed: text.includes(MARK),
    'in a header': inHeader,
  }
  return Object.entries(faults).flatMap(([fault, is]) => (is ? [`${at}: ${fault}`] : []))
}

test('every text of every operation, with texts that mean something elsewhere', async () => {
  const send = await openCaller(gateway)
  const before = await tables()
  const cases = TARGETS.flatMap(target => casesOf(target, send))
  const told: string[] = []
  for (let at = 0; at < cases.length; at += 16)
    told.push(...(await Promise.all(cases.slice(at, at + 16).map(faultsOf))).flat())
  expect(told).toEqual([])
  expect(await tables()).toEqual(before)
  expect(await marked()).toEqual(KEPT_IN)
  expect(gateway.logged.join('')).not.toContain(MARK)
  expect(cases.length).toBeGreaterThanOrEqual(promised('texts at the interface'))
}, 120_000)

test('what was kept is shown as text: on pages, in lists and in files', async () => {
  const { context } = gateway
  await sequenceOnce(context)
  const { sessions } = context
  const { cookie } = await sessions.openSession(await sessions.makeLink('privacy-officer'))
  const headers = { cookie: `huisbrug-sessie=${cookie}` }
  const { rows } = await gateway.db.pool.query<{ index: string }>(
    `SELECT e.index FROM audit_entry e JOIN audit_detail d USING (entry_id) WHERE d.details::text ~ '${MARK}'`,
  )
  const pages = PAGES.filter(({ method, path }) => method === 'get' && !path.includes(':')).map(
    ({ path }) => `/console${path}`,
  )
  const paths = [
    ...pages,
    ...rows.slice(0, 40).map(({ index }) => `/console/auditlog/${index}`),
    '/v1/audit/export?format=csv',
    '/v1/audit/export',
    '/v1/approvals',
  ]
  const shown: string[] = []
  for (const path of paths) {
    const { status, html: text } = await browse(`${gateway.url}${path}`, { headers })
    expect([path, status < 400 || status === 404]).toEqual([path, true])
    if (text.includes(MARK)) shown.push(path.replace(/\d+$/, ':index'))
    if (path.startsWith('/console')) expect(text).not.toMatch(new RegExp(`${MARK}["'<]`))
    if (path.endsWith('csv')) expect(text).not.toMatch(new RegExp(`(^|[,"])=${MARK}`, 'm'))
    expect(text).not.toMatch(/[\0\u202a-\u202e\u2066-\u2069]/)
  }
  expect(shown).toEqual(expect.arrayContaining(['/console/goedkeuringen', '/v1/approvals']))
})

test.each([
  ['a NUL', 'a\0b'],
  ['a bell', 'a\u0007b'],
  ['a control of C1', 'a\u0085b'],
  ['an override of direction', 'a\u202eb'],
  ['an isolate of direction', 'a\u2067b'],
  ['half a character', 'a\ud83d'],
])('a reason of a person does not hold %s', (_, reason) => {
  expect(faultOfReason(reason, new Date())).toBe('hidden')
  expect(faultOfReason('Vraag 2026-17:\n\té, ✓ of 😀', new Date())).toBeUndefined()
})
