import { parseEntry } from '../../src/audit/entry.ts'
import { takeQuota } from '../../src/pseudonym/quota.ts'
import { emptyQuotas } from '../pseudonym/quota-kit.ts'
import { syntheticNumber } from '../support/people.ts'
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
import { openRooms, type Rooms } from './rooms.ts'
import { addParties, ago, DOMAIN, NOW } from './seed.ts'

const AT = '/pseudoniemen'
const WHO = `vdab ${DOMAIN}`
const DAY = 24 * 60
const ALLOWANCE = { registerSize: 250_000, dailyAllowance: 5_000 }

let rooms: Rooms

beforeAll(async () => {
  rooms = await openRooms()
  const { pool } = rooms.database
  await addParties(pool)
  await pool.query(
    `INSERT INTO domain (name, protocol, epoch, state, public_key) VALUES
       ('wm-vdab/1/2', 'wm-vdab', 2, 'opening', '\\x00'), ('wm-vdab/1/0', 'wm-vdab', 3, 'closed', '\\x00')`,
  )
})
afterAll(() => rooms?.close())
beforeEach(async () => {
  await emptyQuotas(rooms.database)
  await rooms.database.pool.query(
    `UPDATE domain SET state = CASE name WHEN '${DOMAIN}' THEN 'current' ELSE 'closed' END
     WHERE name <> 'wm-vdab/1/2'`,
  )
})

const rowsOf = async (sql: string) => (await rooms.database.pool.query(sql)).rows

function take(count: number, minutesAgo: number): Promise<number> {
  const domain = { name: DOMAIN, protocol: 'wm-vdab' }
  const at = ago(minutesAgo)
  return takeQuota(rooms.database.pool, {
    ...{ party: 'vdab', domain, allowance: ALLOWANCE, at, count },
  })
}

/** A prepared register, and yesterday more than the 5,000 of a day. */
async function addBurst(): Promise<void> {
  await take(180_000, 30 * DAY)
  await rooms.database.pool.query(
    `UPDATE domain SET ready_at = now(), ready_by = 'vdab' WHERE name = '${DOMAIN}'`,
  )
  await take(12_345, DAY)
  await take(1_200, 60)
}

/** The cells of the row of a domain in the table. */
function cellsOf(html: string, domain: string): string[] {
  const rows = html.split('<tr role="row">').filter(row => row.includes(`<code>${domain}</code>`))
  expect(rows).toHaveLength(1)
  return [...(rows[0] ?? '').matchAll(/class="num"[^>]*>([^<]*)</g)].map(([, text]) => text ?? '')
}

describe('the page of pseudonyms', () => {
  test('tells per party and key what was used, today, and what is left', async () => {
    await addBurst()
    const { cookie } = await rooms.signIn('viewer')
    const { status, html } = await rooms.get(AT, cookie)
    expect(status).toBe(200)
    const left = 262_500 - 180_000 - 12_345 + 5_000 - 1_200
    const number = (value: number) => new Intl.NumberFormat('nl-BE').format(value)
    const shown = [250_000, 5_000, 193_545, 1_200, left].map(number)
    expect(cellsOf(html, DOMAIN)).toEqual([...shown, 'geen'])
    expect(cellsOf(html, 'wm-vdab/1/0').at(4)).toBe('0')
    expect(html).toContain('in voorbereiding')
    expect(html).toContain(`vandaag nog ${number(left)} over`)
  })

  test('has a bar of what was used before, and today, in thousandths of the whole', async () => {
    await addBurst()
    const { cookie } = await rooms.signIn()
    const { html } = await rooms.get(AT, cookie)
    const whole = 262_500 + 5_000 - (12_345 + 180_000) + (12_345 + 180_000)
    const before = Math.round((1_000 * (180_000 + 12_345)) / whole)
    const today = Math.round((1_000 * 193_545) / whole) - before
    expect(html).toContain(`class="b0" width="${before}"`)
    expect(html).toContain(`class="b1" x="${before}" width="${today}"`)
  })

  test('without a burst it says so; a burst is there and on the overview', async () => {
    const { cookie } = await rooms.signIn()
    expect((await rooms.get(AT, cookie)).html).toContain('Er valt niets na te kijken')
    await addBurst()
    expect((await rooms.get(AT, cookie)).html).toContain(`VDAB, sleutel ${DOMAIN}: 9 maart 2026`)
    expect((await rooms.get('', cookie)).html).toContain('Veel pseudoniemen op één dag')
  })

  test.each(['operator', 'auditor', 'viewer'] as const)('a %s only reads', async role => {
    await addBurst()
    const { cookie, csrf } = await rooms.signIn(role)
    const { html } = await rooms.get(AT, cookie)
    expect(html).not.toContain('/pseudoniemen/extra"')
    expect(html).not.toContain('/pseudoniemen/nagekeken"')
    const form = { csrf, wie: WHO, reden: 'Groei', bevestigd: 'ja' }
    expect((await rooms.post(`${AT}/extra`, form, cookie)).status).toBe(403)
    expect((await rooms.post('/uitzonderingen/1', form, cookie)).status).toBe(403)
    expect(await rowsOf('SELECT * FROM quota_grant')).toEqual([])
    expect(await rowsOf('SELECT FROM exception WHERE closed_at IS NULL')).toHaveLength(1)
  })
})

