import { PeopleProvider } from '../../src/access/oidc.ts'
import { nameOf, roleOf } from '../../src/access/oidc-claims.ts'
import { findPerson } from '../../src/access/session.ts'
import { queryEntries } from '../../src/audit/query.ts'
import { readConfig } from '../../src/config.ts'
import { describeInChromium, openBrowser, openWindow, seriousFindings } from '../console/browser.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type Mangle,
  startProvider,
  type TestProvider,
} from './provider.ts'
import { Walker } from './walk.ts'

const SESSION = 'huisbrug-sessie'
const ATTEMPT = 'huisbrug-aanmelding'
const ROLES = {
  claim: 'groups',
  roles: {
    'privacy-officer': ['huisbrug-fg'],
    auditor: ['huisbrug-audit'],
    operator: ['huisbrug-beheer'],
    viewer: ['huisbrug-lezer'],
  },
}

let provider: TestProvider
let gateway: TestGateway

beforeAll(async () => {
  provider = await startProvider()
  gateway = await testGateway({
    webhooks: false,
    settings: {
      HUISBRUG_OIDC_ISSUER: provider.issuer,
      HUISBRUG_OIDC_CLIENT_ID: CLIENT_ID,
      HUISBRUG_OIDC_CLIENT_SECRET: CLIENT_SECRET,
      HUISBRUG_OIDC_ROLES: JSON.stringify(ROLES),
      HUISBRUG_ADDRESS_BURST: '1000',
    },
  })
  provider.open(gateway.url)
})
afterAll(async () => {
  await gateway?.close()
  await provider?.close()
})
afterEach(() => {
  provider.mangle = undefined
  provider.broken = undefined
})

/** The answer of the gateway to whoever comes back from the provider. */
async function comeBack(name: string, walker = new Walker()) {
  return walker.go(await walker.signInAs(gateway.url, name))
}

const sessionOf = (walker: Walker) => walker.cookies(gateway.url).get(SESSION)

async function refusals(code: string): Promise<number> {
  await gateway.context.tokens.close()
  const { items } = await queryEntries(gateway.context.pool, { action: 'access.refused' })
  const ofCode = items.filter(({ entry }) => entry.code === code)
  return ofCode.reduce((sum, { entry }) => sum + (entry.counts?.['attempts'] ?? 0), 0)
}

test.each([
  ['fg', 'privacy-officer'],
  ['beheer', 'operator'],
  ['lezer', 'auditor'],
  ['tekst', 'auditor'],
])('%s gets the role %s', async (name, role) => {
  const walker = new Walker()
  const answer = await comeBack(name, walker)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('refresh')).toBe('0; url=/console')
  const found = await gateway.context.sessions.findSession(sessionOf(walker))
  expect(found?.role).toBe(role)
  expect(walker.cookies(gateway.url).has(ATTEMPT)).toBe(false)
  const set = answer.headers.getSetCookie().find(it => it.startsWith(`${SESSION}=`))
  expect(set).toMatch(/; HttpOnly; SameSite=Strict$/)
})

test.each(['niemand', 'bijna', 'constructor'])('%s has no role: a page, an entry', async name => {
  const before = await refusals('HB-116')
  const walker = new Walker()
  const { status, html } = await comeBack(name, walker)
  expect(status).toBe(403)
  expect(html).toContain('U hebt hier geen rol')
  expect(html).toContain('HB-116')
  expect(html).not.toContain(name)
  expect(sessionOf(walker)).toBeUndefined()
  await until('evidence', async () => (await refusals('HB-116')) === before + 1)
})

test('an id_token that is signed anew as it is signs in: what follows can fail', async () => {
  provider.mangle = () => undefined
  expect((await comeBack('fg')).status).toBe(200)
})

const WRONG: [string, Mangle][] = [
  ['expired', ({ claims }) => Object.assign(claims, { exp: nowSeconds() - 60 })],
  ['from another issuer', ({ claims }) => Object.assign(claims, { iss: 'https://elders.example' })],
  ['for another client', ({ claims }) => Object.assign(claims, { aud: 'iemand-anders' })],
  [
    'for several, by another',
    ({ claims }) => Object.assign(claims, { aud: [CLIENT_ID, 'b'], azp: 'b' }),
  ],
  ['with another nonce', ({ claims }) => Object.assign(claims, { nonce: 'een-andere' })],
  ['without a nonce', ({ claims }) => Object.assign(claims, { nonce: undefined })],
  ['without a subject', ({ claims }) => Object.assign(claims, { sub: undefined })],
  ['from the future', ({ claims }) => Object.assign(claims, { nbf: nowSeconds() + 120 })],
  ['without a signature', ({ header }) => Object.assign(header, { alg: 'none' })],
  ['signed with the secret', ({ header }) => Object.assign(header, { alg: 'HS256' })],
  ['signed by another key', ({ header }) => Object.assign(header, { kid: 'andere' })],
]

