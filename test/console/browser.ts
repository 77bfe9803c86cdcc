import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const SHOTS = fileURLToPath(new URL('../../test-results/console', import.meta.url))

/** Widths at which every page must work, in CSS pixels. */
export const WIDTHS = [360, 1440] as const

/** The system's Chromium, or undefined. */
export function findChromium(): string | undefined {
  const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)]
  return NAMES.flatMap(name => folders.map(folder => join(folder, name))).find(path =>
    existsSync(path),
  )
}

/** `describe` where there is a Chromium, otherwise skipped with one line that says so. */
export function describeInChromium(name: string, suite: () => void): void {
  if (findChromium()) {
    describe(name, suite)
    return
  }
  process.stderr.write(`skipped: ${name} (no Chromium on this machine)\n`)
  describe.skip(name, suite)
}

export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('no Chromium')
  return chromium.launch({ executablePath, args: ARGS, chromiumSandbox: false })
}

/** A window of its own: its cookies are not shared. Without scripts, as the console promises. */
export async function openWindow(
  browser: Browser,
  width: number = WIDTHS[1],
  options: { javaScript?: boolean; dark?: boolean } = {},
): Promise<BrowserContext> {
  return browser.newContext({
    viewport: { width, height: 900 },
    javaScriptEnabled: options.javaScript ?? true,
    colorScheme: options.dark ? 'dark' : 'light',
    locale: 'nl-BE',
  })
}

/** Signs in as a person does: opens the link and presses the button. */
export async function signInByHand(page: Page, url: string, link: string): Promise<void> {
  await page.goto(`${url}/aanmelden?link=${link}`)
  await page.getByRole('button', { name: 'Aanmelden' }).click()
  await page.getByRole('heading', { level: 1, name: 'Overzicht' }).waitFor()
}

/**
 * Rules that a page breaks and that axe calls serious or critical, with where; half the time without contrast,
 * which neither the language nor the width of a page changes.
 */
export async function seriousFindings(page: Page, withContrast = true): Promise<string[]> {
  // Its newer mode opens a second page to sum up frames; the console has no frames.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode(true)
    // Of all it looked at, only what is wrong is described: a third of the time.
    .options({
      resultTypes: ['violations'],
      rules: { 'color-contrast': { enabled: withContrast } },
    })
    .analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' | ')}`)
}

/** How wide the content is, in CSS pixels: more than the window means a sideways scroll. */
export async function contentWidth(page: Page): Promise<number> {
  return page.locator('html').evaluate(root => root.scrollWidth)
}

/** Form fields that stick out of their place, by name. */
export async function fieldsOutOfPlace(page: Page): Promise<(string | null)[]> {
  return page.locator('.field > input, .field > select').evaluateAll(fields =>
    fields
      .filter(field => {
        const place = field.parentElement?.getBoundingClientRect().right ?? 0
        return field.getBoundingClientRect().right > place + 0.5
      })
      .map(field => field.getAttribute('name')),
  )
}

/** Keeps a picture of the whole page in test-results/console. */
export async function keepShot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true })
  // As JPEG: half the time.
  const kind = { type: 'jpeg', quality: 70, fullPage: true } as const
  await page.screenshot({ path: join(SHOTS, `${name}.jpg`), ...kind })
}
