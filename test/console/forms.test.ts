import { syntheticNumber } from '../support/people.ts'
import { seedRegion } from './region.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { DOMAIN } from './seed.ts'

const NUMBER = syntheticNumber(33)

describe('cookies, forms and headers of the console', () => {
  let rooms: Rooms

  beforeAll(async () => {
    rooms = await openRooms()
  })

  afterAll(() => rooms?.close())

  test('over http the cookies are HttpOnly and SameSite=Strict', async () => {
    const { form, session } = await cookiesOf(rooms)
    expect(form).toMatch(/^huisbrug-aanmelden=[\w-]{43}; /)
    expect(session).toMatch(/^huisbrug-sessie=[\w-]{43}; /)
    for (const cookie of [form, session]) {
      expect(cookie).toContain('; HttpOnly')
      expect(cookie).toContain('; SameSite=Strict')
      expect(cookie).toContain('; Path=/')
      expect(cookie).not.toContain('Domain=')
    }
  })

  test('over https they are bound to this host and Secure', async () => {
    const secure = await openRooms({ publicUrl: 'https://huisbrug.example' })
    try {
      const { form, session } = await cookiesOf(secure)
      for (const cookie of [form, session]) {
        expect(cookie).toMatch(/^__Host-huisbrug-/)
        expect(cookie).toContain('; Secure')
        expect(cookie).toContain('; Path=/')
        expect(cookie).toContain('; HttpOnly')
        expect(cookie).toContain('; SameSite=Strict')
      }
      const { cookie } = await secure.signIn()
      expect((await secure.get('', cookie)).status).toBe(200)
      expect((await secure.get('', cookie.replace('__Host-', ''))).status).toBe(401)
    } finally {
      await secure.close()
    }
  })

  test('links in pages carry the path of a public address that has one', async () => {
    const below = await openRooms({ publicUrl: 'https://example.org/brug' })
    try {
      const { cookie } = await below.signIn()
      const { html } = await below.get('', cookie)
      expect(html).toContain('href="/brug/console/auditlog"')
      expect(html).not.toContain('href="/console/')
    } finally {
      await below.close()
    }
  })

  test.each([
    ['/controle', {}],
    ['/controle', { csrf: '' }],
    ['/controle', { csrf: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['/afmelden', {}],
    ['/aanmelden', { link: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
  ])('POST %s with %j is refused with 403 and does nothing', async (path, form) => {
    const { cookie } = await rooms.signIn()
    const before = await countEntries(rooms)
    const { status, html } = await rooms.post(path, form, cookie)
    expect(status).toBe(403)
    expect(html).toContain('Het formulier is niet geldig')
    expect(await countEntries(rooms)).toBe(before)
    expect((await rooms.get('', cookie)).status).toBe(200)
  })

  test('the token of another session does not fit', async () => {
    const mine = await rooms.signIn()
    const theirs = await rooms.signIn()
    expect((await rooms.post('/controle', { csrf: theirs.csrf }, mine.cookie)).status).toBe(403)
  })

  test('a token given twice, or a form of 17 kB, does not get through', async () => {
    const { cookie, csrf } = await rooms.signIn()
    const twice = await fetch(`${rooms.url}/controle`, {
      method: 'POST',
      body: new URLSearchParams([
        ['csrf', csrf],
        ['csrf', 'x'],
      ]),
      headers: { cookie },
    })
    expect(twice.status).toBe(403)
    const large = await rooms.post('/controle', { csrf, fill: 'x'.repeat(17_000) }, cookie)
    expect(large.status).toBe(400)
    expect(large.html).toContain('De aanvraag is niet leesbaar')
  })

  test('every answer says that nothing may come from elsewhere, be framed or be kept', async () => {
    const { cookie } = await rooms.signIn()
    for (const path of ['', '/auditlog', '/bestaat-niet']) {
      for (const who of [cookie, undefined]) {
        const { headers } = await rooms.get(path, who)
        expect(headers.get('content-security-policy')).toBe(
          "default-src 'none';style-src 'self';img-src 'self' data:;form-action 'self';frame-ancestors 'none';base-uri 'none'",
        )
        expect(headers.get('x-frame-options')).toBe('DENY')
        expect(headers.get('referrer-policy')).toBe('no-referrer')
        expect(headers.get('x-content-type-options')).toBe('nosniff')
        expect(headers.get('cache-control')).toBe('no-store')
        expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
      }
    }
  })

  test('pages hold no script, no inline style and no address of another host', async () => {
    const { cookie } = await rooms.signIn()
    for (const path of ['', '/auditlog', '/berichten', '/controle', '/protocollen/wm-vdab']) {
      const { html } = await rooms.get(path, cookie)
      expect(html).not.toMatch(/<script|<iframe|\sstyle=|\son[a-z]+=|javascript:/i)
      for (const [, address] of html.matchAll(/(?:href|src|action)="([^"]*)"/g)) {
        expect(address).toMatch(/^(\/console(\/|$|\?|#)|\/v1\/protocols\/|#)/)
      }
    }
  })

  test.each([
    ['/uitzonderingen/1', { bevinding: 'Nagekeken <b>' }],
    ['/pseudoniemen/extra', { wie: `vdab ${DOMAIN}`, aantal: '1234', reden: 'Verhuizing <b>' }],
    ['/protocollen/wm-vdab-woonboog/opschorten', { reden: 'Een lek <b>', bevestigd: 'ja' }],
  ])(
    '%s: what was typed outlives a session that ended, and nothing is done',
    async (path, form) => {
      const { rows } = await rooms.database.pool.query('SELECT count(*)::int AS n FROM party')
      if (rows[0].n === 0) await seedRegion(rooms.database.pool)
      const { bevestigd: _, ...typed } = { bevestigd: '', ...form }
      const ended = await rooms.post(path, { ...form, csrf: 'x' })
      expect(ended.status).toBe(401)
      const before = await countEntries(rooms)
      const { cookie } = await rooms.signIn()
      const again = await rooms.post(path, form, cookie)
      expect(again.status).toBe(403)
      expect(again.html).toContain('Uw sessie was voorbij')
      for (const value of Object.values(typed)) {
        const shown = value.replace('<b>', '&lt;b&gt;')
        for (const { html } of [ended, again]) expect(html).toContain(shown)
      }
      expect(await countEntries(rooms)).toBe(before)
      const number = await rooms.post(path, { ...form, reden: NUMBER, bevinding: NUMBER })
      expect(number.html).not.toContain(NUMBER)
    },
  )

  test('its own files are served to anyone and kept by version', async () => {
    const { html } = await rooms.get('')
    const style = /href="\/console(\/bestanden\/console\.css\?v=[0-9a-f]{12})"/.exec(html)?.[1]
    const { status, headers } = await rooms.get(style ?? '')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await rooms.get('/bestanden/constructor')).status).toBe(401)
    expect((await rooms.get('/bestanden/..%2Fdeps.ts')).status).toBe(401)
  })
})

async function cookiesOf(rooms: Rooms): Promise<{ form: string; session: string }> {
  const link = await rooms.link()
  const page = await rooms.get(`/aanmelden?link=${link}`)
  const form = page.headers.getSetCookie()[0] ?? ''
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
  const opened = await rooms.post('/aanmelden', { link, csrf }, form.split(';')[0])
  expect(opened.status).toBe(303)
  const session = opened.headers.getSetCookie().find(cookie => cookie.includes('sessie')) ?? ''
  return { form, session }
}

async function countEntries(rooms: Rooms): Promise<number> {
  const { rows } = await rooms.database.pool.query(
    `SELECT count(*) AS entries FROM audit_pending WHERE action <> 'console.signed-in'`,
  )
  return rows[0].entries
}
