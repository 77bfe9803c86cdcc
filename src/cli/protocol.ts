import { readFileSync, writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { readProcessConfig } from '../config.ts'
import { ERRORS } from '../errors.ts'
import { isAgreement, type LoadedProtocol, type Protocol } from '../protocol/document.ts'
import type { Finding } from '../protocol/finding.ts'
import { loadProtocols, type ProtocolSet, parseFolder } from '../protocol/load.ts'
import { frameworkOf } from '../protocol/lookup.ts'
import { diffDocuments } from '../protocol/readable/diff.ts'
import { diffLines } from '../protocol/readable/diff-text.ts'
import { htmlOf } from '../protocol/readable/html.ts'
import { readableOf } from '../protocol/readable/model.ts'
import { readableStatus } from '../protocol/readable/status.ts'

interface Options {
  json?: boolean
  out?: string
}

interface Report {
  json: object
  text: string
  /** Exit 1: what was asked for was done, and the answer is bad. */
  bad?: boolean
}

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

function simple(protocol: Command, name: string, description: string): Command {
  return protocol.command(name).description(description).option('--json', 'print JSON')
}

function print(command: Command, { json }: Options, report: Report): void {
  const out = command.configureOutput()
  out.writeOut?.(json ? `${JSON.stringify(report.json)}\n` : report.text)
  if (report.bad) process.exitCode = 1
}

function open(): ProtocolSet {
  const dir = readProcessConfig().protocolsDir
  try {
    return loadProtocols(dir)
  } catch {
    throw new Error(`the protocols folder ${dir} cannot be read (HUISBRUG_PROTOCOLS_DIR)`)
  }
}

function lintReport(set: ProtocolSet, id: string | undefined): Report {
  if (id !== undefined) assertKnown(set, id)
  const findings = set.findings.filter(one => id === undefined || one.protocol === id)
  const documents = id === undefined ? set.protocols.size + onlyBroken(set).length : 1
  const counted = `${count(documents, 'document')}, ${count(findings.length, 'finding')}`
  return {
    json: { documents, findings },
    text: lines([...findings.flatMap(findingLines), counted]),
    bad: findings.length > 0,
  }
}

function findingLines({ protocol, folder, code, path, text, source }: Finding): string[] {
  const where = protocol === folder ? protocol : `${protocol} (folder ${folder})`
  return [`${where}: ${code} at ${path}`, `    ${text}`, `    source: ${source}`]
}

function onlyBroken(set: ProtocolSet): string[] {
  return [...set.broken.keys()].filter(id => !set.protocols.has(id))
}

function assertKnown(set: ProtocolSet, id: string): void {
  if (set.protocols.has(id) || set.broken.has(id)) return
  const known = [...set.protocols.keys(), ...onlyBroken(set)].toSorted().join(', ')
  throw new Error(`there is no protocol ${id}; there are: ${known || 'none'}`)
}

function showReport(set: ProtocolSet, id: string, at: Date): Report {
  const protocol = readable(set, id)
  const { document, digest, findings } = protocol
  const { state, inForce, obstacle, why } = readableStatus(protocol, at, frameworkOf(set, protocol))
  const parties = document.parties.map(({ id: party, role, name }) => ({ id: party, role, name }))
  const messageTypes = isAgreement(protocol)
    ? protocol.document.messageTypes.map(({ type, from, to, enabled }) => ({
        type,
        from,
        to,
        enabled,
      }))
    : []
  const about = {
    protocolId: id,
    version: protocol.version,
    kind: document.kind,
    ...(document.kind === 'accession' && { framework: document.framework }),
    title: document.context.title,
    contentHash: digest,
    state,
    inForce,
    ...(obstacle && { obstacle: { ...obstacle, title: ERRORS[obstacle.code][1], why } }),
    parties,
    messageTypes,
    findings: findings.length,
  }
  return { json: about, text: lines(showLines(about)) }
}

interface About {
  protocolId: string
  version: string
  kind: string
  framework?: string
  title: string
  contentHash: string
  state: string
  inForce: boolean
  obstacle?: { code: string; path: string; title: string; why: string }
  parties: { id: string; role: string; name: string }[]
  messageTypes: { type: string; from: string; to: string; enabled: boolean }[]
  findings: number
}

function showLines(about: About): string[] {
  const { obstacle } = about
  const facts: (readonly [string, string])[] = [
    ['kind', about.kind],
    ...(about.framework === undefined ? [] : [['framework', about.framework] as const]),
    ['digest', about.contentHash],
    ['state', `${about.state}, ${about.inForce ? 'in force' : 'NOT in force'}`],
    ...(obstacle
      ? [
          ['obstacle', `${obstacle.code} ${obstacle.title}, at ${obstacle.path}`] as const,
          ['', obstacle.why] as const,
        ]
      : []),
    ...(about.findings ? [['findings', `${about.findings}; see protocol lint`] as const] : []),
    ...about.parties.map(({ id, role, name }) => ['party', `${id} (${role}): ${name}`] as const),
    ...about.messageTypes.map(
      ({ type, from, to, enabled }) =>
        ['message', `${type}: ${from} to ${to}${enabled ? '' : ' (off)'}`] as const,
    ),
  ]
  const shown = facts.map(([name, value]) => `  ${name.padEnd(9)} ${value}`)
  return [`${about.protocolId} ${about.version}: ${about.title}`, ...shown]
}

function renderReport(set: ProtocolSet, id: string, at: Date, out: string | undefined): Report {
  const model = readableOf(set, readable(set, id), at)
  const html = htmlOf(model)
  if (out === undefined) return { json: model, text: html }
  writeFileSync(out, html)
  const { version, digest } = model
  return { json: { id, version, digest, file: out }, text: `Wrote ${id} ${version} to ${out}\n` }
}

function diffReport(set: ProtocolSet, a: string, b: string): Report {
  const [before, after] = [find(set, a), find(set, b)]
  const sections = diffDocuments(before.document, after.document)
  const json = { before: referenceOf(before), after: referenceOf(after), sections }
  return { json, text: lines(diffLines(sections)) }
}

function referenceOf({ id, version, digest }: LoadedProtocol): object {
  return { id, version, digest }
}

function readable(set: ProtocolSet, id: string): LoadedProtocol {
  assertKnown(set, id)
  const protocol = set.protocols.get(id)
  if (protocol) return protocol
  throw new Error(`${id} cannot be read as a protocol document; see huisbrug protocol lint ${id}`)
}

/** A document by its id in the folder, or else from a file. */
function find(set: ProtocolSet, place: string): LoadedProtocol<Protocol> {
  if (set.protocols.has(place) || set.broken.has(place)) return readable(set, place)
  const result = parseFolder({ folder: place, protocol: readFile(place), signatures: undefined })
  if (result && 'loaded' in result) return result.loaded
  const first = result?.findings[0]
  throw new Error(`${place} is no protocol document: ${first?.path}: ${first?.text}`)
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new Error(`${path} is neither the id of a protocol nor a file that can be read`)
  }
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`
}

/** Lines for a terminal; control characters of a document do not reach it. */
function lines(all: readonly string[]): string {
  return `${all.join('\n').replace(/(?!\n)\p{Cc}/gu, '\u{fffd}')}\n`
}
