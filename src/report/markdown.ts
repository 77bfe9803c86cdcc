/** A table in Markdown; nothing where it has no rows. Cells are plain text and are escaped. */
export function tableOf(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  if (rows.length === 0) return []
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`
  return [line(columns), `| ${columns.map(() => '---').join(' | ')} |`, ...rows.map(line), '']
}

/** A list in Markdown, or one sentence where there is nothing to list. */
export function listOf(items: readonly string[], none: string): string[] {
  return [...(items.length > 0 ? items.map(item => `- ${escapeText(item)}`) : [none]), '']
}

/** Text of a document as text of a page: one line, without control characters or mark-up. */
export function escapeText(text: string): string {
  return text
    .replace(/\s+/gu, ' ')
    .replace(/\p{Cc}/gu, '')
    .replace(/[\\`*_<>[\]]/g, '\\$&')
}

function escapeCell(text: string): string {
  return escapeText(text).replaceAll('|', '\\|')
}
