import type { Browser, Page } from 'playwright-core'
import { readHealth } from '../../src/health.ts'
import type { Language } from '../../src/language.ts'
import { takeQuota } from '../../src/pseudonym/quota.ts'
import {
  contentWidth,
  describeInChromium,
  fieldsOutOfPlace,
  keepShot,
  openBrowser,
  openWindow,
  seriousFindings,
  signInByHand,
  WIDTHS,
} from './browser.ts'
import { type Region, seedRegion } from './region.ts'
import { openRooms, type Rooms, sampleProtocols } from './rooms.ts'
import { addEntries, ago, DOMAIN, HOSTILE, NOW } from './seed.ts'

const LANGUAGES: readonly Language[] = ['nl', 'en']
const REQUEST = 'req_01KAJ5J7WQ7Z3M8T5V9XK2B4CE'
const YEAR = 'van=2025-03-10&tot=2026-03-10'
const PAGES: [name: string, path: (region: Region) => string][] = [
  ['overzicht', () => ''],
  ['overzicht-jaar', () => '?periode=365'],
  ['auditlog', () => '/auditlog'],
  ['auditlog-fout', () => '/auditlog?van=2026-02-30&code=onzin'],
  ['auditlog-live', () => '/auditlog?volg=ja'],
  ['auditlog-regel', () => '/auditlog/3'],
  ['berichten', () => '/berichten'],
  ['berichten-geparkeerd', () => '/berichten?toestand=parked'],
  ['bericht-beantwoord', region => `/berichten/${region.answered}`],
  ['bericht-geweigerd', region => `/berichten/${region.refused}`],
  ['bericht-terugkoppeling', region => `/berichten/${region.feedback}`],
  ['bericht-geparkeerd', region => `/berichten/${region.parked}`],
  ['bericht-vreemd', region => `/berichten/${region.hostile}`],
  ['controle', () => '/controle'],
  ['protocollen', () => '/protocollen'],
  ['protocol-kader', () => '/protocollen/wm-vdab'],
  ['protocol-toetreding', () => '/protocollen/wm-vdab-leefgoed'],
  ['protocol-opgeschort', () => '/protocollen/wm-vdab-de-noorderkempen'],
  ['protocol-verschillen', () => '/protocollen/wm-vdab/verschillen'],
  ['protocol-opschorten', () => '/protocollen/wm-vdab-woonboog/opschorten'],
  ['protocol-kapot', () => '/protocollen/kapot'],
  ['pseudoniemen', () => '/pseudoniemen'],
  ['inzage', () => '/inzage'],
  ['inzage-vraag', () => `/inzage/${REQUEST}`],
  ['goedkeuringen', () => '/goedkeuringen'],
  ['aandacht', () => '/aandacht'],
  ['aangemeld', () => '/aangemeld'],
  ['terugkoppeling', () => '/terugkoppeling'],
  ['uitzonderingen', () => '/uitzonderingen'],
  ['uitzonderingen-fout', () => '/uitzonderingen?soort=onzin'],
  ['uitzondering', () => '/uitzonderingen/1'],
  ['integriteit', () => '/integriteit'],
  ['systeem', () => '/systeem'],
  ['partijen', () => '/partijen'],
  ['partij', () => '/partijen/vdab'],
  ['rapporten', () => '/rapporten'],
  ['bijlage-1', () => '/rapporten/bijlage-1/invullen'],
  ['rapport-bijlage-1', () => `/rapporten/bijlage-1?partij=woonboog&${YEAR}`],
  ['rapport-dashboard', () => '/rapporten/dashboard?partij=woonboog&kwartaal=2025-Q4'],
  ['rapport-evaluatie', () => `/rapporten/evaluatie?partij=woonboog&soort=tussentijds&${YEAR}`],
  ['rapport-register', () => '/rapporten/verwerkingsregister?protocol=wm-vdab'],
  ['rapport-inbreuk', () => `/rapporten/inbreuk?${YEAR}`],
  ['rapport-fout', () => '/rapporten/dashboard?partij=niemand&kwartaal=2026-Q9'],
  ['niet-gevonden', () => '/bestaat-niet'],
]
const NOTHING = { protocols: new Map(), versions: new Map(), broken: new Map(), findings: [] }
// What a page says where it forgot that there may be nothing.
const SLIP = /\b(undefined|NaN|Infinity|Invalid Date)\b|\[object/

describeInChromium('every page of the console in Chromium', () => {
  let rooms: Rooms
  let region: Region
  let browser: Browser
  const windows = new Map<Language, Page>()

  beforeAll(async () => {
    rooms = await openRooms()
    browser = await openBrowser()
    for (const language of LANGUAGES) {
      const page = await (await openWindow(browser)).newPage()
      await signInByHand(page, rooms.url, await rooms.link())
      await choose(page, language)
      windows.set(language, page)
    }
  })
  afterAll(async () => {
    await browser?.close()
    await rooms?.close()
  })

  const choose = (page: Page, value: Language) =>
    page.context().addCookies([{ name: 'huisbrug-taal', value, url: rooms.url }])

  /**
   * What is wrong with a page at both widths, one line for each. What takes long is done once a page: in Dutch axe
   * looks at the narrow one, colours included, in English at the wide one; pictures the other way round.
   */
  async function faultsOf(
    page: Page,
    path: string,
    name: string,
    isWhole = true,
  ): Promise<unknown[]> {
    const faults: unknown[] = []
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 })
      if (width === WIDTHS[0]) await page.goto(`${rooms.url}${path}`)
      if (isWhole === (width === WIDTHS[1])) await keepShot(page, `${name}-${width}`)
      const wide = await contentWidth(page)
      if (wide !== width) faults.push(`${wide} at ${width} pixels`)
      if (isWhole === (width === WIDTHS[0])) faults.push(...(await seriousFindings(page, isWhole)))
      faults.push(...(await fieldsOutOfPlace(page)))
    }
    for (const role of ['main', 'heading'] as const) {
      const options = role === 'heading' ? { level: 1 } : {}
      if ((await page.getByRole(role, options).count()) !== 1) faults.push(role)
    }
    const slip = SLIP.exec((await page.getByRole('main').textContent()) ?? '')
    return slip ? [...faults, slip[0]] : faults
  }

  /** The same in both languages, side by side. */
  async function looksWell(name: string, path: string): Promise<void> {
    const found = LANGUAGES.map(language => {
      const shot = language === 'nl' ? name : `${language}-${name}`
      return faultsOf(windows.get(language)!, path, shot, language === 'nl')
    })
    expect(await Promise.all(found)).toEqual([[], []])
  }

  describe('where there is nothing yet', () => {
    test('all of the menu', async () => {
      rooms.deps.protocols = { current: () => NOTHING }
      const links = await windows.get('nl')!.locator('nav a').all()
      const hrefs = await Promise.all(links.map(link => link.getAttribute('href')))
      expect(hrefs.length).toBeGreaterThan(15)
      for (const href of hrefs) {
        const path = (href ?? '').replace(/^\/console/, '')
        const name = `leeg${path.replaceAll('/', '-') || '-overzicht'}`
        const faults = await faultsOf(windows.get('nl')!, path, name, false)
        expect([path, faults]).toEqual([path, []])
      }
    })
  })

  describe('with a day behind it', () => {
    beforeAll(async () => {
      const protocols = sampleProtocols()
      rooms.deps.protocols = { current: () => protocols }
      region = await seedRegion(rooms.database.pool)
      await seedMore(rooms, region)
      await rooms.sequence()
    })

    test.each(PAGES)('%s', (name, path) => looksWell(name, path(region)))

    test.each([
      ['aanmelden', async () => `/aanmelden?link=${await rooms.link()}`],
      ['niet-aangemeld', async () => '/berichten'],
      ['link-gebruikt', async () => '/aanmelden'],
    ])('%s, before signing in', async (name, path) => {
      for (const language of LANGUAGES) {
        const page = await (await openWindow(browser)).newPage()
        await choose(page, language)
        expect(await faultsOf(page, await path(), `${language}-${name}`)).toEqual([])
        await page.context().close()
      }
    })

    test('English is one click away, on the same page, and stays', async () => {
      const page = windows.get('nl')!
      await page.goto(`${rooms.url}/auditlog?code=HB-304`)
      await page.getByRole('link', { name: 'English' }).click()
      await page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor()
      expect(page.url()).toBe(`${rooms.url}/auditlog?code=HB-304`)
      await page.getByRole('link', { name: 'Messages' }).click()
      await page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor()
      expect(await page.locator('html').getAttribute('lang')).toBe('en')
      await choose(page, 'nl')
    })

    test('new entries of the log come by themselves, those that fit the filter, until signed out', async () => {
      const others = await rooms.deps.sessions.listSessions()
      const window = await openWindow(browser, WIDTHS[0])
      const page = await window.newPage()
      await signInByHand(page, rooms.url, await rooms.link())
      await page.goto(`${rooms.url}/auditlog?volg=ja&partij=hostile`)
      const rows = page.locator('[data-feed] tbody tr')
      const before = await rows.count()
      const at = NOW
      const message = { id: region.hostile, type: 'detection.request' }
      const [other, theirs] = ['woonboog', 'hostile'].map(party => ({
        ...{ action: 'message.refused' as const, at, message, decision: 'refused' as const },
        ...{ actor: { role: 'housing-company', party }, code: 'HB-304' },
      }))
      await addEntries(rooms.database.pool, [other!, theirs!])
      await rooms.sequence()
      await page.getByText('Nieuwe regels sinds u volgt: 1').waitFor()
      expect(await rows.count()).toBe(before + 1)
      const text = (await rows.first().textContent())?.replace(/\s+/g, ' ') ?? ''
      expect(text).toContain(HOSTILE)
      expect(text).toContain('HB-304')
      expect(await contentWidth(page)).toBe(WIDTHS[0])
      expect(await seriousFindings(page)).toEqual([])
      await keepShot(page, 'auditlog-nieuw')
      // Signed out elsewhere: the page says that nothing comes any more.
      const known = new Set(others.map(({ id }) => id))
      const own = (await rooms.deps.sessions.listSessions()).filter(({ id }) => !known.has(id))
      expect(await rooms.deps.sessions.endSession(own[0]?.id ?? '')).toBe(true)
      await page.getByText('Het volgen is gestopt').waitFor()
      await rows.first().getByRole('link').first().click()
      await page.getByRole('heading', { level: 1, name: 'U bent niet aangemeld' }).waitFor()
      await window.close()
    })

    test.each([768, 1024])('long lists need no sideways scroll at %i pixels', async width => {
      const page = windows.get('nl')!
      await page.setViewportSize({ width, height: 900 })
      const feedback = `/berichten/${region.feedback}`
      const lists = ['', '/auditlog', '/berichten', feedback, '/goedkeuringen', '/aangemeld']
      for (const path of lists) {
        await page.goto(`${rooms.url}${path}`)
        expect([path, await contentWidth(page)]).toEqual([path, width])
      }
    })

    test('in the dark there is enough contrast', async () => {
      const window = await openWindow(browser, 1440, { dark: true })
      const page = await window.newPage()
      await signInByHand(page, rooms.url, await rooms.link())
      for (const path of ['', '/controle', '/protocollen']) {
        await page.goto(`${rooms.url}${path}`)
        await keepShot(page, `donker${path.replace('/', '-')}`)
        expect(await seriousFindings(page)).toEqual([])
      }
      await window.close()
    })

    test('the whole console works by keyboard: the first stop skips the menu', async () => {
      const page = windows.get('nl')!
      await page.goto(`${rooms.url}/protocollen`)
      await page.keyboard.press('Tab')
      const skip = page.getByRole('link', { name: 'Ga naar de inhoud' })
      expect(await skip.evaluate(link => link === link.ownerDocument.activeElement)).toBe(true)
      await page.keyboard.press('Enter')
      await page.keyboard.press('Tab')
      const main = page.getByRole('main')
      const isInside = main.evaluate(it => it.contains(it.ownerDocument.activeElement))
      expect(await isInside).toBe(true)
    })
  })
})

