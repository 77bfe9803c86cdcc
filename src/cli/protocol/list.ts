import type { Command } from 'commander'
import type { ProtocolSet } from '../../protocol/load.ts'
import {
  PUBLICATION_COLUMNS,
  publicationLines,
  publicationListHtml,
} from '../../protocol/readable/publication-list.ts'
import type { Open } from '../party.ts'
import { openChecked, UNCHECKED } from './checked.ts'
import { count, lines, type Options, print, type Report, simple, writeOut } from './report.ts'

/** `protocol list`: the publication list, Organisatie · Doel · Van wie · Wat · Protocol. */
export function listCommand(protocol: Command, openStore: Open, now: () => Date): void {
  simple(protocol, 'list', 'the publication list: who exchanges what, for what, about whom')
    .option('--out <file>', 'write it there as a page (HTML)')
    .action(async (options: Options, command: Command) => {
      const { set, checked } = await openChecked(openStore, now())
      print(command, options, listReport(set, now(), options.out))
      if (!checked) command.configureOutput().writeErr?.(UNCHECKED)
    })
}

/** Where the whole texts are, for a list that is published by itself: beside it. */
const BESIDE = './'

function listReport(set: ProtocolSet, at: Date, out: string | undefined): Report {
  const all = publicationLines(set, at)
  if (out !== undefined) {
    writeOut(
      out,
      publicationListHtml(set, at, id => `${BESIDE}${id}.html`),
    )
    const text = `Wrote ${count(all.length, 'protocol')} to ${out}\n`
    return { json: { protocols: all.length, file: out }, text }
  }
  const items = all.map(({ id, cells }) => ({
    id,
    ...Object.fromEntries(
      cells.map(({ text, notes }, column) => [
        PUBLICATION_COLUMNS[column]?.toLowerCase(),
        [text, ...notes].join('. '),
      ]),
    ),
  }))
  const text = all.flatMap(({ id, cells }) => [
    id,
    ...cells.flatMap(({ text: value, notes }, column) => [
      `  ${`${PUBLICATION_COLUMNS[column]}:`.padEnd(13)}${value}`,
      ...notes.map(one => `${' '.repeat(15)}${one}`),
    ]),
  ])
  return { json: { items }, text: lines(text) }
}
