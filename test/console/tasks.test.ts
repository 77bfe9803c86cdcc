import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { noteVerifier } from '../../src/audit/note.ts'
import { verifyProof } from '../../src/audit/proof-file.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { subjectTagOf } from '../../src/pseudonym/subject-tag.ts'
import { syntheticNumber } from '../support/people.ts'
import { describeInChromium, keepShot, openBrowser, openWindow, WIDTHS } from './browser.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { addHandOver, addMessage, addParties, ago, PROTOCOL } from './seed.ts'

const NUMBER = syntheticNumber(21)
const DAY = 24 * 60
const MOST = 4
// A press of a button is a click to the browser too, also by Enter; of a label its field's is the second.
// Counted once it reached the page: one under which the page moved away is taken back before, and tried again.
const COUNTING = `addEventListener('click', event => {
  const target = event.target.closest('a, button, summary, select, label, input')
  if (event.isTrusted) onPress(target?.textContent.trim() ?? 'elsewhere')
})`

/** A day with traffic since, a message that was refused the day before, and one that was delivered. */
async function seedDays({ database, deps, sequence }: Rooms) {
  const { pool } = database
  await addParties(pool)
  await pool.query('DELETE FROM domain')
  await deps.domains.ensureSubjectKey()
  const type = 'tenancy.ended'
  const actor = { role: 'housing-company', party: 'leefgoed' }
  const at = ago(DAY + 30)
  const refused = await addMessage(pool, {
    ...{ at, type, party: 'leefgoed', accepted: 0, refused: 3, code: 'HB-304' },
  })
  const message = { id: refused, type }
  const outcome = { decision: 'refused' as const, code: 'HB-304' }
  await recordEntries(pool, [{ action: 'message.refused', at, actor, message, ...outcome }])
  const sent = await seedSent(pool, await subjectTagOf(deps.evaluator as never, NUMBER))
  for (let minute = 1; minute <= 60; minute++)
    await addMessage(pool, { at: ago(minute), type, party: 'woonboog', accepted: 1 })
  await sequence()
  return { refused, sent }
}

async function seedSent(pool: Rooms['database']['pool'], tag: Buffer): Promise<string> {
  const type = 'tenancy.ended'
  const at = ago(0.5)
  const id = await addMessage(pool, { at, type, party: 'woonboog', accepted: 1 })
  await addHandOver(pool, {
    ...{ messageId: id, at, to: 'vdab', kind: 'items', state: 'delivered', status: 202 },
    deliveredAt: ago(0.4),
  })
  const what = { message: { id, type }, protocol: PROTOCOL, purpose: 'detection' }
  const actor = { role: 'housing-company', party: 'woonboog' }
  const [accepted] = await recordEntries(pool, [
    { action: 'message.accepted', at, actor, ...what, decision: 'allowed', subjects: [tag] },
    {
      ...{ action: 'message.delivered', at: ago(0.4), actor: { role: 'gateway' }, ...what },
      recipient: 'vdab',
    },
  ])
  const payload = {
    ...{ iss: 'https://gateway.example', sub: 'woonboog', messageId: id, type, iat: 1_773_135_000 },
    ...{ decision: 'accepted', protocol: null, protocolDigest: null },
    entryCommitment: accepted?.commitment,
  }
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const jws = `${encode({ alg: 'EdDSA', typ: 'receipt+jwt', kid: 'k' })}.${encode(payload)}.c2ln`
  await pool.query('UPDATE message SET receipt = $2 WHERE id = $1', [id, jws])
  return id
}

