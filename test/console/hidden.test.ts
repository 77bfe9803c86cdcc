import type { Browser } from 'playwright-core'
import { describeInChromium, openBrowser, openWindow, signInByHand } from './browser.ts'
import { type Region, seedRegion } from './region.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { HOSTILE, SECRETS } from './seed.ts'

/** Every address that can be reached from the overview by links, with its page. */
async function crawl(rooms: Rooms, cookie: string): Promise<Map<string, string>> {
  const pages = new Map<string, string>()
  const todo = ['/console']
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    if (pages.has(path)) continue
    const { html } = await rooms.get(path.slice('/console'.length), cookie)
    pages.set(path, html)
    for (const [, link] of html.matchAll(/<a[^>]*href="([^"#]*)/g)) {
      if (link && isWorthIt(link)) todo.push(link.replaceAll('&amp;', '&'))
    }
  }
  return pages
}

// Each page once: not again in the other language, nor while following, nor what is public.
function isWorthIt(link: string): boolean {
  return !/^\/v1\/|taal=|[?;]volg=ja.|;volg=|\/pdf$/.test(link)
}

describe('what no page shows', () => {
  let rooms: Rooms
  let region: Region
  let pages: Map<string, string>

  beforeAll(async () => {
    rooms = await openRooms()
    region = await seedRegion(rooms.database.pool)
    await rooms.sequence()
    pages = await crawl(rooms, (await rooms.signIn()).cookie)
  })

  afterAll(() => rooms?.close())

  test('the crawl has seen every kind of page', () => {
    expect(pages.size).toBeGreaterThan(40)
    for (const id of Object.values(region)) expect(pages.has(`/console/berichten/${id}`)).toBe(true)
  })

  test('the values are there to be found: the check below can fail', async () => {
    const { rows } = await rooms.database.pool.query(
      `SELECT (SELECT count(*) FROM message WHERE reference_date = $1) AS dates,
              (SELECT count(*) FROM message WHERE found = $2) AS found,
              (SELECT count(*) FROM feedback WHERE content ->> 'reachability' = $3
                 AND content ->> 'establishedOn' = $4) AS feedback`,
      [SECRETS.referenceDate, SECRETS.found, SECRETS.reachability, SECRETS.establishedOn],
    )
    expect(rows[0].dates).toBeGreaterThan(0)
    expect(rows[0].found).toBeGreaterThan(0)
    expect(rows[0].feedback).toBe(6)
  })

  test('no value of a payload: no reference date, no number found, no reachability, no date of it', () => {
    for (const [path, html] of pages) {
      // The readable protocol may name the codes that exist; a page about messages may not.
      if (path.startsWith('/console/protocollen')) continue
      // Charts count by day and so name every day of a year.
      if (/^\/console(\/cijfers|)\?.*periode=/.test(path)) continue
      for (const secret of [SECRETS.referenceDate, '1 maart 2026', '1 mrt 2026,']) {
        // The eleventh of March is no first.
        expect([path, new RegExp(`(?<!\\d)${secret}`).test(html)]).toEqual([path, false])
      }
      for (const secret of [String(SECRETS.found), '48.213', SECRETS.reachability]) {
        expect([path, html.includes(secret)]).toEqual([path, false])
      }
      for (const secret of [SECRETS.establishedOn, '27 februari 2026', '27 feb 2026']) {
        expect([path, html.includes(secret)]).toEqual([path, false])
      }
    }
  })

  test('nothing that looks like a national number', () => {
    for (const [path, html] of pages) {
      const visible = html.replace(/msg_[0-9A-Z]+|<code>[^<]*<\/code>|value="[^"]*"/g, '')
      expect([path, visible.match(/(?<!\d)\d{11}(?!\d)/g)]).toEqual([path, null])
    }
  })

  test('markup in a name is text: no page holds it unescaped', () => {
    const naming = [...pages.values()].filter(html => html.includes('&lt;script&gt;alert(1)'))
    expect(naming.length).toBeGreaterThan(3)
    for (const [path, html] of pages) {
      // The one page that follows the log has a script of ours, by its address.
      const rest = html.replace(
        /<script src="\/console\/bestanden\/live\.js[^>"]*" defer><\/script>/,
        '',
      )
      expect([path, /<script|<img src=x/.test(rest)]).toEqual([path, false])
    }
  })
})

describeInChromium('markup in a name, in a real browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await openBrowser()
  })

  afterAll(() => browser?.close())

  test('is shown as it was written, runs nothing and asks nothing of another host', async () => {
    const rooms = await openRooms()
    try {
      const { hostile } = await seedRegion(rooms.database.pool)
      await rooms.sequence()
      const window = await openWindow(browser)
      const page = await window.newPage()
      const trouble: string[] = []
      page.on('dialog', dialog => {
        trouble.push(`dialog ${dialog.message()}`)
        void dialog.dismiss()
      })
      page.on('pageerror', error => trouble.push(`error ${error.message}`))
      page.on('request', request => {
        if (!request.url().startsWith(rooms.url)) trouble.push(`request ${request.url()}`)
      })
      page.on('console', message => {
        if (message.type() === 'error') trouble.push(`console ${message.text()}`)
      })
      await signInByHand(page, rooms.url, await rooms.link())
      for (const path of ['/berichten', `/berichten/${hostile}`, '/auditlog', '/auditlog/26']) {
        await page.goto(`${rooms.url}${path}`)
        const text = (await page.getByRole('main').textContent())?.replace(/\s+/g, ' ') ?? ''
        expect([path, text.includes(HOSTILE)]).toEqual([path, true])
      }
      expect(trouble).toEqual([])
      await window.close()
    } finally {
      await rooms.close()
    }
  })
})
