import type { ConsoleRole } from '../../src/access/session.ts'
import { PAGES } from '../../src/console/pages/index.ts'
import { ROUTES } from '../../src/http/routes/index.ts'
import { CLIENT_ID, CLIENT_SECRET, startProvider, type TestProvider } from '../people/provider.ts'
import { Walker } from '../people/walk.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { browse, fill, promised } from './kit.ts'
import { IN_PAGES, MARK, PRODUCT, TEXTS } from './texts.ts'

const SESSION = 'huisbrug-sessie'
const TYPE = 'application/x-www-form-urlencoded'
const EVIL = { origin: 'https://elders.example', 'sec-fetch-site': 'cross-site' }
const FILES = /\/(pdf|bundel)$/
const REASON = 'Onderzoek naar een fout.'

interface Somebody {
  id: string
  cookie: string
  csrf: string
}

let provider: TestProvider
let gateway: TestGateway
let message: string

beforeAll(async () => {
  provider = await startProvider()
  gateway = await testGateway({
    roles: 'api,console',
    webhooks: false,
    settings: {
      HUISBRUG_OIDC_ISSUER: provider.issuer,
      HUISBRUG_OIDC_CLIENT_ID: CLIENT_ID,
      HUISBRUG_OIDC_CLIENT_SECRET: CLIENT_SECRET,
      HUISBRUG_OIDC_ROLES: '{"claim":"groups","roles":{"privacy-officer":["huisbrug-fg"]}}',
      HUISBRUG_ADDRESS_BURST: '1000',
    },
  })
  provider.open(gateway.url)
  await openDomain(gateway)
  message = (await gateway.clients.woonboog.detect(detection(tenants(1, 1)))).messageId
})
afterAll(async () => {
  await gateway?.close()
  await provider?.close()
})

async function signIn(role: ConsoleRole = 'privacy-officer'): Promise<Somebody> {
  const { sessions } = gateway.context
  return sessions.openSession(await sessions.makeLink(role))
}

/** Asks for a page or sends a form, as a browser with this cookie. */
function ask(path: string, cookie?: string, options: RequestInit = {}) {
  const headers = { ...(cookie && { cookie: `${SESSION}=${cookie}` }), ...options.headers }
  return browse(`${gateway.url}${path}`, { ...options, headers })
}

const send = (path: string, cookie: string | undefined, body: string, type = TYPE, more = {}) =>
  ask(path, cookie, { method: 'POST', body, headers: { 'content-type': type, ...more } })

/** What was done and is kept as evidence; reading and refusing aside. */
async function deeds(): Promise<string[]> {
  const { rows } = await gateway.db.pool.query<{ action: string }>(
    `SELECT action FROM audit_entry UNION ALL SELECT action FROM audit_pending`,
  )
  return rows
    .map(row => row.action)
    .filter(action => !/^(access|console\.(viewed|signed-in)|audit)/.test(action))
    .toSorted()
}

/** Where the pages are, with ids of what exists. */
const placeOf = (path: string) =>
  `/console${path.replace('/berichten/:id', `/berichten/${message}`).replace(/:\w+/, 'wm-vdab')}`

/** Every form of the console that does something, filled in so that it would. */
function formsFor(victim: string): { path: string; fields: Record<string, string> }[] {
  const common = { bevestigd: 'ja', reden: REASON, wat: 'hervatten', aantal: '10' }
  const fields = { ...common, wie: 'vdab wm-vdab/1/1', sessie: victim, vraag: 'req_1' }
  return PAGES.filter(({ method }) => method === 'post').map(({ path }) => {
    return { path: placeOf(path), fields }
  })
}

type Forgery = (
  path: string,
  body: string,
  own: Somebody,
  other: Somebody,
) => ReturnType<typeof ask>

