import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Agreement } from '../../src/protocol/document.ts'
import { digestOf } from '../../src/protocol/document.ts'
import { diffDocuments } from '../../src/protocol/readable/diff.ts'
import { diffHtml } from '../../src/protocol/readable/diff-html.ts'
import {
  earlierThan,
  type KnownVersion,
  versionNamed,
} from '../../src/protocol/readable/versions.ts'
import { validatorFor } from '../../src/schemas.ts'
import {
  contentWidth,
  describeInChromium,
  openBrowser,
  seriousFindings,
  WIDTHS,
} from '../console/browser.ts'
import { sampleFramework } from '../protocol/sample.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'

const SHOTS = fileURLToPath(new URL('../../test-results/protocol-readable', import.meta.url))
/** Width of the text on A4 between margins of 16 mm, in CSS pixels. */
const TEXT_WIDTH = Math.floor(((210 - 32) / 25.4) * 96)

function version(change: (document: Agreement) => void): KnownVersion {
  const document = sampleFramework()
  change(document)
  const { protocolId: id, version: number } = document
  return { id, version: number, digest: digestOf(document), document }
}

const first = version(() => {})
const second = version(document => {
  document.version = '1.1.0'
  document.supersedes = '1.0.0'
  document.modalities.answerWindowDays = 21
  document.dataElements[0]!.necessity = 'Omdat <b>het</b> moet.'
  document.dataElements.push({ ...document.dataElements[1]!, id: 'nieuw', label: 'Iets nieuws' })
  document.messageTypes.pop()
  document.purposes.reverse()
})
const page = (before: KnownVersion | undefined, after: KnownVersion) =>
  diffHtml(
    {
      before,
      after,
      sections: before ? diffDocuments(before.document, after.document) : [],
    },
    id => `/v1/protocols/${id}`,
  )

describe('the page of changes', () => {
  test('data elements first; each kind has a sign, a word and a line of its own', () => {
    const html = page(first, second)
    const sections = [...html.matchAll(/<section id="([A-Za-z]+)">/g)].map(([, id]) => id)
    expect(sections.slice(0, 2)).toEqual(['dataElements', 'purposes'])
    for (const [kind, sign, word] of [
      ['added', '+', 'nieuw'],
      ['removed', '\u2212', 'weg'],
      ['changed', '\u2260', 'gewijzigd'],
      ['reordered', '\u21c5', 'andere volgorde'],
    ]) {
      expect(html).toMatch(
        new RegExp(
          `<li class="${kind}"><p><span class="sign"[^>]*>\\${sign}</span>.*?>${word}</span>`,
        ),
      )
    }
    const styles = ['added', 'removed', 'changed'].map(
      kind => html.match(new RegExp(`\\.${kind}[^{]*{ border-left: 5px (\\w+)`))?.[1],
    )
    expect(new Set(styles).size).toBe(3)
    expect(html).toContain('<del>14</del>')
    expect(html).toContain('<ins>21</ins>')
  })

  test('shows what a document says as text, whatever it is', () => {
    const html = page(first, second)
    expect(html).toContain('Omdat &lt;b&gt;het&lt;/b&gt; moet.')
    expect(html).not.toContain('<b>het</b>')
    expect(html).not.toContain('<script')
  })

  test('says which texts it compares, and when there is nothing to tell', () => {
    const html = page(first, second)
    for (const { digest, version: number } of [first, second]) {
      expect(html).toContain(digest)
      expect(html).toContain(`wm-vdab, versie ${number}`)
    }
    expect(page(first, first)).toContain('Er is niets veranderd.')
    expect(page(undefined, first)).toContain('Dit is de eerste versie die Huisbrug kent')
  })
})

describe('which version comes before', () => {
  const third = version(document => {
    document.version = '1.10.0'
  })
  const again = version(document => {
    document.version = '1.1.0'
    document.sanctions = 'Anders.'
  })

  test('the one that is superseded, or else the one before it', () => {
    const jumping = version(document => {
      document.version = '2.0.0'
      document.supersedes = '1.0.0'
    })
    const all = [first, second, third, jumping]
    expect(earlierThan(all, jumping)).toBe(first)
    expect(earlierThan(all, third)).toBe(second)
    expect(earlierThan(all, first)).toBeUndefined()
  })

  test('another text of the same version, where that was there first', () => {
    expect(earlierThan([first, second, again], again)).toBe(second)
    expect(earlierThan([first, again], again)).toBe(first)
  })

  test('by number the latest text, by digest that one', () => {
    expect(versionNamed([first, second, again], '1.1.0')).toBe(again)
    expect(versionNamed([first, second, again], second.digest)).toBe(second)
    expect(versionNamed([first], '9.9.9')).toBeUndefined()
  })
})

