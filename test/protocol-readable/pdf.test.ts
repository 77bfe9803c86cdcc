import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { TextItem } from 'pdfjs-dist/types/src/display/api.d.ts'
import { loadProtocols } from '../../src/protocol/load.ts'
import type { Block, Cell } from '../../src/protocol/readable/block.ts'
import { type ReadableDocument, readableOf } from '../../src/protocol/readable/model.ts'
import { statusLines } from '../../src/protocol/readable/notes.ts'
import { pdfOf } from '../../src/protocol/readable/pdf.ts'
import { IN_FORCE, SAMPLE_DIR } from '../protocol/sample.ts'
import { fullAccession, fullFramework, loadedAs, setOf } from './samples.ts'

const shipped = loadProtocols(SAMPLE_DIR, IN_FORCE)
const full = loadedAs(fullFramework())
const joined = loadedAs(fullAccession())
const read = (id: string) => readableOf(shipped, shipped.protocols.get(id)!, IN_FORCE)
const DOCUMENTS: [string, ReadableDocument][] = [
  ['the framework', read('wm-vdab')],
  ['an accession', read('wm-vdab-woonboog')],
  ['an agreement with everything', readableOf(setOf(full), full, IN_FORCE)],
  ['an accession with everything', readableOf(setOf(full, joined), joined, IN_FORCE)],
]
/** Width and height of A4 in points. */
const A4 = [595.28, 841.89]

interface Piece {
  text: string
  /** From the left and from the foot of the page, in points. */
  x: number
  y: number
  right: number
}

async function open(bytes: Buffer) {
  const { getDocument } = await import('pdfjs-dist/legacy/build/pdf.mjs')
  return getDocument({ data: new Uint8Array(bytes), verbosity: 0 }).promise
}

async function pagesOf(bytes: Buffer): Promise<Piece[][]> {
  const pdf = await open(bytes)
  const numbers = Array.from({ length: pdf.numPages }, (_, index) => index + 1)
  return Promise.all(
    numbers.map(async number => {
      const content = await (await pdf.getPage(number)).getTextContent()
      return content.items
        .filter((item): item is TextItem => 'str' in item && item.str !== '')
        .map(({ str, transform, width }) => {
          const [x, y] = [transform[4] as number, transform[5] as number]
          return { text: str, x, y, right: x + width }
        })
    }),
  )
}

/** Without spaces: where a line breaks is the page's own affair. */
const bare = (text: string) => text.normalize('NFKC').replace(/\s+/gu, '')

function textsOf(block: Block): string[] {
  const cells = (all: readonly Cell[]) => all.flatMap(({ text, notes }) => [text, ...notes])
  switch (block.kind) {
    case 'list':
      return [...block.items]
    case 'facts':
      return block.rows.flat()
    case 'table':
      return [block.caption, ...block.columns, ...block.rows.flatMap(cells)]
    default:
      return [block.text]
  }
}

function allTexts(model: ReadableDocument): string[] {
  const articles = [...model.articles, ...model.annexes]
  return [
    model.title,
    model.sample ?? '',
    ...model.head.flat(),
    ...statusLines(model.status),
    ...articles.flatMap(({ number, title, blocks }) => [
      `${number}. ${title}`,
      ...blocks.flatMap(textsOf),
    ]),
  ]
}

describe.each(DOCUMENTS)('%s as PDF', (_name, model) => {
  test('holds every text of the document, in letters that its fonts have', async () => {
    const pages = await pagesOf(await pdfOf(model))
    const content = pages.map(page => page.filter(({ y }) => y > 55))
    const text = bare(content.flatMap(page => page.map(piece => piece.text)).join(''))
    const missing = allTexts(model).filter(one => !text.includes(bare(one)))
    expect(missing).toEqual([])
    expect(text).not.toContain('\ufffd')
  })

  test('is A4, and nothing leaves the margins', async () => {
    const bytes = await pdfOf(model)
    const pdf = await open(bytes)
    for (let number = 1; number <= pdf.numPages; number++) {
      const [left, bottom, right, top] = (await pdf.getPage(number)).view
      expect([left, bottom]).toEqual([0, 0])
      expect(Math.abs((right ?? 0) - (A4[0] ?? 0))).toBeLessThan(0.1)
      expect(Math.abs((top ?? 0) - (A4[1] ?? 0))).toBeLessThan(0.1)
    }
    const outside = (await pagesOf(bytes))
      .flat()
      .filter(({ x, y, right }) => x < 40 || right > 555.5 || y < 20 || y > 800)
    expect(outside).toEqual([])
  })

  test('says at each foot which text it is, and the page of how many', async () => {
    const pages = await pagesOf(await pdfOf(model))
    pages.forEach((page, index) => {
      const foot = bare(
        page
          .filter(({ y }) => y < 55)
          .map(({ text }) => text)
          .join(''),
      )
      expect(foot).toBe(
        bare(
          `${model.id}, versie ${model.version}. Vingerafdruk: ${model.digest}bladzijde ${index + 1} van ${pages.length}`,
        ),
      )
    })
  })

  test('has a bookmark for each article, a language, a title and authors', async () => {
    const pdf = await open(await pdfOf(model))
    const outline = await pdf.getOutline()
    expect(outline.map(({ title }) => title)).toEqual(
      [...model.articles, ...model.annexes].map(({ number, title }) => `${number}. ${title}`),
    )
    const { info } = await pdf.getMetadata()
    expect(info).toMatchObject({
      Language: 'nl',
      Title: `${model.title} (${model.id} ${model.version})`,
      Author: model.authors.join('; '),
      CreationDate: 'D:20261121000000Z',
    })
  })

  test('no heading stands alone at the foot of a page', async () => {
    const pages = await pagesOf(await pdfOf(model))
    const headings = new Set(
      [...model.articles, ...model.annexes]
        .flatMap(({ number, title, blocks }) => [
          `${number}. ${title}`,
          ...blocks.flatMap(block =>
            block.kind === 'part' || block.kind === 'heading' ? [block.text] : [],
          ),
        ])
        .map(bare),
    )
    const last = pages.map(page => {
      const content = page.filter(({ y }) => y > 55)
      const foot = Math.min(...content.map(({ y }) => y))
      return bare(
        content
          .filter(({ y }) => y - foot < 1)
          .map(({ text }) => text)
          .join(''),
      )
    })
    expect(last.filter(text => headings.has(text))).toEqual([])
  })
})

