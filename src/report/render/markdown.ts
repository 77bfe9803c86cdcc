import type { Report, ReportBlock } from '../document.ts'
import { escapeText, listOf, tableOf } from '../markdown.ts'

/** A report as Markdown, for a terminal. */
export function markdownOf({ title, head, intro, sections }: Report): string {
  const lines = [
    `# ${escapeText(title)}`,
    '',
    ...tableOf(FACTS, head),
    ...intro.flatMap(text => [escapeText(text), '']),
    ...sections.flatMap(section => [
      `## ${escapeText(section.title)}`,
      '',
      ...section.blocks.flatMap(blockLines),
    ]),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

const FACTS = ['Wat', 'Antwoord']

function blockLines(block: ReportBlock): string[] {
  switch (block.kind) {
    case 'part':
    case 'heading':
      return [`### ${escapeText(block.text)}`, '']
    case 'paragraph':
    case 'note':
      return [escapeText(block.text), '']
    case 'list':
      return listOf(block.items, '')
    case 'facts':
      return tableOf(FACTS, block.rows)
    case 'table':
      return tableOf(
        block.columns,
        block.rows.map(row => row.map(({ text, notes }) => [text, ...notes].join(' '))),
      )
    default:
      return []
  }
}
