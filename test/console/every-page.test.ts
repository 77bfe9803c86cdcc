import type { Browser, BrowserContext, Page } from 'playwright-core'
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
import { openRooms, type Rooms } from './rooms.ts'
import { NOW } from './seed.ts'

const REQUEST = 'req_01KAJ5J7WQ7Z3M8T5V9XK2B4CE'
const PAGES: [name: string, path: (region: Region) => string][] = [
  ['overzicht', () => ''],
  ['auditlog', () => '/auditlog'],
  ['auditlog-fout', () => '/auditlog?van=2026-02-30&code=onzin'],
  ['auditlog-live', () => '/auditlog?volg=ja'],
  ['auditlog-regel', () => '/auditlog/3'],
  ['berichten', () => '/berichten'],
  ['bericht-beantwoord', region => `/berichten/${region.answered}`],
  ['bericht-geweigerd', region => `/berichten/${region.refused}`],
  ['bericht-terugkoppeling', region => `/berichten/${region.feedback}`],
  ['bericht-geparkeerd', region => `/berichten/${region.parked}`],
  ['controle', () => '/controle'],
  ['protocollen', () => '/protocollen'],
  ['protocol-kader', () => '/protocollen/wm-vdab'],
  ['protocol-toetreding', () => '/protocollen/wm-vdab-leefgoed'],
  ['protocol-verschillen', () => '/protocollen/wm-vdab/verschillen'],
  ['protocol-kapot', () => '/protocollen/kapot'],
  ['pseudoniemen', () => '/pseudoniemen'],
  ['inzage', () => '/inzage'],
  ['inzage-vraag', () => `/inzage/${REQUEST}`],
  ['goedkeuringen', () => '/goedkeuringen'],
  ['aangemeld', () => '/aangemeld'],
  ['overzicht-jaar', () => '?periode=365'],
  ['terugkoppeling', () => '/terugkoppeling'],
  ['uitzonderingen', () => '/uitzonderingen'],
  ['uitzonderingen-fout', () => '/uitzonderingen?soort=onzin'],
  ['uitzondering', () => '/uitzonderingen/1'],
  ['integriteit', () => '/integriteit'],
  ['systeem', () => '/systeem'],
  ['partijen', () => '/partijen'],
  ['partij', () => '/partijen/vdab'],
  ['niet-gevonden', () => '/bestaat-niet'],
]

describeInChromium('every page of the console in Chromium', () => {
  let rooms: Rooms
  let region: Region
  let browser: Browser

  beforeAll(async () => {
    rooms = await openRooms()
    region = await seedRegion(rooms.database.pool)
    await rooms.sequence()
    await rooms.database.pool.query(
      `INSERT INTO approval (id, operation, salt, digest, reason, asked_role, asked_by, asked_at,
         expires_at, messages)
       VALUES ('req_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', 'parked', $1, $1, repeat('een lange reden ', 20),
         'privacy-officer', 'ses_AAAAAAAAAAAAAAAA', $2::timestamptz, $2::timestamptz + interval '1 day', ARRAY[$3, $4])`,
      [Buffer.alloc(32), NOW, region.parked, region.answered],
    )
    await rooms.database.pool.query(
      `INSERT INTO subject_request (id, case_ref, kind, reason, received_on, due_on, outcome, closed_at)
       VALUES ($1, '2026-014', 'objection', $2, '2026-02-05', '2026-03-05', NULL, NULL),
         ('req_01KAJ5J7WQ7Z3M8T5V9XK2B4CF', $3, 'access', 'Alles.', '2026-03-05', '2026-04-05', NULL, NULL),
         ('req_01KAJ5J7WQ7Z3M8T5V9XK2B4CG', '2026-003', 'erasure', 'Alles.', '2026-01-05', '2026-02-05', 'partly', $4)`,
      [REQUEST, 'De persoon wil niet dat dit doorgaat.\n'.repeat(4), 'w'.repeat(64), NOW],
    )
    browser = await openBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await rooms?.close()
  })

  describe.each(WIDTHS)('at %i pixels', width => {
    let window: BrowserContext
    let page: Page

    beforeAll(async () => {
      window = await openWindow(browser, width)
      page = await window.newPage()
      await signInByHand(page, rooms.url, await rooms.link())
    })

    afterAll(() => window?.close())

    test.each(PAGES)('%s has no serious finding and no sideways scroll', async (name, path) => {
      await page.goto(`${rooms.url}${path(region)}`)
      await keepShot(page, `${name}-${width}`)
      // The same page at another width: what axe finds does not hang on it, and takes a second.
      if (width === WIDTHS[0]) expect(await seriousFindings(page)).toEqual([])
      expect(await contentWidth(page)).toBe(width)
      expect(await fieldsOutOfPlace(page)).toEqual([])
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
      expect(await page.getByRole('main').count()).toBe(1)
    })

    test.each([
      ['aanmelden', async () => `/aanmelden?link=${await rooms.link()}`],
      ['niet-aangemeld', async () => '/berichten'],
      ['link-gebruikt', async () => '/aanmelden'],
    ])('%s, before signing in', async (name, path) => {
      const stranger = await openWindow(browser, width)
      const page = await stranger.newPage()
      await page.goto(`${rooms.url}${await path()}`)
      await keepShot(page, `${name}-${width}`)
      expect(await seriousFindings(page)).toEqual([])
      expect(await contentWidth(page)).toBe(width)
      await stranger.close()
    })
  })

  test.each([768, 1024])('long lists need no sideways scroll at %i pixels either', async width => {
    const window = await openWindow(browser, width)
    const page = await window.newPage()
    await signInByHand(page, rooms.url, await rooms.link())
    const feedback = `/berichten/${region.feedback}`
    const lists = ['', '/auditlog', '/berichten', feedback, '/goedkeuringen', '/aangemeld']
    for (const path of lists) {
      await page.goto(`${rooms.url}${path}`)
      expect([path, await contentWidth(page)]).toEqual([path, width])
    }
    await window.close()
  })

  test.each([
    ['overzicht', ''],
    ['controle', '/controle'],
    ['protocollen', '/protocollen'],
  ])('%s has enough contrast in the dark', async (name, path) => {
    const window = await openWindow(browser, 1440, { dark: true })
    const page = await window.newPage()
    await signInByHand(page, rooms.url, await rooms.link())
    await page.goto(`${rooms.url}${path}`)
    await keepShot(page, `${name}-donker`)
    expect(await seriousFindings(page)).toEqual([])
    await window.close()
  })

  test('the whole console works by keyboard: the first stop skips the menu', async () => {
    const window = await openWindow(browser)
    const page = await window.newPage()
    await signInByHand(page, rooms.url, await rooms.link())
    await page.goto(`${rooms.url}/protocollen`)
    await page.keyboard.press('Tab')
    const skip = page.getByRole('link', { name: 'Ga naar de inhoud' })
    expect(await skip.evaluate(link => link === link.ownerDocument.activeElement)).toBe(true)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(
      await page
        .getByRole('main')
        .evaluate(main => main.contains(main.ownerDocument.activeElement)),
    ).toBe(true)
    await window.close()
  })
})
