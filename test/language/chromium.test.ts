import type { Browser, BrowserContext, Page } from 'playwright-core'
import {
  contentWidth,
  describeInChromium,
  keepShot,
  openBrowser,
  openWindow,
  seriousFindings,
  signInByHand,
  WIDTHS,
} from '../console/browser.ts'
import { seedRegion } from '../console/region.ts'
import { openRooms, type Rooms } from '../console/rooms.ts'

describeInChromium('the console in English', () => {
  let rooms: Rooms
  let browser: Browser
  let window: BrowserContext
  let page: Page
  let paths: string[]

  beforeAll(async () => {
    rooms = await openRooms()
    const region = await seedRegion(rooms.database.pool)
    await rooms.sequence()
    await rooms.database.pool.query(
      `INSERT INTO attention (kind, about, severity, count, since, noted_at, ended_at, notice_id, told_at)
       VALUES ('parked', 'woonboog', 'warning', 1000, $1, $1, NULL, 'ntc_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', $1),
         ('evidence-late', '', 'alarm', 1, $1, $1, NULL, NULL, NULL),
         ('two-current-routes', '', 'warning', 3, $1, $1, $1, NULL, NULL)`,
      ['2026-03-10T12:00:00Z'],
    )
    await rooms.database.pool.query(
      `INSERT INTO attention_notice (id, channel, created_at, sent_at, fault) VALUES
         ('ntc_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', 'mail', $1, $1, NULL),
         ('ntc_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', 'webhook', $1, NULL, 'http-503')`,
      ['2026-03-10T12:01:00Z'],
    )
    browser = await openBrowser()
    window = await openWindow(browser)
    page = await window.newPage()
    await signInByHand(page, rooms.url, await rooms.link())
    const links = await page.locator('nav a').all()
    const menu = await Promise.all(links.map(link => link.getAttribute('href')))
    paths = [
      ...menu.map(path => new URL(path ?? '', rooms.url).href),
      `${rooms.url}/berichten/${region.feedback}`,
      `${rooms.url}/auditlog/3`,
      `${rooms.url}/protocollen/wm-vdab`,
    ]
  })

  afterAll(async () => {
    await browser?.close()
    await rooms?.close()
  })

  test('is one click away, on the same page, and stays', async () => {
    await page.goto(`${rooms.url}/auditlog?code=HB-304`)
    await page.getByRole('link', { name: 'English' }).click()
    await page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor()
    expect(page.url()).toBe(`${rooms.url}/auditlog?code=HB-304`)
    await page.getByRole('link', { name: 'Messages' }).click()
    await page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
  })

  test.each(WIDTHS)('no page needs a sideways scroll at %i pixels', async width => {
    await page.setViewportSize({ width, height: 900 })
    const found: unknown[] = []
    for (const path of paths) {
      await page.goto(path)
      const name = new URL(path).pathname.replace(/^\/console\/?/, '').replaceAll('/', '-')
      if (width === WIDTHS[0]) await keepShot(page, `en-${name || 'overview'}-${width}`)
      if ((await contentWidth(page)) !== width) found.push([path, await contentWidth(page)])
    }
    expect(found).toEqual([])
    expect(paths.length).toBeGreaterThan(12)
  })

  test.each(['', '/aandacht'])('%s has no serious finding', async path => {
    await page.setViewportSize({ width: 360, height: 900 })
    await page.goto(`${rooms.url}${path}`)
    expect(await seriousFindings(page)).toEqual([])
  })
})