test.each(WRONG)('an id_token %s signs nobody in', async (_name, mangle) => {
  provider.mangle = mangle
  const walker = new Walker()
  const { status, html } = await comeBack('fg', walker)
  expect([status, html.includes('HB-117')]).toEqual([401, true])
  expect(sessionOf(walker)).toBeUndefined()
})

test('what comes back fits one attempt of one browser, once', async () => {
  const [one, other] = [new Walker(), new Walker()]
  const back = await one.signInAs(gateway.url, 'fg')
  // Another browser, with an attempt of its own or without any: login CSRF.
  expect((await other.go(back)).status).toBe(401)
  await other.go(`${gateway.url}/console/aanmelden/start`)
  expect((await other.go(back)).status).toBe(401)
  const changed = new URL(back)
  changed.searchParams.set('state', 'een-andere')
  const attempt = one.cookies(gateway.url).get(ATTEMPT) ?? ''
  expect((await one.go(changed.href)).status).toBe(401)
  // The refused try took the attempt away; put it back, as who copied the cookie would.
  one.cookies(gateway.url).set(ATTEMPT, attempt)
  expect((await one.go(back)).status).toBe(200)
  const first = sessionOf(one)
  one.cookies(gateway.url).set(ATTEMPT, attempt)
  const again = await one.go(back)
  expect([again.status, again.html.includes('HB-117')]).toEqual([401, true])
  expect(sessionOf(one)).toBe(first)
  expect(sessionOf(other)).toBeUndefined()
  const denied = `${gateway.url}/console/aanmelden/terug?error=access_denied&state=x`
  expect((await one.go(denied)).status).toBe(401)
})

test('a session that was put into the browser before opens nothing; each sign-in is a new one', async () => {
  const walker = new Walker()
  const planted = 'A'.repeat(43)
  walker.cookies(gateway.url).set(SESSION, planted)
  await comeBack('fg', walker)
  const first = sessionOf(walker)
  await comeBack('fg', walker)
  expect(new Set([planted, first, sessionOf(walker)]).size).toBe(3)
  expect(await gateway.context.sessions.findSession(planted)).toBeUndefined()
})

test('two sessions of one person have one person, of two people two; nothing tells who', async () => {
  const { pool } = gateway.context
  await pool.query('DELETE FROM console_session')
  await comeBack('fg')
  await comeBack('fg')
  await comeBack('tweede')
  const { rows } = await pool.query('SELECT person, name, s::text AS all FROM console_session s')
  expect(new Set(rows.map(row => row.person.toString('hex'))).size).toBe(2)
  const { items } = await until('the entries', async () => {
    const found = await queryEntries(pool, { action: 'console.signed-in' })
    return found.items.length > 2 && found
  })
  expect(JSON.stringify(items)).not.toMatch(/Persoon|tweede/)
  expect(rows[0]?.all).toContain('Persoon')
  expect(gateway.logged.join('')).not.toMatch(/Persoon|id_token|eyJ/)
})

test('where the provider does not answer, or is where nobody may call, people are told so', async () => {
  const walker = new Walker()
  const back = await walker.signInAs(gateway.url, 'fg')
  provider.broken = 500
  const answer = await walker.go(back)
  expect([answer.status, sessionOf(walker)]).toEqual([401, undefined])
  const { config, outbound, log } = gateway.context
  for (const issuer of [provider.issuer, 'https://10.0.0.1', 'https://elders.invalid']) {
    const settings = { ...config.people.oidc!, issuer }
    const { request: call } = outbound
    const parts = { settings, publicUrl: gateway.url, call, pepper: never, log }
    const away = new PeopleProvider({ ...parts, allowLoopback: true })
    await expect(away.start(away.newAttempt())).rejects.toMatchObject({ code: 'HB-118' })
  }
})

test('a link is the way in of an emergency, and is nobody in particular', async () => {
  const { sessions, pool } = gateway.context
  const { id, role } = await sessions.openSession(await sessions.makeLink('operator'))
  expect([role, await findPerson(pool, id)]).toEqual(['operator', null])
})

