import type { Command } from 'commander'
import type { ProtocolSet } from '../../protocol/load.ts'
import { chooseDocument, dateGiven, partyOf, protocolsDir } from './documents.ts'
import { amendRecord } from './record-file.ts'
import { lines, type Options, open, print, type Report, simple } from './report.ts'

/** What `protocol publish` is given. */
export interface PublishOptions {
  party: string
  url: string
  date?: string
  version?: string
}

/** `protocol publish <id>`. */
export function publishCommand(protocol: Command, now: () => Date): void {
  simple(protocol, 'publish <id>', 'record where a party published a document')
    .requiredOption('--party <id>', 'who published it')
    .requiredOption('--url <url>', 'where')
    .option('--date <date>', 'since when (default: today)')
    .option('--version <version>', 'which version, where there are several')
    .action(async (id: string, options: Options & PublishOptions, command: Command) =>
      print(command, options, await publishReport(open(), protocolsDir(), id, options, now())),
    )
}

/**
 * `protocol publish <id>`: records where a party published this very text, in signatures.json.
 * @throws Error that says why not
 */
export async function publishReport(
  set: ProtocolSet,
  dir: string,
  id: string,
  options: PublishOptions,
  now: Date,
): Promise<Report> {
  const protocol = chooseDocument(set, id, options.version)
  const { party, url } = options
  partyOf(protocol, party)
  if (!/^https?:\/\/[^\s/]/.test(url) || !URL.canParse(url)) {
    throw new Error('give the address of the page, such as https://www.example.org/protocol')
  }
  const date = dateGiven(options.date, now)
  const { digest, version } = protocol
  let written = true
  const file = await amendRecord(dir, protocol, record => {
    const there = record.publication.some(
      one => one.party === party && one.digest === digest && one.url === url && one.date <= date,
    )
    written = !there
    if (there) return undefined
    return { ...record, publication: [...record.publication, { party, url, date, digest }] }
  })
  const text = written
    ? [`${party} publishes ${id} ${version} since ${date}`, `  digest ${digest}`, `  in ${file}`]
    : [`${party} publishes ${id} ${version} there already: nothing changed`]
  return {
    json: { protocol: id, version, party, url, date, digest, written, file },
    text: lines(text),
  }
}
