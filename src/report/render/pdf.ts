import { pdfOfPaper } from '../../protocol/readable/pdf.ts'
import type { Report } from '../document.ts'
import { drawn, type LayOut } from './chart.ts'

/** A report as PDF on A4, drawn in a thread so that nothing else waits. */
export function pdfOf(report: Report, layOut: LayOut): Promise<Buffer> {
  const { title, authors, file, on, head, intro, sections } = report
  return pdfOfPaper({
    language: 'nl',
    title,
    authors,
    subject: title,
    keywords: file,
    on,
    head,
    notes: intro.map(text => ({ tone: 'info' as const, lines: [text] })),
    articles: sections.map((section, index) => ({
      number: String(index + 1),
      title: section.title,
      blocks: drawn(section.blocks, layOut),
    })),
    hasContents: sections.length > 4,
    foot: `${title} (${on})`,
  })
}