const part = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`

/** How another site, or another person, has the browser of who is signed in send a form. */
const FORGERIES: Record<string, Forgery> = {
  'without a token': (path, body, own) => send(path, own.cookie, body),
  'from another site': (path, body, own) => send(path, own.cookie, body, TYPE, EVIL),
  'from a page in a sandbox': (path, body, own) =>
    send(path, own.cookie, body, TYPE, { origin: 'null', 'sec-fetch-site': 'cross-site' }),
  'with an empty token': (path, body, own) => send(path, own.cookie, `${body}&csrf=`),
  'with the token of another session': (path, body, own, other) =>
    send(path, own.cookie, `${body}&csrf=${other.csrf}`),
  'with the id of the session': (path, body, own) =>
    send(path, own.cookie, `${body}&csrf=${own.id}`),
  'with the token in the query': (path, body, own) =>
    send(`${path}?csrf=${own.csrf}`, own.cookie, body),
  'with the token in a header': (path, body, own) =>
    send(path, own.cookie, body, TYPE, { 'x-csrf-token': own.csrf }),
  'with the token in a cookie': (path, body, own) =>
    send(path, `${own.cookie}; csrf=${own.csrf}`, body),
  'with the token as a list': (path, body, own) =>
    send(path, own.cookie, `${body}&csrf[]=${own.csrf}`),
  'with the token in an object': (path, body, own) =>
    send(path, own.cookie, `${body}&csrf[csrf]=${own.csrf}`),
  'with the token cut short': (path, body, own) =>
    send(path, own.cookie, `${body}&csrf=${own.csrf.slice(0, -1)}`),
  'with the token and more': (path, body, own) =>
    send(path, own.cookie, `${body}&csrf=${own.csrf}%00`),
  'with a token after the token': (path, body, own, other) =>
    send(path, own.cookie, `${body}&csrf=${own.csrf}&csrf=${other.csrf}`),
  'as text/plain': (path, body, own) =>
    send(path, own.cookie, `${body}&csrf=${own.csrf}`, 'text/plain', EVIL),
  'as JSON': (path, body, own) =>
    send(
      path,
      own.cookie,
      JSON.stringify({ ...Object.fromEntries(new URLSearchParams(body)), csrf: own.csrf }),
      'application/json',
    ),
  'as a form of several parts': (path, body, own) => {
    const fields = [...new URLSearchParams(`${body}&csrf=${own.csrf}`)]
    const parts = `${fields.map(([name, value]) => part(name, value)).join('')}--b--`
    return send(path, own.cookie, parts, 'multipart/form-data; boundary=b')
  },
  'without a type': (path, body, own) =>
    ask(path, own.cookie, { method: 'POST', body: Buffer.from(`${body}&csrf=${own.csrf}`) }),
  'beyond fifty fields': (path, body, own) =>
    send(path, own.cookie, `${'a=1&'.repeat(60)}${body}&csrf=${own.csrf}`),
  'as a GET': (path, body, own) => ask(`${path}?${body}&csrf=${own.csrf}`, own.cookie),
  ...Object.fromEntries(
    ['PUT', 'PATCH', 'DELETE'].map(method => [
      `as a ${method}`,
      ((path, body, own) =>
        ask(path, own.cookie, {
          ...{ method, body: `${body}&csrf=${own.csrf}`, headers: { 'content-type': TYPE } },
        })) satisfies Forgery,
    ]),
  ),
  'as a GET that says it is a POST': (path, body, own) =>
    ask(`${path}?${body}&csrf=${own.csrf}&_method=POST`, own.cookie, {
      headers: { 'x-http-method-override': 'POST', 'x-method-override': 'POST' },
    }),
  'with the cookie in a header of its own': (path, body, own) =>
    send(path, undefined, `${body}&csrf=${own.csrf}`, TYPE, { 'set-cookie': own.cookie }),
  'with the cookie as a token': (path, body, own) =>
    send(path, undefined, `${body}&csrf=${own.csrf}`, TYPE, {
      authorization: `Bearer ${own.cookie}`,
    }),
  'with the name of the cookie in capitals': (path, body, own) =>
    send(path, undefined, `${body}&csrf=${own.csrf}`, TYPE, {
      cookie: `${SESSION.toUpperCase()}=${own.cookie}`,
    }),
  'after another cookie of that name': (path, body, own, other) =>
    send(path, `${other.cookie}; ${SESSION}=${own.cookie}`, `${body}&csrf=${own.csrf}`),
}

test('no form does anything without its own token, in whatever way it is sent', async () => {
  const [own, other, victim] = [await signIn(), await signIn(), await signIn('viewer')]
  const before = await deeds()
  const told: string[] = []
  let cases = 0
  const forms = [...formsFor(victim.id), { path: '/console/afmelden', fields: {} }]
  for (const { path, fields } of forms) {
    for (const [name, forge] of Object.entries(FORGERIES)) {
      const body = new URLSearchParams(fields).toString()
      const { status, html } = await forge(path, body, own, other)
      cases += 1
      const isKept = PAGES.some(page => page.keeps && placeOf(page.path) === path)
      const isRead = / a GET/.test(name) && [200, 404].includes(status)
      if (![400, 401, 403, 404].includes(status) && !isRead && !isKept)
        told.push(`${path} ${name}: ${status}`)
      if (html.includes('De sessie is beëindigd')) told.push(`${path} ${name}: done`)
    }
  }
  expect(told).toEqual([])
  expect(await deeds()).toEqual(before)
  for (const { cookie } of [own, other, victim])
    expect(await gateway.context.sessions.findSession(cookie)).toBeDefined()
  // The same forms with the token do what they are for.
  for (const { path, fields } of forms.slice(0, -1)) {
    const body = new URLSearchParams({ ...fields, csrf: own.csrf }).toString()
    const { status } = await send(path, own.cookie, body)
    expect([path, status]).not.toEqual([path, 403])
  }
  const done = ['console.session-ended', 'console.verified', 'protocol.resumed', 'quota.granted']
  expect(before).not.toContain('quota.granted')
  expect(await deeds()).toEqual(expect.arrayContaining([...done, 'protocol.suspended']))
  expect(cases).toBeGreaterThanOrEqual(promised('forms of another site'))
}, 120_000)

/** Fields of the forms of a page, by where they go to. */
function formsIn(html: string): { action: string; method: string; names: string[] }[] {
  return [...html.matchAll(/<form[^>]*>[\s\S]*?<\/form>/g)].map(([form]) => ({
    action: /action="([^"]+)"/.exec(form)?.[1] ?? '',
    method: /method="([^"]+)"/.exec(form)?.[1] ?? 'get',
    names: [...form.matchAll(/ name="([^"]+)"/g)].map(([, name = '']) => name),
  }))
}

test('every field of every form, with texts that mean something elsewhere', async () => {
  const own = await signIn()
  // Files take seconds to draw, and have no forms.
  const drawn = PAGES.filter(({ method, path }) => method === 'get' && !FILES.test(path))
  const pages = drawn.map(({ path }) => placeOf(path))
  const found = new Map<string, ReturnType<typeof formsIn>[number]>()
  for (const path of pages) {
    for (const form of formsIn((await ask(path, own.cookie)).html))
      if (!form.action.endsWith('/afmelden')) found.set(`${form.method} ${form.action}`, form)
  }
  const told: string[] = []
  let cases = 0
  const look = (at: string, { status, html, headers }: Awaited<ReturnType<typeof ask>>) => {
    if (status >= 500) told.push(`${at}: ${status}`)
    if (html.includes(PRODUCT) || html.includes('root:')) told.push(`${at}: carried out`)
    if (new RegExp(`${MARK}["'<]`).test(html)) told.push(`${at}: not escaped`)
    if (headers.getSetCookie().some(it => it.includes('planted'))) told.push(`${at}: a cookie`)
  }
  for (const { action, method, names } of found.values()) {
    const { fields } = formsFor(own.id)[0]!
    for (const name of names.filter(one => one !== 'csrf'))
      for (const what of IN_PAGES) {
        const text = TEXTS[what] ?? ''
        const form = new URLSearchParams({ ...fields, csrf: own.csrf, [name]: text }).toString()
        const isPost = method === 'post'
        const reply = await (isPost
          ? send(action, own.cookie, form)
          : ask(
              `${action}?${new URLSearchParams({ [name]: text }).toString().slice(0, 8_000)}`,
              own.cookie,
            ))
        cases += 1
        look(`${method} ${action} ${name}: ${what}`, reply)
      }
  }
  // Words that are taken, kept and shown.
  const { fields } = formsFor(own.id)[0]!
  for (const [way, reden] of [
    ['hervatten', REASON],
    ['opschorten', TEXTS['an element of HTML'] ?? ''],
  ] as const) {
    const form = new URLSearchParams({ ...fields, csrf: own.csrf, reden }).toString()
    await send(`/console/protocollen/wm-vdab/${way}`, own.cookie, form)
  }
  let shown = ''
  for (const path of pages) {
    const reply = await ask(path, own.cookie)
    look(path, reply)
    shown += reply.html
  }
  expect(told).toEqual([])
  expect(shown.includes(`${MARK}&lt;script&gt;`)).toBe(true)
  expect(gateway.logged.join('')).not.toContain(MARK)
  expect(cases).toBeGreaterThanOrEqual(promised('texts in forms'))
}, 120_000)

