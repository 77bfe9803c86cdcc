import { Command, Option } from 'commander'
import type { Open } from './party.ts'
import { openChecked } from './protocol/checked.ts'
import { diffReport } from './protocol/diff.ts'
import { protocolsDir } from './protocol/documents.ts'
import { lintReport } from './protocol/lint.ts'
import { listCommand } from './protocol/list.ts'
import { type PublishOptions, publishReport } from './protocol/publish.ts'
import { renderCommand } from './protocol/render.ts'
import { type Options, open, print, simple } from './protocol/report.ts'
import { showReport } from './protocol/show.ts'
import { type SignOptions, signReport } from './protocol/sign.ts'

/**
 * `huisbrug protocol lint|show|render|diff|sign|publish`: reads and writes the folder of
 * HUISBRUG_PROTOCOLS_DIR itself and needs no database; `show` checks signatures where there is one.
 * Exit 0: done; 1: `lint` found something, a statement is refused, or there is no such document; 2:
 * wrong use.
 */
export function protocolCommand(openStore: Open, now: () => Date = () => new Date()): Command {
  const protocol = new Command('protocol').description('protocol documents: read and check them')
  simple(
    protocol,
    'lint [id]',
    'everything that is wrong with the documents; exit 1 if anything',
  ).action((id: string | undefined, options: Options, command: Command) =>
    print(command, options, lintReport(open(), id)),
  )
  simple(protocol, 'show <id>', 'what a document is and where it stands').action(
    async (id: string, options: Options, command: Command) =>
      print(command, options, showReport(await openChecked(openStore, now()), id, now())),
  )
  renderCommand(protocol, now)
  listCommand(protocol, now)
  simple(
    protocol,
    'diff <a> <b>',
    'what changed from a to b, in plain Dutch: an id or a file each',
  ).action((a: string, b: string, options: Options, command: Command) =>
    print(command, options, diffReport(open(), a, b)),
  )
  addSign(protocol, now)
  addPublish(protocol, now)
  return protocol
}

function addSign(protocol: Command, now: () => Date): void {
  const statements = ['accept', 'reject', 'revoke']
  simple(protocol, 'sign <ids...>', 'sign a statement of a party over documents as they are now')
    .requiredOption('--party <id>', 'who signs')
    .requiredOption('--key <file>', 'its private key: PEM (PKCS8) or JWK')
    .addOption(
      new Option('--statement <kind>', 'what it states').choices(statements).default('accept'),
    )
    .option(
      '--kid <kid>',
      'the kid of the registered key (default: that of the JWK, or thumbprint)',
    )
    .option('--signer <name>', 'who signs for it (default: its representative)')
    .option('--function <function>', 'function of the signer (default: of its representative)')
    .option('--date <date>', 'date of signing (default: today)')
    .option('--version <version>', 'which version, where there are several')
    .action(async (ids: string[], options: Options & SignOptions, command: Command) =>
      print(command, options, await signReport(open(), protocolsDir(), ids, options, now())),
    )
}

function addPublish(protocol: Command, now: () => Date): void {
  simple(protocol, 'publish <id>', 'record where a party published a document')
    .requiredOption('--party <id>', 'who published it')
    .requiredOption('--url <url>', 'where')
    .option('--date <date>', 'since when (default: today)')
    .option('--version <version>', 'which version, where there are several')
    .action(async (id: string, options: Options & PublishOptions, command: Command) =>
      print(command, options, await publishReport(open(), protocolsDir(), id, options, now())),
    )
}