test.each([
  ['{"claim":"groups","roles":{"auditor@woonboog":["a"]}}', /the roles are/],
  ['{"claim":"groups","roles":{"privacy-officer@":["a"]}}', /the roles are/],
  ['{"claim":"groups","roles":{"beheerder":["a"]}}', /the roles are/],
  ['{"claim":"groups","roles":{"auditor":"a"}}', /must be like/],
  ['{"claim":"groups","roles":{}}', /must be like/],
  [
    '{"claim":"groups","roles":{"privacy-officer@a":["x","b"],"privacy-officer@b":["b"]}}',
    /one value makes the privacy officer of a and of b; .* give each party a value of its own/,
  ],
  ['groups', /must be like/],
  [undefined, /go together/],
])('the mapping %s stops the start', (roles, says) => {
  const oidc = { HUISBRUG_OIDC_ISSUER: 'https://a.example', HUISBRUG_OIDC_CLIENT_ID: 'x' }
  const env = { ...oidc, HUISBRUG_OIDC_CLIENT_SECRET: 'y', HUISBRUG_OIDC_ROLES: roles }
  expect(() => readConfig(env)).toThrow(says)
})

test('a claim is found by its way, never through what every object has', () => {
  const officers = new Map()
  const mapping = {
    claim: ['realm', 'roles'],
    roles: { auditor: ['a'], operator: ['b'] },
    officers,
  }
  expect(roleOf({ realm: { roles: ['b', 'a'] } }, mapping)).toEqual({ role: 'auditor' })
  expect(roleOf({ realm: { roles: [['a'], 7] } }, mapping)).toBeUndefined()
  expect(roleOf({ roles: ['a'], realm: 'a' }, mapping)).toBeUndefined()
  const odd = { claim: ['constructor', 'name'], roles: { auditor: ['Object'] }, officers }
  expect(roleOf({}, odd)).toBeUndefined()
  expect(nameOf({ name: ' An\u0000\n ', preferred_username: 'x' })).toBe('An')
  expect(nameOf({ name: '', preferred_username: 'é'.repeat(200) })).toHaveLength(80)
})

test('an officer is of one party: who has the values of two has no role', () => {
  const officers = new Map([
    ['woonboog', ['w']],
    ['leefgoed', ['l', 'm']],
  ])
  const mapping = { claim: ['g'], roles: { auditor: ['a'], viewer: ['v'] }, officers }
  expect(roleOf({ g: ['v', 'l', 'm'] }, mapping)).toEqual({
    role: 'privacy-officer',
    party: 'leefgoed',
  })
  expect(roleOf({ g: ['v', 'w', 'm'] }, mapping)).toBeUndefined()
  expect(roleOf({ g: ['w', 'm', 'a'] }, mapping)).toEqual({ role: 'auditor' })
})

describeInChromium('in a browser', () => {
  test('sign in, see who is signed in, end another session, sign out at both', async () => {
    await gateway.context.pool.query('DELETE FROM console_session')
    const stranger = new Walker()
    await comeBack('tweede', stranger)
    const browser = await openBrowser()
    const window = await openWindow(browser)
    const page = await window.newPage()
    page.setDefaultTimeout(8_000)
    await page.route(/fonts\.googleapis/, route => route.abort())
    await page.goto(`${gateway.url}/console/protocollen`)
    await page.getByRole('link', { name: 'Aanmelden' }).click()
    expect(await seriousFindings(page)).toEqual([])
    await page.getByRole('link', { name: 'Aanmelden' }).click()
    await page.locator('input[name=login]').fill('fg')
    await page.locator('input[name=password]').fill('x')
    await page.locator('button[type=submit]').click()
    await page.getByRole('heading', { level: 1, name: 'Overzicht' }).waitFor()
    await page.getByRole('link', { name: 'Aangemeld' }).click()
    const row = page.getByRole('row', { name: /Persoon <b>tweede<\/b>/ })
    await row.getByRole('button').click()
    await page.getByRole('heading', { name: 'De sessie is beëindigd.' }).waitFor()
    expect((await stranger.go(`${gateway.url}/console`)).status).toBe(401)
    await page.getByRole('button', { name: 'Afmelden' }).click()
    await page.getByRole('link', { name: 'Afmelden bij de aanmelddienst' }).click()
    await page.getByRole('button', { name: /Yes/ }).click()
    await page.getByRole('heading', { level: 1, name: 'Aanmelden' }).waitFor()
    await page.goto(`${gateway.url}/console`)
    await page.getByRole('heading', { level: 1, name: 'U bent niet aangemeld' }).waitFor()
    await browser.close()
    const { items } = await until('evidence', async () => {
      const found = await queryEntries(gateway.context.pool, { action: 'console.session-ended' })
      return found.items.length > 0 && found
    })
    expect(items[0]?.entry.actor).toMatchObject({ role: 'privacy-officer' })
  })
})

function never(): never {
  throw new Error('not to be called')
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
