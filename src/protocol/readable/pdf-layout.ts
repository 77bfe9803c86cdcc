import type { Content, ContentTable, TableCell, TDocumentDefinitions } from 'pdfmake/interfaces.js'
import type { Block, Cell } from './block.ts'
import type { Article, ReadableDocument } from './model.ts'
import { footLine, statusLines } from './notes.ts'

const INK = '#17212b'
const MUTED = '#4a5763'
const LINE = '#c4ccd3'
const SOFT = '#eef2f4'
const ACCENT = '#0f4c5c'
const WARN = '#fdf1dc'
const WARN_LINE = '#a86400'
/** Margins of A4 in points: 16 mm at the sides, room for two lines at the foot. */
const MARGINS: [number, number, number, number] = [45, 50, 45, 62]
/** Text of A4 between those margins, in points. */
const TEXT_WIDTH = 595.28 - 90
const TEXT_HEIGHT = 841.89 - 112
const CELL_PADDING = 5

type TableBlock = Extract<Block, { kind: 'table' }>
type Facts = readonly (readonly [string, string])[]

/** A text on paper: what is drawn as a PDF. Texts are plain. */
export interface Paper {
  language: string
  title: string
  /** The title in the properties of the file, where it says more. */
  fullTitle?: string
  /** Whose document it is. */
  authors: readonly string[]
  subject: string
  /** Words to find it by, in the properties of the file. */
  keywords: string
  /** UTC day, `YYYY-MM-DD`: the file says it was made then. */
  on: string
  head: Facts
  notes: readonly { tone: 'info' | 'warning'; lines: readonly string[] }[]
  articles: readonly Pick<Article, 'number' | 'title' | 'blocks'>[]
  /** Whether a list of the articles comes first. */
  hasContents: boolean
  /** What stands at the foot of each page. */
  foot: string
}

/**
 * A readable document as pdfmake draws it: A4, a bookmark for each article, heads of tables on every
 * page, rows and headings that stay whole. The same document gives the same file. Pure.
 */
export function layoutOf(document: ReadableDocument): TDocumentDefinitions {
  const { id, version, digest, language, title, authors, status, sample, head } = document
  return paperLayout({
    language,
    title,
    fullTitle: `${title} (${id} ${version})`,
    authors,
    subject: `${id}, versie ${version}`,
    keywords: digest,
    // Where the document stands is told for a day; nothing in the file is younger.
    on: status.on,
    head,
    notes: [
      ...(sample === undefined ? [] : [{ tone: 'warning' as const, lines: [sample] }]),
      { tone: status.inForce ? 'info' : 'warning', lines: statusLines(status) },
    ],
    articles: [...document.articles, ...document.annexes],
    hasContents: true,
    foot: footLine(document),
  })
}

/** Any text on paper, drawn the same way. Pure. */
export function paperLayout(paper: Paper): TDocumentDefinitions {
  return {
    content: [
      { text: paper.title, style: 'title' },
      ...facts(paper.head),
      ...paper.notes.map(({ tone, lines }) => note(tone, lines)),
      ...(paper.hasContents ? [contents()] : []),
      ...paper.articles.flatMap(article),
    ],
    footer: (page, pages) => footer(paper.foot, page, pages),
    // pdfmake says nothing of where rows come that stay whole, so the room is estimated.
    pageBreakBefore: ({ headlineLevel: room = 0, startPosition: { top } }) =>
      room > 0 && top > MARGINS[1] && top + room > MARGINS[1] + TEXT_HEIGHT,
    pageSize: 'A4',
    pageMargins: MARGINS,
    version: '1.7',
    language: paper.language,
    displayTitle: true,
    info: {
      title: paper.fullTitle ?? paper.title,
      author: paper.authors.join('; '),
      subject: paper.subject,
      keywords: paper.keywords,
      creator: 'Huisbrug',
      creationDate: new Date(`${paper.on}T00:00:00Z`),
    },
    defaultStyle: { font: 'Roboto', fontSize: 9.5, lineHeight: 1.2, color: INK },
    styles: STYLES,
  }
}