describe('changes over HTTP', () => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await testGateway({ webhooks: false })
  })

  afterAll(() => gateway?.close())

  const get = async (path: string, accept = 'application/json') => {
    const response = await fetch(`${gateway.url}/v1/protocols/${path}`, { headers: { accept } })
    const body = await response.text()
    return { status: response.status, type: response.headers.get('content-type'), body }
  }

  test('the first version has nothing before it, and its page no link', async () => {
    const { status, body } = await get('wm-vdab/diff')
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({ before: null, sections: [] })
    expect((await get('wm-vdab', 'text/html')).body).not.toContain('Wat is er veranderd?')
    const html = await get('wm-vdab/diff', 'text/html')
    expect([html.status, html.type]).toEqual([200, 'text/html; charset=utf-8'])
    expect(html.body).toContain('Dit is de eerste versie')
  })

  test('a version that took the place of another is compared with what the gateway saw', async () => {
    const file = join(gateway.protocolsDir, 'wm-vdab', 'protocol.json')
    const before = JSON.parse(readFileSync(file, 'utf8')) as Agreement
    const after = structuredClone(before)
    after.version = '1.1.0'
    after.supersedes = '1.0.0'
    after.modalities.answerWindowDays = 21
    writeFileSync(file, JSON.stringify(after))
    await gateway.context.protocols.reload()

    const reply = JSON.parse((await get('wm-vdab/diff')).body)
    expect(validatorFor('protocol-diff')(reply)).toEqual([])
    expect(reply.before).toEqual({
      protocolId: 'wm-vdab',
      version: '1.0.0',
      contentHash: digestOf(before),
    })
    expect(reply.after.contentHash).toBe(digestOf(after))
    const changes = reply.sections.flatMap(
      ({ changes: all }: { changes: { path: string }[] }) => all,
    )
    expect(changes).toContainEqual({
      kind: 'changed',
      path: 'modalities.answerWindowDays',
      what: '',
      part: 'termijn om te antwoorden, in dagen',
      before: '14',
      after: '21',
    })
    expect((await get('wm-vdab', 'text/html')).body).toContain(
      '<a href="/v1/protocols/wm-vdab/diff">Wat is er veranderd?</a>',
    )
    const back = JSON.parse((await get('wm-vdab/diff?from=1.1.0&to=1.0.0')).body)
    expect([back.before.version, back.after.version]).toEqual(['1.1.0', '1.0.0'])
    const html = await get('wm-vdab/diff?from=1.0.0', 'text/html')
    expect(html.body).toContain('<del>14</del>')
  })

  test('with another protocol', async () => {
    const reply = JSON.parse((await get('wm-vdab-woonboog/diff?with=wm-vdab-leefgoed')).body)
    expect(validatorFor('protocol-diff')(reply)).toEqual([])
    expect([reply.before.protocolId, reply.after.protocolId]).toEqual([
      'wm-vdab-leefgoed',
      'wm-vdab-woonboog',
    ])
    expect(reply.sections.length).toBeGreaterThan(0)
  })

  test.each([
    ['nergens/diff', 422, 'HB-301'],
    ['wm-vdab/diff?with=nergens', 422, 'HB-301'],
    ['wm-vdab/diff?from=7.0.0', 400, 'HB-208'],
    ['wm-vdab/diff?to=%3Cb%3E', 400, 'HB-208'],
    ['wm-vdab/diff?from=1.0.0&from=2.0.0', 400, 'HB-208'],
  ])('%s is refused: %i %s', async (path, status, code) => {
    const refused = await get(path)
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([status, code])
    expect(refused.body).not.toContain('<b>')
  })
})

describeInChromium('the page of changes in Chromium', () => {
  test.each(WIDTHS)('has no serious finding and no sideways scroll at %i pixels', async width => {
    const folder = mkdtempSync(join(tmpdir(), 'huisbrug-diff-'))
    mkdirSync(SHOTS, { recursive: true })
    const browser = await openBrowser()
    try {
      const tab = await browser.newPage()
      const file = join(folder, 'diff.html')
      writeFileSync(file, page(first, second))
      await tab.setViewportSize({ width, height: 900 })
      await tab.goto(pathToFileURL(file).href)
      expect(await seriousFindings(tab)).toEqual([])
      expect(await contentWidth(tab)).toBeLessThanOrEqual(width)
      await tab.screenshot({ path: join(SHOTS, `veranderd-${width}.png`), fullPage: true })
      await tab.setViewportSize({ width: TEXT_WIDTH, height: 900 })
      await tab.emulateMedia({ media: 'print' })
      expect(await contentWidth(tab)).toBeLessThanOrEqual(TEXT_WIDTH)
      await tab.pdf({ preferCSSPageSize: true, path: join(SHOTS, 'veranderd.pdf') })
    } finally {
      await browser.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
