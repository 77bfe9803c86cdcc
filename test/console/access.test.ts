import { seedRegion } from './region.ts'
import { openRooms, type Rooms } from './rooms.ts'

const EVIDENCE = ['/auditlog', '/auditlog/0', '/berichten', '/controle']
const OPEN_TO_ALL = ['', '/protocollen', '/protocollen/wm-vdab']

describe('who may open what', () => {
  let rooms: Rooms

  beforeAll(async () => {
    rooms = await openRooms()
    await seedRegion(rooms.database.pool)
    await rooms.sequence()
  })

  afterAll(() => rooms?.close())

  test.each([...OPEN_TO_ALL, ...EVIDENCE, '/bestaat-niet'])(
    '%s without a session is a friendly page with 401',
    async path => {
      const { status, html } = await rooms.get(path)
      expect(status).toBe(401)
      expect(html).toContain('U bent niet aangemeld')
      expect(html).toContain('huisbrug console link')
    },
  )

  test.each(['privacy-officer', 'auditor'] as const)('%s reads evidence', async role => {
    const { cookie } = await rooms.signIn(role)
    for (const path of [...EVIDENCE, ...OPEN_TO_ALL]) {
      expect([path, (await rooms.get(path, cookie)).status]).toEqual([path, 200])
    }
  })

  test.each(['operator', 'viewer'] as const)('%s reads no evidence', async role => {
    const { cookie, csrf } = await rooms.signIn(role)
    for (const path of EVIDENCE) {
      const { status, html } = await rooms.get(path, cookie)
      expect([path, status]).toEqual([path, 403])
      expect(html).toContain('U hebt geen toegang tot deze pagina')
    }
    expect((await rooms.post('/controle', { csrf }, cookie)).status).toBe(403)
    for (const path of OPEN_TO_ALL) {
      const { status, html } = await rooms.get(path, cookie)
      expect([path, status]).toEqual([path, 200])
      expect(html).not.toContain('href="/console/auditlog"')
    }
  })

  test.each([
    '/berichten/msg_00000000000000000000000000',
    '/berichten/msg_%27%20OR%201=1',
    '/berichten/..%2f..%2fetc',
    '/auditlog/99999999',
    '/auditlog/-1',
    '/auditlog/1e3',
    '/protocollen/onbekend',
    '/protocollen/__proto__',
    '/bestaat-niet',
  ])('%s is a page with 404', async path => {
    const { cookie } = await rooms.signIn()
    const { status, html } = await rooms.get(path, cookie)
    expect(status).toBe(404)
    expect(html).toContain('Deze pagina bestaat niet')
    expect(html).toContain('Hoofdmenu')
  })

  test('an address that cannot be decoded is a page with 400', async () => {
    const { cookie } = await rooms.signIn()
    const { status, html } = await rooms.get('/berichten/%E0%A4%A', cookie)
    expect(status).toBe(400)
    expect(html).toContain('De aanvraag is niet leesbaar')
  })
})

describe('when something fails', () => {
  test('a page without a trace or message of the error, and a log line without its message', async () => {
    const rooms = await openRooms()
    try {
      const { cookie } = await rooms.signIn()
      await rooms.database.pool.query('ALTER TABLE feedback RENAME TO secret_feedback')
      const { status, html } = await rooms.get('', cookie)
      expect(status).toBe(500)
      expect(html).toContain('Er ging iets mis')
      expect(html).not.toMatch(/relation|feedback|\.ts|node_modules|at async/)
      expect(rooms.logged).toHaveLength(1)
      expect(JSON.stringify(rooms.logged)).not.toContain('relation')
    } finally {
      await rooms.close()
    }
  })

  test('no page about a message is shown where its reading cannot be recorded', async () => {
    const rooms = await openRooms()
    try {
      const { answered } = await seedRegion(rooms.database.pool)
      const { cookie } = await rooms.signIn()
      await rooms.database.pool.query('ALTER TABLE audit_pending ADD CHECK (false) NOT VALID')
      const { status, html } = await rooms.get(`/berichten/${answered}`, cookie)
      expect(status).toBe(500)
      expect(html).not.toContain(answered)
    } finally {
      await rooms.close()
    }
  })

  test('without a database the page says so, with 503', async () => {
    const rooms = await openRooms()
    try {
      const { cookie } = await rooms.signIn()
      rooms.deps.sessions.findSession = () =>
        Promise.reject(Object.assign(new Error('connect 10.0.0.1'), { code: 'ECONNREFUSED' }))
      const { status, html } = await rooms.get('', cookie)
      expect(status).toBe(503)
      expect(html).toContain('De gegevens zijn even niet bereikbaar')
      expect(html).not.toContain('10.0.0.1')
    } finally {
      await rooms.close()
    }
  })
})