const STYLES: NonNullable<TDocumentDefinitions['styles']> = {
  title: { fontSize: 18, bold: true, color: ACCENT, margin: [0, 0, 0, 8] },
  article: { fontSize: 13, bold: true, color: ACCENT, margin: [0, 16, 0, 5] },
  part: { fontSize: 11.5, bold: true, margin: [0, 10, 0, 3] },
  heading: { fontSize: 10.5, bold: true, margin: [0, 8, 0, 3] },
  caption: { bold: true, margin: [0, 6, 0, 3] },
  paragraph: { margin: [0, 2, 0, 3] },
  small: { fontSize: 8, color: MUTED },
  head: { bold: true, fontSize: 9 },
  cell: { fontSize: 9 },
}

function contents(): Content {
  return {
    toc: {
      title: { text: 'Inhoud', style: 'part' },
      textStyle: { fontSize: 9, lineHeight: 1 },
      numberStyle: { fontSize: 9, lineHeight: 1, color: MUTED },
    },
  }
}

function article({ number, title, blocks }: Paper['articles'][number]): Content[] {
  const name = number === '' ? title : `${number}. ${title}`
  const headline = { text: name, style: 'article', tocItem: true, outline: true, outlineText: name }
  const room = 38 + roomOf(blocks)
  return [
    { ...headline, headlineLevel: room },
    ...blocks.flatMap((block, index) => drawn(block, blocks.slice(index))),
  ]
}

/** Points that the first of these blocks needs to begin on a page: a heading takes what follows along. */
function roomOf([first, ...rest]: readonly Block[]): number {
  switch (first?.kind) {
    case undefined:
      return 0
    case 'part':
    case 'heading':
      return 28 + roomOf(rest)
    case 'note':
      return Math.min(heightOf([first.text], [100]) + 12 + roomOf(rest), TEXT_HEIGHT)
    case 'table': {
      const row = first.rows[0] ?? []
      return Math.min(48 + rowHeight(row, sharesOf(first)), TEXT_HEIGHT)
    }
    default:
      return 36
  }
}

function drawn(block: Block, from: readonly Block[]): Content[] {
  switch (block.kind) {
    case 'part':
    case 'heading':
      return [{ text: block.text, style: block.kind, headlineLevel: roomOf(from) }]
    case 'paragraph':
      return [{ text: linked(block.text), style: 'paragraph' }]
    case 'list':
      return [{ ul: [...block.items], margin: [0, 2, 0, 4] }]
    case 'facts':
      return facts(block.rows)
    case 'note':
      return [note(block.tone, [block.text])]
    case 'table':
      return tables(block, roomOf(from))
    case 'figure':
      return [figure(block)]
  }
}

function figure({ svg, text }: Extract<Block, { kind: 'figure' }>): Content {
  const drawing = { svg, width: TEXT_WIDTH }
  return { stack: [drawing, { text, style: 'small' }], unbreakable: true, margin: [0, 4, 0, 8] }
}

function facts(rows: Facts): Content[] {
  if (!rows.length) return []
  const body = rows.map(([name, value]): TableCell[] => [
    { text: name, color: MUTED },
    { text: linked(value) },
  ])
  const table = { widths: ['28%', '72%'], dontBreakRows: rows.every(isShort), body }
  return [{ table, layout: PLAIN, margin: [0, 2, 0, 4] }]
}

function isShort([name, value]: Facts[number]): boolean {
  return heightOf([name, value], [28, 72]) < TEXT_HEIGHT
}

const PLAIN = {
  hLineWidth: () => 0,
  vLineWidth: () => 0,
  paddingLeft: () => 0,
  paddingRight: () => 6,
  paddingTop: () => 1,
  paddingBottom: () => 1,
}

function note(tone: 'info' | 'warning', texts: readonly string[]): Content {
  const [fill, line] = tone === 'warning' ? [WARN, WARN_LINE] : [SOFT, ACCENT]
  const stack = texts.map(text => ({ text }))
  const fits = heightOf([texts.join(' ')], [100]) < TEXT_HEIGHT / 2
  return {
    table: { widths: ['100%'], dontBreakRows: fits, body: [[{ stack, fillColor: fill }]] },
    layout: {
      hLineWidth: () => 0,
      vLineWidth: column => (column === 0 ? 3 : 0),
      vLineColor: () => line,
      paddingLeft: () => 8,
      paddingRight: () => 8,
      paddingTop: () => 4,
      paddingBottom: () => 4,
    },
    margin: [0, 5, 0, 7],
  }
}