/** A framework with a table of data in which each row is so many words long, in capitals or not. */
function withRows(words: readonly number[], word: string): ReadableDocument {
  const document = fullFramework()
  const [first] = document.dataElements
  const long = (count: number) =>
    Array.from({ length: count }, (_, index) => `${word}${index}`).join(' ')
  document.dataElements = words.map((count, index) => ({
    ...first!,
    id: `element-${index}`,
    label: `Element ${index}.`,
    necessity: `Begin${index} ${long(count)} einde${index}`,
  }))
  const loaded = loadedAs(document)
  return readableOf(setOf(loaded), loaded, IN_FORCE)
}

describe('a table over more than one page', () => {
  test('repeats its head on every page that it is on, above its rows', async () => {
    const model = withRows(
      Array.from({ length: 40 }, () => 40),
      'woord',
    )
    const pages = await pagesOf(await pdfOf(model))
    const rows = pages.map(page => page.filter(({ text }) => /^Element \d+\.$/.test(text)))
    expect(rows.flat()).toHaveLength(40)
    expect(rows.filter(page => page.length).length).toBeGreaterThan(4)
    rows.forEach((page, index) => {
      if (!page.length) return
      const top = Math.max(...page.map(({ y }) => y))
      const heads = pages[index]?.filter(({ text }) => text === 'Bewaartermijn') ?? []
      expect(heads.some(({ y }) => y > top)).toBe(true)
    })
  })

  test.each(['woord', 'WWWWWWWWWW'])(
    'cuts no row that fits a page, and loses nothing of one that does not: %s',
    async word => {
      const counts = word === 'woord' ? [3, 40, 900, 12, 120, 130, 1_100, 5] : [1, 20, 600, 5, 40]
      const model = withRows(counts, word)
      const pages = await pagesOf(await pdfOf(model))
      const content = pages.map(page =>
        bare(page.flatMap(({ text, y }) => (y > 55 ? [text] : [])).join('')),
      )
      const pageOf = (mark: string) => content.findIndex(text => text.includes(mark))
      counts.forEach((count, index) => {
        const [begin, end] = [pageOf(`Begin${index}${word}`), pageOf(`einde${index}`)]
        expect(begin).toBeGreaterThanOrEqual(0)
        if (count < 500) expect(end).toBe(begin)
        else expect(end).toBeGreaterThan(begin)
      })
      const all = content.join('')
      const kept = allTexts(model).filter(one => !/^Begin/.test(one))
      expect(kept.filter(one => !all.includes(bare(one)))).toEqual([])
      // A row over more pages is told column by column, so its words are looked for one by one.
      const words = Math.max(...counts)
      for (let number = 0; number < words; number++) expect(all).toContain(`${word}${number}`)
    },
  )
})

describe('drawing', () => {
  test('the same document on the same day gives the same bytes; another day does not', async () => {
    const drawn = await pdfOf(read('wm-vdab'))
    const later = readableOf(
      shipped,
      shipped.protocols.get('wm-vdab')!,
      new Date(IN_FORCE.getTime() + 60_000),
    )
    expect((await pdfOf(later)).equals(drawn)).toBe(true)
    const { draw } = await import('../../src/protocol/readable/pdf-worker.ts')
    expect(Buffer.from(await draw(read('wm-vdab'))).equals(drawn)).toBe(true)
    const tomorrow = readableOf(
      shipped,
      shipped.protocols.get('wm-vdab')!,
      new Date(IN_FORCE.getTime() + 86_400_000),
    )
    expect((await pdfOf(tomorrow)).equals(drawn)).toBe(false)
  })

  test('does not keep the program waiting, and is not done twice', async () => {
    const model = { ...read('wm-vdab'), title: 'Nog niet getekend' }
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const first = pdfOf(model)
    expect(pdfOf(structuredClone(model))).toBe(first)
    await first
    delay.disable()
    expect(delay.max / 1e6).toBeLessThan(150)
  })
})
