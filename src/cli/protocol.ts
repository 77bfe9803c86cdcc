import { Command } from 'commander'
import { diffReport } from './protocol/diff.ts'
import { lintReport } from './protocol/lint.ts'
import { renderReport } from './protocol/render.ts'
import { type Options, open, print, simple } from './protocol/report.ts'
import { showReport } from './protocol/show.ts'

/**
 * `huisbrug protocol lint|show|render|diff`: reads the folder of HUISBRUG_PROTOCOLS_DIR itself and
 * needs no database. Exit 0: done; 1: `lint` found something, or there is no such document; 2: wrong
 * use.
 */
export function protocolCommand(now: () => Date = () => new Date()): Command {
  const protocol = new Command('protocol').description('protocol documents: read and check them')
  simple(
    protocol,
    'lint [id]',
    'everything that is wrong with the documents; exit 1 if anything',
  ).action((id: string | undefined, options: Options, command: Command) =>
    print(command, options, lintReport(open(), id)),
  )
  simple(protocol, 'show <id>', 'what a document is and where it stands').action(
    (id: string, options: Options, command: Command) =>
      print(command, options, showReport(open(), id, now())),
  )
  simple(protocol, 'render <id>', 'the document as a readable page (HTML), to read and to print')
    .option('--out <file>', 'write it there instead of to standard output')
    .action((id: string, options: Options, command: Command) =>
      print(command, options, renderReport(open(), id, now(), options.out)),
    )
  simple(
    protocol,
    'diff <a> <b>',
    'what changed from a to b, in plain Dutch: an id or a file each',
  ).action((a: string, b: string, options: Options, command: Command) =>
    print(command, options, diffReport(open(), a, b)),
  )
  return protocol
}
