import type { Browser, BrowserContext, Page } from 'playwright-core'
import { queryEntries } from '../../src/audit/query.ts'
import {
  describeInChromium,
  keepShot,
  openBrowser,
  openWindow,
  seriousFindings,
  signInByHand,
  WIDTHS,
} from './browser.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { addEntries, addMessage, addParties, ago } from './seed.ts'

const ENTRIES = 27

describeInChromium('the button that checks the audit log', () => {
  let rooms: Rooms
  let browser: Browser
  let window: BrowserContext
  let page: Page

  beforeAll(async () => {
    browser = await openBrowser()
  })

  afterAll(() => browser?.close())

  beforeEach(async () => {
    rooms = await openRooms()
    await addEntries(rooms.database.pool, drafts())
    await rooms.sequence()
    window = await openWindow(browser)
    page = await window.newPage()
    await signInByHand(page, rooms.url, await rooms.link())
    await page.getByRole('link', { name: 'Controle', exact: true }).click()
  })

  afterEach(async () => {
    await window.close()
    await rooms.close()
  })

  test('a log that is as written: it says what it checked, and that is an entry', async () => {
    await page.getByRole('button', { name: 'Controleer nu' }).click()
    await page.getByRole('heading', { name: 'De auditlog klopt', exact: true }).waitFor()
    const checked = await page.locator('section', { hasText: 'Wat is gecontroleerd' }).textContent()
    expect(checked).toMatch(/Regels\s*27/)
    expect(checked).toMatch(/Controlepunten\s*1/)
    expect(checked).toMatch(/Tegels van de boom\s*1/)
    expect(checked).toMatch(/Duur\s*[\d,]+ m?s/)
    expect(checked).toContain(await rooms.deps.verifierKey())
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 })
      await keepShot(page, `controle-goed-${width}`)
      expect(await seriousFindings(page)).toEqual([])
    }
    await rooms.sequence()
    const { items } = await queryEntries(rooms.database.pool, { action: 'console.verified' })
    expect(items.map(({ entry }) => [entry.counts, entry.reason])).toEqual([
      [{ entries: 27, checkpoints: 1, problems: 0 }, 'intact'],
    ])
  })

  test('one byte of one entry changed: it names the entry and says what to do', async () => {
    await changeByte(rooms, 7)
    await page.getByRole('button', { name: 'Controleer nu' }).click()
    await page.getByRole('heading', { name: 'De auditlog klopt niet' }).waitFor()
    const said = await page.getByRole('status').textContent()
    expect(said).toContain('De eerste regel die niet past, is regel 7')
    expect(said).toContain('de regel is niet de regel die is ondertekend')
    expect(said).toContain('Verwittig de beheerder')
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 })
      await keepShot(page, `controle-fout-${width}`)
      expect(await seriousFindings(page)).toEqual([])
    }
    await rooms.sequence()
    const { items } = await queryEntries(rooms.database.pool, { action: 'console.verified' })
    expect(items[0]?.entry.reason).toBe('broken')
  })

  test('a message that no entry knows: it names the message, and leads to it', async () => {
    const { pool } = rooms.database
    await addParties(pool)
    const message = { at: ago(9), type: 'detection.request', party: 'leefgoed' }
    const id = await addMessage(pool, { ...message, accepted: 0, refused: 1, code: 'HB-304' })
    await page.getByRole('button', { name: 'Controleer nu' }).click()
    await page.getByRole('heading', { name: 'De auditlog klopt niet' }).waitFor()
    const problem = page.getByRole('row', { name: id }).first()
    expect(await problem.textContent()).toContain('er gebeurde iets zonder regel')
    await problem.getByRole('link', { name: id }).click()
    await page.waitForURL(`**/berichten/${id}`)
  })

  test('an entry that cannot be read any more: its pages point to the check, which names it', async () => {
    await changeByte(rooms, 5, 0)
    await page.goto(`${rooms.url}/auditlog`)
    await page
      .getByRole('heading', { name: 'Een regel van de auditlog is niet leesbaar' })
      .waitFor()
    await page.getByRole('link', { name: 'Naar de controle' }).click()
    await page.getByRole('button', { name: 'Controleer nu' }).click()
    await page.getByText('De eerste regel die niet past, is regel 5').waitFor()
  })

  test('four people at once get the same result of one check, each with an entry', async () => {
    const people = await Promise.all([1, 2, 3, 4].map(() => rooms.signIn('auditor')))
    const answers = await Promise.all(
      people.map(({ cookie, csrf }) => rooms.post('/controle', { csrf }, cookie)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(answers.every(({ html }) => html.includes('De auditlog klopt<'))).toBe(true)
    await rooms.sequence()
    const { items } = await queryEntries(rooms.database.pool, { action: 'console.verified' })
    expect(items).toHaveLength(4)
  })
})

/** Entries of the gateway itself, which no row goes with. */
function drafts() {
  return Array.from({ length: ENTRIES }, (_, n) => ({
    action: 'program.started' as const,
    at: ago(ENTRIES - n),
    actor: { role: 'gateway' },
  }))
}

/** Changes one byte of an entry behind the back of the append-only trigger. */
async function changeByte(rooms: Rooms, index: number, place = 40): Promise<void> {
  const { pool } = rooms.database
  await pool.query('ALTER TABLE audit_entry DISABLE TRIGGER append_only')
  const { rowCount } = await pool.query(
    `UPDATE audit_entry SET entry = set_byte(entry, $2, get_byte(entry, $2) # 1) WHERE index = $1`,
    [index, place],
  )
  expect(rowCount).toBe(1)
  await pool.query('ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER append_only')
}
