import type { Browser } from 'playwright-core'
import { describeInChromium, openBrowser, openWindow, signInByHand } from './browser.ts'
import { openRooms, type Rooms } from './rooms.ts'

describeInChromium('signing in with a one-time link', () => {
  let rooms: Rooms
  let browser: Browser

  beforeAll(async () => {
    rooms = await openRooms()
    browser = await openBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await rooms?.close()
  })

  test('opening the link twice does not use it up; the button signs in', async () => {
    const link = await rooms.link()
    await rooms.get(`/aanmelden?link=${link}`)
    await rooms.get(`/aanmelden?link=${link}`)
    const window = await openWindow(browser)
    const page = await window.newPage()
    await signInByHand(page, rooms.url, link)
    expect(new URL(page.url()).pathname).toBe('/console')
    expect(await page.getByText('Aangemeld als functionaris').count()).toBe(1)
    await window.close()
  })

  test('a link works once: a second person gets a page that says how to get another', async () => {
    const link = await rooms.link()
    const first = await openWindow(browser)
    await signInByHand(await first.newPage(), rooms.url, link)
    const second = await openWindow(browser)
    const page = await second.newPage()
    await page.goto(`${rooms.url}/aanmelden?link=${link}`)
    await page.getByRole('button', { name: 'Aanmelden' }).click()
    await page.getByRole('heading', { name: 'Deze link werkt niet meer' }).waitFor()
    expect(await page.getByText('huisbrug console link').count()).toBe(1)
    expect(await second.cookies()).not.toContainEqual(
      expect.objectContaining({ name: 'huisbrug-sessie' }),
    )
    await first.close()
    await second.close()
  })

  test('pressing the button twice at once gives one session', async () => {
    const link = await rooms.link()
    const tries = await Promise.all([1, 2, 3, 4].map(() => pressButton(rooms, link)))
    expect(tries.toSorted()).toEqual([303, 401, 401, 401])
  })

  test('it works without JavaScript, and so does checking the log', async () => {
    const window = await openWindow(browser, 1440, { javaScript: false })
    const page = await window.newPage()
    await signInByHand(page, rooms.url, await rooms.link())
    await rooms.sequence()
    await page.getByRole('link', { name: 'Controle', exact: true }).click()
    await page.getByRole('button', { name: 'Controleer nu' }).click()
    await page.getByRole('heading', { name: 'De auditlog klopt' }).waitFor()
    await window.close()
  })

  test('signing out ends the session for good, also for a copy of its cookie', async () => {
    const window = await openWindow(browser)
    const page = await window.newPage()
    await signInByHand(page, rooms.url, await rooms.link())
    const copy = (await window.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
    await page.getByRole('button', { name: 'Afmelden' }).click()
    await page.getByRole('heading', { name: 'U bent afgemeld' }).waitFor()
    expect(await window.cookies()).toEqual([])
    await page.goto(rooms.url)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
      'U bent niet aangemeld',
    )
    expect((await rooms.get('', copy)).status).toBe(401)
    await window.close()
  })

  test('a session that ended in the middle of a form gives a page, and nothing happens', async () => {
    const window = await openWindow(browser)
    const page = await window.newPage()
    await signInByHand(page, rooms.url, await rooms.link())
    await page.goto(`${rooms.url}/controle`)
    const before = await countChecks(rooms)
    await rooms.database.pool.query('DELETE FROM console_session')
    await page.getByRole('button', { name: 'Controleer nu' }).click()
    await page.getByRole('heading', { name: 'U bent niet aangemeld' }).waitFor()
    expect(await countChecks(rooms)).toBe(before)
    await window.close()
  })
})

/** Opens the link and sends its form as a browser would; the status of the answer. */
async function pressButton(rooms: Rooms, link: string): Promise<number> {
  const page = await rooms.get(`/aanmelden?link=${link}`)
  const cookie = page.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
  return (await rooms.post('/aanmelden', { link, csrf }, cookie)).status
}

async function countChecks(rooms: Rooms): Promise<number> {
  await rooms.sequence()
  const { rows } = await rooms.database.pool.query(
    `SELECT count(*) AS checks FROM audit_entry WHERE action = 'console.verified'`,
  )
  return rows[0].checks
}