/** What a day of messages leaves out: requests, approvals, attention, quotas, an older version, ill health. */
async function seedMore({ database: { pool }, deps }: Rooms, region: Region): Promise<void> {
  await pool.query(
    `INSERT INTO approval (id, operation, salt, digest, reason, asked_role, asked_by, asked_at,
       expires_at, messages)
     VALUES ('req_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', 'parked', $1, $1, repeat('een lange reden ', 20),
       'privacy-officer', 'ses_AAAAAAAAAAAAAAAA', $2::timestamptz, $2::timestamptz + interval '1 day', ARRAY[$3, $4])`,
    [Buffer.alloc(32), NOW, region.parked, region.answered],
  )
  await pool.query(
    `INSERT INTO subject_request (id, case_ref, kind, reason, received_on, due_on, outcome, closed_at)
     VALUES ($1, '2026-014', 'objection', $2, '2026-02-05', '2026-03-05', NULL, NULL),
       ('req_01KAJ5J7WQ7Z3M8T5V9XK2B4CF', $3, 'access', 'Alles.', '2026-03-05', '2026-04-05', NULL, NULL),
       ('req_01KAJ5J7WQ7Z3M8T5V9XK2B4CG', '2026-003', 'erasure', 'Alles.', '2026-01-05', '2026-02-05', 'partly', $4)`,
    [REQUEST, 'De persoon wil niet dat dit doorgaat.\n'.repeat(4), 'w'.repeat(64), NOW],
  )
  await pool.query(
    `INSERT INTO attention (kind, about, severity, count, since, noted_at, ended_at, notice_id, told_at)
     VALUES ('parked', 'woonboog', 'warning', 1000, $1, $1, NULL, 'ntc_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', $1),
       ('evidence-late', '', 'alarm', 1, $1, $1, NULL, NULL, NULL),
       ('access-refused', '', 'warning', 120, $1, $1, NULL, NULL, NULL),
       ('two-current-routes', '', 'warning', 3, $1, $1, $1, NULL, NULL)`,
    [ago(90)],
  )
  await pool.query(
    `INSERT INTO attention_notice (id, channel, created_at, sent_at, fault) VALUES
       ('ntc_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', 'mail', $1, $1, NULL),
       ('ntc_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', 'webhook', $1, NULL, 'http-503')`,
    [ago(89)],
  )
  const allowance = { registerSize: 250_000, dailyAllowance: 5_000 }
  const quota = { party: 'vdab', domain: { name: DOMAIN, protocol: 'wm-vdab' }, allowance }
  await takeQuota(pool, { ...quota, at: ago(60), count: 12_345 })
  const { document } = deps.protocols.current().protocols.get('wm-vdab')!
  await pool.query(
    `INSERT INTO protocol_version (id, version, digest, document, state, seen_at)
     VALUES ('wm-vdab', '0.9.0', 'older-digest', $1, 'active', $2)`,
    [JSON.stringify({ ...document, version: '0.9.0', periodicity: undefined }), ago(1)],
  )
  deps.health = () => readHealth({ pool, clock: deps.clock })
}
