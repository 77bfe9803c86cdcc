import type { Block, Cell } from './block.ts'
import type { Article, ReadableDocument } from './model.ts'
import { statusLines } from './notes.ts'
import type { ReadableStatus } from './status.ts'
import { styleOf } from './style.ts'

/** Escapes a text for HTML, as content and in quoted attributes. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, character => names[character] ?? '')
}

/**
 * A page of its own: no script, nothing from elsewhere, A4 when printed.
 * @param margin for the foot of each printed page; letters, digits, dots and dashes only
 * @param body HTML, escaped already
 */
export function pageOf(
  language: string,
  title: string,
  margin: string,
  body: string,
  size: 'A4' | 'A4 landscape' = 'A4',
): string {
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${styleOf(margin, size)}</style>
</head>
<body>
${body}
</body>
</html>
`
}

/** Addresses that a page may lead to, where it is served and not a file. */
export interface PageLinks {
  /** What changed since an earlier version. */
  changes?: string
}

/** A readable protocol as a self-contained page. */
export function htmlOf(document: ReadableDocument, { changes }: PageLinks = {}): string {
  const articles = [...document.articles, ...document.annexes]
  const body = [
    '<header>',
    `<h1>${escapeHtml(document.title)}</h1>`,
    factsHtml(document.head),
    document.sample === undefined ? '' : noteHtml('warning', document.sample),
    statusHtml(document.status),
    changes === undefined ? '' : `<p>${anchorHtml(changes, 'Wat is er veranderd?')}</p>`,
    '</header>',
    contentsHtml(articles),
    '<main>',
    ...articles.map(articleHtml),
    '</main>',
    `<footer>${escapeHtml(`${document.id}, versie ${document.version}. Vingerafdruk: ${document.digest}. De vingerafdruk is SHA-256 over de canonieke tekst (RFC 8785), zonder handtekeningen.`)}</footer>`,
  ]
  const margin = `${document.id} ${document.version}`
  const page = body.filter(Boolean).join('\n')
  return pageOf(document.language, `${document.title} (${margin})`, margin, page)
}

function statusHtml(status: ReadableStatus): string {
  const paragraphs = statusLines(status)
    .map(line => `<p>${escapeHtml(line)}</p>`)
    .join('')
  return `<div class="note${status.inForce ? '' : ' warning'}">${paragraphs}</div>`
}

function contentsHtml(articles: readonly Article[]): string {
  const items = articles.map(
    ({ anchor, number, title }) =>
      `<li><a href="#${escapeHtml(anchor)}">${escapeHtml(`${number}. ${title}`)}</a></li>`,
  )
  return `<nav aria-label="Inhoud"><h2>Inhoud</h2><ol>${items.join('')}</ol></nav>`
}

function articleHtml({ anchor, number, title, blocks }: Article): string {
  const name = `<span class="number">${escapeHtml(number)}.</span>${escapeHtml(title)}`
  const parted = blocks.some(({ kind }) => kind === 'part')
  const content = blocks.map(block => blockHtml(block, parted ? 'h4' : 'h3')).join('\n')
  return `<section id="${escapeHtml(anchor)}">\n<h2>${name}</h2>\n${content}\n</section>`
}

/** One block; its heading is of the given level. */
export function blockHtml(block: Block, level: 'h3' | 'h4'): string {
  switch (block.kind) {
    case 'part':
      return `<h3>${escapeHtml(block.text)}</h3>`
    case 'heading':
      return `<${level}>${escapeHtml(block.text)}</${level}>`
    case 'paragraph':
      return `<p>${escapeHtml(block.text)}</p>`
    case 'list':
      return `<ul>${block.items.map(item => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`
    case 'facts':
      return factsHtml(block.rows)
    case 'note':
      return noteHtml(block.tone, block.text)
    case 'table':
      return tableHtml(block)
    case 'figure':
      return `<figure>${block.svg}<figcaption>${escapeHtml(block.text)}</figcaption></figure>`
  }
}

/** Facts as a list of names and values. */
export function factsHtml(rows: readonly (readonly [string, string])[]): string {
  const items = rows.map(
    ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${linked(value)}</dd></div>`,
  )
  return items.length ? `<dl>${items.join('')}</dl>` : ''
}

function noteHtml(tone: 'info' | 'warning', text: string): string {
  return `<div class="note${tone === 'warning' ? ' warning' : ''}"><p>${escapeHtml(text)}</p></div>`
}

function tableHtml({ caption, columns, rows, widths }: Extract<Block, { kind: 'table' }>): string {
  // Roles are said again: on a narrow screen rows are drawn as cards, and browsers then forget them.
  const head = columns.map(
    column => `<th scope="col" role="columnheader">${escapeHtml(column)}</th>`,
  )
  const body = rows.map(([first, ...rest]) => {
    const name = first ? `<th scope="row" role="rowheader">${cellHtml(first)}</th>` : ''
    const cells = rest.map(
      (cell, index) =>
        `<td role="cell" data-label="${escapeHtml(columns[index + 1] ?? '')}">${cellHtml(cell)}</td>`,
    )
    return `<tr role="row">${name}${cells.join('')}</tr>`
  })
  return `<table role="table"><caption>${escapeHtml(caption)}</caption>${columnsHtml(widths)}<thead role="rowgroup"><tr role="row">${head.join('')}</tr></thead><tbody role="rowgroup">${body.join('\n')}</tbody></table>`
}

function columnsHtml(widths: readonly number[] | undefined): string {
  if (!widths) return ''
  return `<colgroup>${widths.map(share => `<col style="width: ${share}%">`).join('')}</colgroup>`
}

function cellHtml({ text, notes, href }: Cell): string {
  const name = href === undefined ? linked(text) : anchorHtml(href, text)
  return name + notes.map(line => `<span class="more">${linked(line)}</span>`).join('')
}

/** A text that is a web address as a link to it; only https, so that no script hides in one. */
function linked(text: string): string {
  return /^https:\/\/[^\s]+$/.test(text) ? anchorHtml(text, text) : escapeHtml(text)
}

function anchorHtml(href: string, text: string): string {
  return `<a href="${escapeHtml(href)}">${escapeHtml(text)}</a>`
}