describeInChromium('what a privacy officer has no time for', () => {
  let rooms: Rooms
  let seeded: Awaited<ReturnType<typeof seedDays>>
  let browser: Browser
  let window: BrowserContext
  let page: Page
  /** Each click as the browser saw it, and each page it came to. */
  const clicked: string[] = []
  const visited: string[] = []

  beforeAll(async () => {
    rooms = await openRooms()
    seeded = await seedDays(rooms)
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await rooms?.close()
  })

  afterEach(async () => {
    // The way began where one signs in, and no page was come to but by a click on the one before.
    expect(visited[0]).toMatch(/\/console\/aanmelden\?link=/)
    expect(visited.length).toBeGreaterThan(2)
    expect([visited, visited.length - 1 <= clicked.length]).toEqual([visited, true])
    // Named, so that a way that grew longer says where.
    expect([clicked, clicked.length <= MOST]).toEqual([clicked, true])
    await window.close()
  })

  async function open(width: number): Promise<void> {
    window = await openWindow(browser, width)
    clicked.length = 0
    visited.length = 0
    page = await window.newPage()
    // Counted in the page itself: a click that a test forgets to count is one too, as is Enter in a form.
    await page.exposeFunction('onPress', (what: string) => clicked.push(what))
    await page.addInitScript(COUNTING)
    page.on('framenavigated', frame => visited.push(frame.url()))
    await page.goto(`${rooms.url}/aanmelden?link=${await rooms.link()}`)
    page.goto = () => Promise.reject(new Error('no address is typed on the way'))
    await page.getByRole('button', { name: 'Aanmelden' }).click()
  }

  const menu = (name: string): Locator =>
    page.getByRole('navigation', { name: 'Hoofdmenu' }).getByRole('link', { name, exact: true })

  test('why was this message of yesterday refused', async () => {
    await open(WIDTHS[1])
    await menu('Berichten').click()
    await page.getByLabel('Tot en met').fill('2026-03-09')
    await page.getByRole('button', { name: 'Toon' }).click()
    await page.locator(`a[href$="${seeded.refused}"]`).click()
    const main = page.getByRole('main')
    await main.getByText('Reden van weigering').waitFor()
    expect(await main.textContent()).toMatch(/HB-304.*ondertekend/s)
    await keepShot(page, 'taak-geweigerd')
  })

  test('what was shared about this person', async () => {
    await open(WIDTHS[0])
    await menu('Inzage').click()
    await page.getByLabel('Kenmerk').fill('taak-1')
    await page.getByLabel('Wat wordt er gevraagd?').fill('Wat is er gedeeld?')
    await page.getByRole('button', { name: 'Inschrijven' }).click()
    await page.getByLabel('Rijksregisternummer').fill(NUMBER)
    await page.getByRole('button', { name: 'Toon wat er gedeeld is' }).click()
    await page.getByRole('heading', { name: 'Wat er over deze persoon gedeeld is' }).waitFor()
    const text = await page.getByRole('main').textContent()
    expect(text).toContain('VDAB')
    expect(text).not.toContain(NUMBER)
    await keepShot(page, 'taak-inzage')
  })

  test('stop the exchange with this housing company now', async () => {
    await open(WIDTHS[0])
    await menu('Protocollen').click()
    await page.getByRole('link', { name: /^Opschorten: .*Woonboog/ }).click()
    const reason = page.getByRole('textbox', { name: 'Reden' })
    await reason.fill('Een lek bij Woonboog.')
    await keepShot(page, 'taak-stop')
    await page.getByRole('button', { name: 'Ja, schort op' }).click()
    await page.getByRole('heading', { level: 1, name: 'Het protocol is opgeschort.' }).waitFor()
    const { rows } = await rooms.database.pool.query(
      "DELETE FROM protocol_suspension WHERE protocol = 'wm-vdab-woonboog' RETURNING reason",
    )
    expect(rows).toEqual([{ reason: 'Een lek bij Woonboog.' }])
  })

  test('prove to VDAB that this was sent', async () => {
    await open(WIDTHS[1])
    await menu('Berichten').click()
    await page.locator(`a[href$="${seeded.sent}"]`).click()
    await page.getByRole('link', { name: 'Alle bewijs in één bestand' }).waitFor()
    await keepShot(page, 'taak-bewijs')
    await rooms.sequence()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Alle bewijs in één bestand' }).click(),
    ])
    const bundle = JSON.parse(readFileSync(await download.path(), 'utf8'))
    const key = noteVerifier(String(await rooms.deps.verifierKey()))
    const told = bundle.entries.map((one: { entry: string; proof: string }) => {
      const bytes = Buffer.from(one.entry, 'base64')
      verifyProof(one.proof, bytes, key)
      return JSON.parse(bytes.toString())
    })
    expect(told).toContainEqual(
      expect.objectContaining({ action: 'message.delivered', recipient: 'vdab' }),
    )
  })
})