describe('a session that was fixed, stolen or ended', () => {
  /** Signs in by a link or at the provider, as a browser that has these cookies. */
  async function signInBy(way: string, walker: Walker): Promise<number> {
    if (way === 'provider')
      return (await walker.go(await walker.signInAs(gateway.url, 'fg'))).status
    const link = await gateway.context.sessions.makeLink('privacy-officer')
    const { html } = await walker.go(`${gateway.url}/console/aanmelden?link=${link}`)
    const csrf = / name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
    return (await walker.go(`${gateway.url}/console/aanmelden`, { csrf, link })).status
  }

  const PLANTED: Record<string, () => Promise<string>> = {
    'a value that was made up': async () => 'A'.repeat(43),
    'an open session of a viewer': async () => (await signIn('viewer')).cookie,
    'a session that ended': async () => {
      const { cookie } = await signIn()
      await gateway.context.sessions.closeSession(cookie)
      return cookie
    },
    'the id of a session': async () => (await signIn()).id,
    'the token of a form': async () => (await signIn()).csrf,
    'a link that was not used': () => gateway.context.sessions.makeLink('privacy-officer'),
  }

  const CASES = ['link', 'provider'].flatMap(way =>
    Object.keys(PLANTED).map(planted => [way, planted] as const),
  )

  test.each(CASES)('sign-in by %s: %s that was planted is not taken over', async (way, planted) => {
    const value = await PLANTED[planted]!()
    const before = await gateway.context.sessions.findSession(value)
    const walker = new Walker()
    walker.cookies(gateway.url).set(SESSION, value)
    expect([200, 303]).toContain(await signInBy(way, walker))
    const own = walker.cookies(gateway.url).get(SESSION)
    expect(own).not.toBe(value)
    expect((await gateway.context.sessions.findSession(own))?.role).toBe('privacy-officer')
    // What was planted opens no more than it did before, and nothing that is the other's.
    expect(await gateway.context.sessions.findSession(value)).toEqual(before)
    expect((await ask('/console/auditlog', value)).status).toBe(before ? 403 : 401)
  })

  test('a link is for the browser that opened it: another site cannot sign somebody in', async () => {
    const link = await gateway.context.sessions.makeLink('privacy-officer')
    const walker = new Walker()
    await walker.go(`${gateway.url}/console/aanmelden?link=${link}`)
    const form = walker.cookies(gateway.url).get('huisbrug-aanmelden') ?? ''
    const body = (csrf: string) => new URLSearchParams({ link, csrf }).toString()
    for (const [cookie, csrf] of [
      [undefined, form],
      [`huisbrug-aanmelden=${'B'.repeat(43)}`, form],
      [`huisbrug-aanmelden=${form}`, ''],
      ['huisbrug-aanmelden=', ''],
    ] as const) {
      const reply = await ask('/console/aanmelden', undefined, {
        ...{ method: 'POST', body: body(csrf) },
        headers: { 'content-type': TYPE, ...(cookie && { cookie }) },
      })
      expect([reply.status, reply.headers.getSetCookie()]).toEqual([403, []])
    }
    expect((await walker.go(`${gateway.url}/console/aanmelden`, { link, csrf: form })).status).toBe(
      303,
    )
  })

  test.each(['link', 'provider'])('by %s: ended, it is dead on every page and route', async way => {
    const pages = PAGES.map(({ method, path }) => [method, placeOf(path)] as const)
    const routes = ROUTES.filter(({ people }) => people).map(
      ({ method, path }) => [method, fill(path.replace(/:(\w+)/g, '{$1}'))] as const,
    )
    const walker = new Walker()
    await signInBy(way, walker)
    const cookie = walker.cookies(gateway.url).get(SESSION) ?? ''
    const { id, csrf } = (await gateway.context.sessions.findSession(cookie))!
    const statuses = async (which = (_path: string) => true) => {
      const told: number[] = []
      for (const [method, path] of [...pages, ...routes]) {
        if (!which(path)) continue
        const body = method === 'post' && path.startsWith('/console') ? `csrf=${csrf}` : '{}'
        const headers = {
          'x-csrf-token': csrf,
          'content-type': path.startsWith('/console') ? TYPE : 'application/json',
        }
        const isRead = method === 'get'
        const options = isRead ? { headers } : { method: method.toUpperCase(), headers, body }
        told.push((await ask(path, cookie, options)).status)
      }
      return told
    }
    expect((await ask('/console', cookie)).status).toBe(200)
    const alive = way === 'link' ? await statuses(path => !FILES.test(path)) : []
    expect(alive).not.toContain(401)
    // Ended by another person, as where a laptop was lost.
    const other = await signIn()
    const form = new URLSearchParams({ csrf: other.csrf, sessie: id }).toString()
    expect((await send('/console/aangemeld', other.cookie, form)).status).toBe(200)
    expect(new Set(await statuses())).toEqual(new Set([401]))
  })
})
