import { readFileSync } from 'node:fs'
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
} from '../console/browser.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { COUNTS } from './counts.ts'
import { pdfText } from './open-files.ts'

const FIELDS = {
  datum: '2026-09-30',
  huurders: '100',
  gecontroleerd: '80',
  werkt: '25',
  vdab: '20',
  ouder: '15',
  ongeschikt: '6',
  leefloon: '4',
  'niet-in-orde': '10',
  dagen: '90',
  'extra-huurders': '8',
  'in-orde': '3',
  toezicht: '2',
}

describeInChromium('the pages of reports in Chromium', () => {
  let gateway: TestGateway
  let browser: Browser
  let url: string

  beforeAll(async () => {
    gateway = await testGateway({ webhooks: false })
    url = `${gateway.url}/console`
    await gateway.clients.leefgoed.reportAnnex1(COUNTS)
    await gateway.clients.leefgoed.reportAnnex1({ ...COUNTS, referenceDate: '2026-06-30' })
    browser = await openBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await gateway?.close()
  })

  describe.each(WIDTHS)('at %i pixels', width => {
    let window: BrowserContext
    let page: Page

    beforeAll(async () => {
      window = await openWindow(browser, width)
      page = await window.newPage()
      await signInByHand(page, url, await gateway.context.sessions.makeLink('privacy-officer'))
    })
    afterAll(() => window?.close())

    async function looksWell(name: string, axe = width === WIDTHS[0]): Promise<void> {
      await keepShot(page, `${name}-${width}`)
      // What axe finds hangs on the width of few pages, and takes seconds.
      if (axe) expect([name, await seriousFindings(page)]).toEqual([name, []])
      expect([name, await contentWidth(page)]).toEqual([name, width])
      expect(await fieldsOutOfPlace(page)).toEqual([])
    }

    test('Annex 1 is entered: hard rules at their field, what looks odd is confirmed', async () => {
      await page.goto(`${url}/rapporten`)
      await looksWell('rapporten')
      await page.getByRole('link', { name: 'Bijlage 1 invullen' }).click()
      await page.getByLabel('Woonmaatschappij').selectOption('woonboog')
      for (const [name, value] of Object.entries({ ...FIELDS, gecontroleerd: '101', dagen: 'x' }))
        await page.locator(`[name="${name}"]`).fill(value)
      await page.getByLabel('Kregen huurders extra tijd').selectOption('ja')
      await page.getByRole('button', { name: 'Indienen' }).click()
      expect(await page.locator('[aria-invalid="true"]').count()).toBe(1)
      await page.locator('[name="dagen"]').fill('90')
      await page.getByRole('button', { name: 'Indienen' }).click()
      const checked = page.getByLabel('Gecontroleerd op de VDAB-verplichting')
      expect(await checked.getAttribute('aria-invalid')).toBe('true')
      const told = await checked.getAttribute('aria-describedby')
      expect(await page.locator(`#${told}`).textContent()).toContain('meer dan het aantal huurders')
      await looksWell('bijlage-1-fout')
      await checked.fill('81')
      await page.getByRole('button', { name: 'Indienen' }).click()
      expect(await page.getByRole('alert').textContent()).toContain('twee categorieën')
      await looksWell('bijlage-1-nakijken', true)
      expect((await gateway.clients.woonboog.annex1Reports()).items).toHaveLength(
        width === WIDTHS[0] ? 0 : 1,
      )
      await page.getByRole('button', { name: 'Toch indienen' }).click()
      await page.getByRole('heading', { level: 1, name: 'Bijlage 1 is ingediend' }).waitFor()
      await looksWell('bijlage-1-ingediend')
      const [newest] = (await gateway.clients.woonboog.annex1Reports()).items
      expect(newest).toMatchObject({ report: { ...COUNTS, checked: 81 } })
      const { rows } = await gateway.db.pool.query(
        `SELECT convert_from(entry, 'UTF8')::jsonb->'actor' AS actor FROM (
           SELECT entry, message_id FROM audit_entry UNION ALL
           SELECT entry, message_id FROM audit_pending) e WHERE message_id = $1`,
        [newest?.messageId],
      )
      expect(rows).toEqual([
        {
          actor: {
            role: 'privacy-officer',
            party: 'woonboog',
            client: expect.stringMatching(/^ses_/),
          },
        },
      ])
    })

    test('a report is read on the page and kept as a file', async () => {
      await page.goto(`${url}/rapporten`)
      const card = page.getByRole('region', { name: 'Bijlage 1 van de oproep' })
      await card.getByLabel('Woonmaatschappij').selectOption('leefgoed')
      await card.getByRole('button').click()
      await page.getByRole('heading', { level: 1, name: 'Bijlage 1: Leefgoed' }).waitFor()
      await looksWell('rapport-bijlage-1', true)
      const table = page.getByRole('table', { name: 'Huurders op 30 september 2026' })
      const row = table.getByRole('row').filter({ hasText: 'ontvangt een leefloon' })
      expect(await row.textContent()).toContain('4')
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'PDF' }).click(),
      ])
      expect(download.suggestedFilename()).toMatch(/^bijlage-1-leefgoed-.*\.pdf$/)
      const text = await pdfText(readFileSync(await download.path()))
      expect(text).toContain('is arbeidsongeschikt, invalide of ernstig gehandicapt')
    })

    test.each(['dashboard', 'evaluatie', 'verwerkingsregister', 'inbreuk'])(
      '%s reads well',
      async kind => {
        await page.goto(`${url}/rapporten`)
        const card = page.locator(`form[action$="/${kind}"]`)
        if (kind === 'dashboard' || kind === 'evaluatie')
          await card.getByLabel('Woonmaatschappij').selectOption('leefgoed')
        await card.getByRole('button').click()
        await page.getByRole('button', { name: 'Excel' }).waitFor()
        // The record is long: axe would take ten seconds for what it sees on the others.
        await looksWell(`rapport-${kind}`, kind === 'evaluatie' && width === WIDTHS[0])
      },
    )
  })

  test('in English too; what is missing is told, and nothing is made', async () => {
    const window = await openWindow(browser)
    const page = await window.newPage()
    await signInByHand(page, url, await gateway.context.sessions.makeLink('privacy-officer'))
    await page.getByRole('link', { name: 'English' }).click()
    await page.goto(`${url}/rapporten/bijlage-1/invullen`)
    await page.getByRole('button', { name: 'Submit' }).click()
    expect(await page.locator('[aria-invalid="true"]').count()).toBe(14)
    await keepShot(page, 'bijlage-1-en')
    expect(await seriousFindings(page)).toEqual([])
    const before = await made()
    const answer = await page.goto(`${url}/rapporten/dashboard?partij=nobody&kwartaal=2026-Q9`)
    expect(answer?.status()).toBe(400)
    expect(await page.getByRole('alert').textContent()).toContain('Nothing was made yet')
    expect(await made()).toBe(before)
    await window.close()
  })

  test('the officer of one company has its reports alone', async () => {
    const window = await openWindow(browser)
    const page = await window.newPage()
    const link = await gateway.context.sessions.makeLink('privacy-officer', 'woonboog')
    await signInByHand(page, url, link)
    await page.goto(`${url}/rapporten`)
    expect(await page.locator('form[action*="/rapporten/"]').count()).toBe(3)
    const parties = page.locator('select[name="partij"] option:not([value=""])')
    expect(new Set(await parties.allTextContents())).toEqual(new Set(['woonboog']))
    const before = await made()
    for (const [path, status] of [
      ['/inbreuk?van=2026-01-01&tot=2026-01-02', 404],
      ['/verwerkingsregister?protocol=', 404],
      ['/bijlage-1?partij=leefgoed&van=2026-01-01&tot=2026-12-31', 400],
    ] as const)
      expect([path, (await page.goto(`${url}/rapporten${path}`))?.status()]).toEqual([path, status])
    expect(await made()).toBe(before)
    await page.goto(`${url}/rapporten/bijlage-1/invullen`)
    // What the form offers is not all that can be sent.
    const csrf = await page.locator('main [name="csrf"]').first().inputValue()
    const form = { ...FIELDS, csrf, partij: 'leefgoed', 'extra-tijd': 'ja', sleutel: 'not-ours' }
    const sent = await page.request.post(`${url}/rapporten/bijlage-1/invullen`, { form })
    expect(sent.status()).toBe(400)
    expect((await gateway.clients.leefgoed.annex1Reports()).items).toHaveLength(2)
    await window.close()
  })

  async function made(): Promise<number> {
    const { rows } = await gateway.db.pool.query<{ n: number }>(
      `SELECT (SELECT count(*) FROM audit_entry WHERE action = 'report.made')::int
         + (SELECT count(*) FROM audit_pending WHERE action = 'report.made')::int AS n`,
    )
    return rows[0]?.n ?? 0
  }
})