/**
 * A table, with its head on every page. pdfmake loses what does not fit the page of a row that may not
 * be cut, so rows that are too tall for one are in a table of their own, where they may be.
 */
function tables(block: TableBlock, room: number): Content[] {
  const shares = sharesOf(block)
  const runs = runsOf(block.rows, row => rowHeight(row, shares) < TEXT_HEIGHT * 0.85)
  const head = block.columns.map((text): TableCell => ({ text, style: 'head', fillColor: SOFT }))
  return [
    { text: block.caption, style: 'caption', headlineLevel: room },
    ...runs.map(
      ([whole, run]): ContentTable => ({
        table: {
          headerRows: 1,
          keepWithHeaderRows: whole ? 1 : 0,
          dontBreakRows: whole,
          widths: shares.map(share => `${share}%`),
          body: [head, ...run.map(row => row.map(cellOf))],
        },
        layout: GRID,
        margin: [0, 0, 0, 8],
      }),
    ),
  ]
}

const GRID = {
  hLineWidth: () => 0.6,
  vLineWidth: () => 0.6,
  hLineColor: () => LINE,
  vLineColor: () => LINE,
  paddingLeft: () => CELL_PADDING,
  paddingRight: () => CELL_PADDING,
  paddingTop: () => 3,
  paddingBottom: () => 3,
}

/** Rows in their order, in runs that may or may not be cut. */
function runsOf<T>(rows: readonly T[], isWhole: (row: T) => boolean): [boolean, T[]][] {
  const runs: [boolean, T[]][] = []
  for (const row of rows) {
    const whole = isWhole(row)
    const last = runs.at(-1)
    if (last?.[0] === whole) last[1].push(row)
    else runs.push([whole, [row]])
  }
  return runs
}

function cellOf({ text, notes, href }: Cell, column: number): TableCell {
  const name = href === undefined ? linked(text) : [{ text, link: href }]
  return {
    stack: [
      { text: name, bold: column === 0 },
      ...notes.map(line => ({ text: linked(line), style: 'small', margin: [0, 2, 0, 0] as never })),
    ],
    style: 'cell',
  }
}

/** A text that is a web address as a link to it. */
function linked(text: string): Content {
  return /^https:\/\/[^\s]+$/.test(text) ? [{ text, link: text, color: ACCENT }] : text
}

function sharesOf({ columns, widths }: TableBlock): readonly number[] {
  return widths ?? columns.map(() => 100 / columns.length)
}

function rowHeight(row: readonly Cell[], shares: readonly number[]): number {
  return heightOf(
    row.map(({ text, notes }) => [text, ...notes].join('\n')),
    shares,
  )
}

/** About this tall at most, in points: by the width of letters, lines filled for five sixths. */
function heightOf(texts: readonly string[], shares: readonly number[]): number {
  const heights = texts.map((text, column) => {
    const width = ((shares[column] ?? 100) / 100) * TEXT_WIDTH - 2 * CELL_PADDING
    const lines = text.split('\n').map(line => Math.ceil(widthOf(line) / (width * 0.83)))
    return lines.reduce((sum, count) => sum + count + 0.3, 0) * 11.5
  })
  return Math.max(0, ...heights) + 8
}

/** About this wide at most, in points, at the size of a table's text. */
function widthOf(text: string): number {
  const wide = text.match(/[MW@%mw\u2014\u2026]/g)?.length ?? 0
  const capitals = text.match(/[A-LN-VX-Z0-9&]/g)?.length ?? 0
  const narrow = text.match(/[\sfijlrt.,:;'!|()[\]]/g)?.length ?? 0
  const rest = text.length - wide - capitals - narrow
  return (wide * 0.9 + capitals * 0.66 + narrow * 0.36 + rest * 0.56) * 9
}

function footer(text: string, page: number, pages: number): Content {
  return {
    margin: [MARGINS[0], 14, MARGINS[2], 0],
    columns: [
      { text, width: '*' },
      { text: `bladzijde ${page} van ${pages}`, width: 'auto', alignment: 'right' },
    ],
    columnGap: 12,
    fontSize: 7.5,
    color: MUTED,
  }
}
