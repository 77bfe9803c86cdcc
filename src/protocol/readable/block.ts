/** A cell of a table: its text, and smaller lines below it. */
export interface Cell {
  text: string
  /** The number that the text tells, for who counts on with it. */
  value?: number
  notes: readonly string[]
  /** Address that the text leads to, made by us. */
  href?: string
}

/** What articles are made of; headings are inside parts, where there are parts. Texts are plain: whoever draws a block escapes them. */
export type Block =
  | { kind: 'part'; text: string }
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; items: readonly string[] }
  | { kind: 'facts'; rows: readonly (readonly [string, string])[] }
  | {
      kind: 'table'
      caption: string
      columns: readonly string[]
      rows: readonly (readonly Cell[])[]
      /** Shares of the width, in percent; equal where absent. */
      widths?: readonly number[]
    }
  | { kind: 'note'; tone: 'info' | 'warning'; text: string }
  /** A drawing made by us, and what it shows, in words. */
  | { kind: 'figure'; svg: string; text: string }

export const heading = (text: string): Block => ({ kind: 'heading', text })
export const paragraph = (text: string): Block => ({ kind: 'paragraph', text })
export const note = (tone: 'info' | 'warning', text: string): Block => ({
  kind: 'note',
  tone,
  text,
})

/** A list, or a sentence where there is nothing to list. */
export function list(items: readonly string[], none?: string): Block[] {
  if (items.length) return [{ kind: 'list', items }]
  return none === undefined ? [] : [paragraph(none)]
}

/** Facts in two columns; those without a value are left out. */
export function facts(rows: readonly (readonly [string, string | undefined])[]): Block {
  return {
    kind: 'facts',
    rows: rows.filter((row): row is readonly [string, string] => row[1] !== undefined),
  }
}

export function cell(text: string, notes: readonly (string | undefined)[] = []): Cell {
  return { text, notes: notes.filter(one => one !== undefined) }
}

/** A table, or a sentence where it would be empty. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  none: string,
  widths?: readonly number[],
): Block {
  if (!rows.length) return paragraph(none)
  return { kind: 'table', caption, columns, rows, ...(widths && { widths }) }
}
