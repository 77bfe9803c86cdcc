import { blockHtml, escapeHtml, factsHtml, pageOf } from '../../protocol/readable/html.ts'
import type { Report } from '../document.ts'
import { drawn, type LayOut } from './chart.ts'

/** A report as a page of its own: no script, nothing from elsewhere, A4 when printed. */
export function htmlOf(report: Report, layOut: LayOut): string {
  const { title, file, on } = report
  const body = [`<h1>${escapeHtml(title)}</h1>`, bodyOf(report, layOut)]
  return pageOf('nl', title, `${file} ${on}`, `<main>\n${body.join('\n')}\n</main>`)
}

/** What is under the title, for a page that has its own; escaped. */
export function bodyOf({ head, intro, sections }: Report, layOut: LayOut): string {
  return [
    factsHtml(head),
    ...intro.map(text => `<p>${escapeHtml(text)}</p>`),
    ...sections.map(({ title, blocks }) => {
      const content = drawn(blocks, layOut).map(block => blockHtml(block, 'h3'))
      return `<section>\n<h2>${escapeHtml(title)}</h2>\n${content.join('\n')}\n</section>`
    }),
  ].join('\n')
}
