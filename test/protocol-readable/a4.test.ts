import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { loadProtocols } from '../../src/protocol/load.ts'
import { htmlOf } from '../../src/protocol/readable/html.ts'
import { readableOf } from '../../src/protocol/readable/model.ts'
import { publicationListHtml } from '../../src/protocol/readable/publication-list.ts'
import {
  contentWidth,
  describeInChromium,
  openBrowser,
  seriousFindings,
  WIDTHS,
} from '../console/browser.ts'
import { IN_FORCE, SAMPLE_DIR } from '../protocol/sample.ts'
import { fullFramework, loadedAs, setOf } from './samples.ts'

const SHOTS = fileURLToPath(new URL('../../test-results/protocol-readable', import.meta.url))
/** Width of the text on A4 between margins of 16 mm, in CSS pixels. */
const TEXT_WIDTH = Math.floor(((210 - 32) / 25.4) * 96)

/** A4 in points, as each page of the file says; the list lies on its side. */
const A4 = /\[0 0 (59[45](\.\d+)? 84[12](\.\d+)?|84[12](\.\d+)? 59[45](\.\d+)?)\]/

const shipped = loadProtocols(SAMPLE_DIR)
const full = loadedAs(fullFramework())
const read = (id: string) => htmlOf(readableOf(shipped, shipped.protocols.get(id)!, IN_FORCE))
const PAGES: [string, () => string][] = [
  ['kaderprotocol', () => read('wm-vdab')],
  ['toetreding', () => read('wm-vdab-woonboog')],
  ['alles', () => htmlOf(readableOf(setOf(full), full, IN_FORCE))],
  ['publicatielijst', () => publicationListHtml(shipped, IN_FORCE, id => `/v1/protocols/${id}`)],
]

describeInChromium('the readable protocol in Chromium', () => {
  let browser: Browser
  let page: Page
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'huisbrug-readable-'))
    mkdirSync(SHOTS, { recursive: true })
    browser = await openBrowser()
    page = await browser.newPage()
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = async (name: string, html: string) => {
    const file = join(folder, `${name}.html`)
    writeFileSync(file, html)
    const asked: string[] = []
    page.on('request', request => asked.push(request.url()))
    await page.goto(pathToFileURL(file).href)
    page.removeAllListeners('request')
    return asked
  }

  describe.each(PAGES)('%s', (name, html) => {
    test('asks nothing of anyone', async () => {
      expect(await open(name, html())).toHaveLength(1)
    })

    test.each(WIDTHS)('has no serious finding and no sideways scroll at %i pixels', async width => {
      await page.setViewportSize({ width, height: 900 })
      await open(name, html())
      expect(await seriousFindings(page)).toEqual([])
      expect(await contentWidth(page)).toBeLessThanOrEqual(width)
      await page.screenshot({ path: join(SHOTS, `${name}-${width}.png`), fullPage: true })
    })

    test('fits A4: nothing is cut off at the side, no row is taller than a page', async () => {
      await page.setViewportSize({ width: TEXT_WIDTH, height: 900 })
      await open(name, html())
      await page.emulateMedia({ media: 'print' })
      expect(await contentWidth(page)).toBeLessThanOrEqual(TEXT_WIDTH)
      const sizes = await page.locator('th, td, dd, p').evaluateAll(cells =>
        cells.map(cell => ({
          cut: cell.scrollWidth - cell.clientWidth,
          height: cell.clientHeight,
          text: cell.textContent?.slice(0, 40),
        })),
      )
      expect(sizes.length).toBeGreaterThan(5)
      expect(sizes.filter(({ cut }) => cut > 1)).toEqual([])
      expect(sizes.filter(({ height }) => height > 900)).toEqual([])
      const pdf = await page.pdf({ preferCSSPageSize: true })
      writeFileSync(join(SHOTS, `${name}.pdf`), pdf)
      const boxes = pdf.toString('latin1').match(/\/MediaBox \[0 0 [0-9.]+ [0-9.]+\]/g) ?? []
      expect(boxes.length).toBeGreaterThan(0)
      for (const box of boxes) expect(box).toMatch(A4)
      await page.emulateMedia({ media: 'screen' })
    })
  })

  test('a head of a table repeats, and neither a row nor a head stands cut or alone', async () => {
    await open('regels', read('wm-vdab'))
    await page.emulateMedia({ media: 'print' })
    const styles = await page.evaluate(`(() => {
      const styleOf = selector => getComputedStyle(document.querySelector(selector))
      return {
        head: styleOf('table thead').display,
        row: styleOf('table tbody tr').breakInside,
        first: styleOf('table tbody tr').breakBefore,
      }
    })()`)
    expect(styles).toEqual({ head: 'table-header-group', row: 'avoid', first: 'avoid' })
  })
})
