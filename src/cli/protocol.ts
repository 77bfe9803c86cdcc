import { Command } from 'commander'
import type { Open } from './party.ts'
import { openChecked } from './protocol/checked.ts'
import { diffReport } from './protocol/diff.ts'
import { explainCommand } from './protocol/explain.ts'
import { addLint } from './protocol/lint.ts'
import { listCommand } from './protocol/list.ts'
import { publishCommand } from './protocol/publish.ts'
import { renderCommand } from './protocol/render.ts'
import { type Options, open, print, simple } from './protocol/report.ts'
import { showReport } from './protocol/show.ts'
import { signCommand } from './protocol/sign.ts'
import { addSuspendCommands } from './protocol/suspend.ts'

/**
 * `huisbrug protocol lint|show|render|list|diff|sign|publish|suspend|resume|explain`: reads and writes
 * the folder of HUISBRUG_PROTOCOLS_DIR itself. Only `suspend` and `resume` need a database; `show`,
 * `render`, `list` and `explain` check signatures where there is one.
 * Exit 0: done; 1: `lint` refuses something or misses it, a statement is refused, or there is no such document; 2:
 * wrong use.
 */
export function protocolCommand(openStore: Open, now: () => Date = () => new Date()): Command {
  const protocol = new Command('protocol').description(
    'protocol documents: read, check, sign, publish, suspend',
  )
  addLint(protocol)
  simple(protocol, 'show <id>', 'what a document is and where it stands').action(
    async (id: string, options: Options, command: Command) =>
      print(command, options, showReport(await openChecked(openStore, now()), id, now())),
  )
  renderCommand(protocol, openStore, now)
  listCommand(protocol, openStore, now)
  simple(
    protocol,
    'diff <a> <b>',
    'what changed from a to b, in plain Dutch: an id or a file each',
  ).action((a: string, b: string, options: Options, command: Command) =>
    print(command, options, diffReport(open(), a, b)),
  )
  signCommand(protocol, now)
  publishCommand(protocol, now)
  addSuspendCommands(protocol, openStore)
  explainCommand(protocol, openStore, now)
  return protocol
}