describe('the extra grant', () => {
  test('asks first, and does nothing until confirmed', async () => {
    const { cookie, csrf } = await rooms.signIn()
    const form = { csrf, wie: WHO, aantal: '', reden: ' Het register groeide ' }
    const asked = await rooms.post(`${AT}/extra`, form, cookie)
    expect(asked.status).toBe(200)
    expect(asked.html).toContain('VDAB mag 25.000 pseudoniemen extra laten berekenen')
    expect(asked.html).toContain('name="aantal" value="25000"')
    expect(asked.html).toContain('name="reden" value="Het register groeide"')
    expect(await rowsOf('SELECT * FROM quota_grant')).toEqual([])
    const confirmed = { ...form, aantal: '25000', bevestigd: 'ja' }
    const done = await rooms.post(`${AT}/extra`, confirmed, cookie)
    expect(done.html).toContain('Het extra quotum is toegestaan.')
    expect(await rowsOf('SELECT * FROM quota_grant')).toMatchObject([
      { party_id: 'vdab', domain: DOMAIN, elements: 25_000, granted_by: 'privacy-officer' },
    ])
    const { html } = await rooms.get(AT, cookie)
    expect(html).toContain('Het register groeide')
    expect(html).not.toContain(`<option value="${WHO}"`)
    const [{ entry }] = await rowsOf(
      "SELECT entry FROM audit_pending WHERE action = 'quota.granted'",
    )
    expect(parseEntry(entry)).toMatchObject({
      actor: { role: 'privacy-officer', client: expect.any(String) },
      recipient: 'vdab',
      counts: { elements: 25_000 },
    })
  })

  test.each([
    ['aantal', '0', 400, 'Geef een heel getal'],
    ['aantal', '250001', 400, 'Geef een heel getal'],
    ['aantal', '1e3', 400, 'Geef een heel getal'],
    ['reden', '', 400, 'Geef een reden'],
    ['reden', `Voor ${syntheticNumber(5)}`, 400, 'Geef een reden'],
    ['wie', 'nobody wm-vdab/1/1', 404, 'Kies een partij'],
    ['wie', '', 404, 'Kies een partij'],
    ['wie', 'vdab wm-vdab/1/0', 409, 'is vernietigd'],
  ])('%s = "%s" is refused beside the form', async (field, value, status, text) => {
    const { cookie, csrf } = await rooms.signIn()
    const form = { csrf, wie: WHO, aantal: '10', reden: 'Groei', bevestigd: 'ja', [field]: value }
    const answer = await rooms.post(`${AT}/extra`, form, cookie)
    expect(answer.status).toBe(status)
    expect(answer.html).toContain(text)
    expect(answer.html).not.toContain(syntheticNumber(5))
    expect(await rowsOf('SELECT * FROM quota_grant')).toEqual([])
  })

  test('a second one is refused, and words of a person are shown as text', async () => {
    const { cookie, csrf } = await rooms.signIn()
    const form = { csrf, wie: WHO, aantal: '10', reden: '<b>Groei</b>', bevestigd: 'ja' }
    await rooms.post(`${AT}/extra`, form, cookie)
    const again = await rooms.post(`${AT}/extra`, form, cookie)
    expect(again.status).toBe(409)
    expect(again.html).toContain('kreeg voor deze sleutel al extra')
    expect(again.html).toContain('&lt;b&gt;Groei')
    expect(again.html).not.toContain('<b>Groei')
    expect((await rooms.post(`${AT}/extra`, { ...form, csrf: 'x' }, cookie)).status).toBe(403)
  })
})

test('a burst leads to where a privacy officer says what was found, which closes it, as an entry', async () => {
  await addBurst()
  const { cookie, csrf } = await rooms.signIn()
  const list = '/uitzonderingen?soort=quota-burst&toestand=unseen&partij=vdab'
  const page = (await rooms.get(AT, cookie)).html
  expect(page).toContain(`href="/console${list.replaceAll('&', '&amp;')}"`)
  const found = /href="\/console(\/uitzonderingen\/\d+)"/.exec((await rooms.get(list, cookie)).html)
  const form = { csrf, bevinding: 'Veel nieuwe personen, nagevraagd' }
  const { status, html } = await rooms.post(found?.[1] ?? '', form, cookie)
  expect([status, html.includes('De uitzondering is nagekeken')]).toEqual([200, true])
  expect((await rooms.get(AT, cookie)).html).toContain('Er valt niets na te kijken')
  expect(await rowsOf('SELECT closed_at FROM exception')).toEqual([{ closed_at: NOW }])
  expect((await rooms.post(found?.[1] ?? '', form, cookie)).status).toBe(409)
  await rooms.sequence()
  expect(await rowsOf("SELECT FROM audit_entry WHERE action = 'quota.reviewed'")).toHaveLength(1)
  const log = (await rooms.get('/auditlog', cookie)).html
  expect(log).toContain('VDAB liet op één dag meer pseudoniemen berekenen dan afgesproken')
})

describeInChromium('pseudonyms in Chromium', () => {
  test.each(WIDTHS)(
    'at %i pixels: every step, readable and in its place',
    async width => {
      await addBurst()
      const browser = await openBrowser()
      try {
        const page = await (await openWindow(browser, width)).newPage()
        await signInByHand(page, rooms.url, await rooms.link())
        const look = async (name: string) => {
          await keepShot(page, `pseudoniemen-${name}-${width}`)
          expect(await seriousFindings(page)).toEqual([])
          expect(await contentWidth(page)).toBe(width)
          expect(await fieldsOutOfPlace(page)).toEqual([])
        }
        await page.getByRole('link', { name: 'Pseudoniemen' }).click()
        await look('1-overzicht')
        await page.getByLabel('Partij en sleutel').selectOption(WHO)
        await page.getByLabel('Aantal personen').fill('999999')
        await page.getByLabel('Reden').fill('Het register groeide')
        await page.getByRole('button', { name: 'Extra toestaan…' }).click()
        await page.getByRole('alert').waitFor()
        await look('2-fout')
        await page.getByLabel('Aantal personen').fill('20000')
        await page.getByRole('button', { name: 'Extra toestaan…' }).click()
        await look('3-bevestigen')
        await page.getByRole('button', { name: 'Ja, sta toe' }).click()
        await page.getByRole('status').waitFor()
        await look('4-gedaan')
        await page.getByRole('link', { name: 'Terug naar de pseudoniemen' }).click()
        await page.getByRole('link', { name: `Kijk na: VDAB, sleutel ${DOMAIN}` }).click()
        await look('5-nakijken')
      } finally {
        await browser.close()
      }
    },
    60_000,
  )
})
