import { join } from 'node:path'
import { styleText } from 'node:util'
import type { Command } from 'commander'
import type { Finding, Severity } from '../../protocol/finding.ts'
import { type ProtocolSet, parseFolder } from '../../protocol/load.ts'
import { protocolsDir } from './documents.ts'
import {
  count,
  lines,
  type Options,
  onlyBroken,
  open,
  print,
  type Report,
  readFile,
  simple,
} from './report.ts'

/** From the heaviest to the lightest, as they are listed. */
const SEVERITIES: readonly Severity[] = ['refused', 'incomplete', 'warning']
const STYLES = { refused: 'red', incomplete: 'yellow', warning: 'cyan' } as const

interface LintOptions extends Options {
  strict?: boolean
}

/** Adds `protocol lint [place]`. */
export function addLint(protocol: Command): void {
  simple(
    protocol,
    'lint [place]',
    'everything that is wrong with the documents, or with one: an id or a file; exit 1 if refused or incomplete',
  )
    .option('--strict', 'exit 1 for warnings as well')
    .action((place: string | undefined, options: LintOptions, command: Command) => {
      const colours = command.configureOutput().getOutHasColors?.() ?? false
      const dir = protocolsDir()
      print(command, options, lintReport(open(), place, { ...options, colours, dir }))
    })
}

interface LintSettings {
  strict?: boolean
  colours?: boolean
  /** Folder of the documents: to tell where a file is not JSON. */
  dir?: string
}

/**
 * What `protocol lint [place]` says: of every document, or of one by its id or in a file. Bad where
 * anything is refused or incomplete; with `strict` where anything is found.
 * @throws Error where the place is neither an id nor a file that can be read
 */
export function lintReport(
  set: ProtocolSet,
  place: string | undefined,
  { strict = false, colours = false, dir = '' }: LintSettings = {},
): Report {
  const { documents, findings: found } = examine(set, place)
  const findings = found.map(one => withHelp(one, place, dir))
  const sorted = findings.toSorted((one, other) => weight(one) - weight(other))
  const groups = Map.groupBy(sorted, nameOf)
  const text = [...groups].map(([name, list]) => groupText(name, list, colours))
  const totals = lines([`${count(documents, 'document')}, ${totalsOf(findings)}`])
  return {
    json: { documents, findings: sorted },
    text: [...text, totals].join('\n'),
    bad: findings.some(({ severity }) => strict || severity !== 'warning'),
  }
}

function examine(
  set: ProtocolSet,
  place: string | undefined,
): { documents: number; findings: readonly Finding[] } {
  if (place === undefined) {
    return { documents: set.protocols.size + onlyBroken(set).length, findings: set.findings }
  }
  if (set.protocols.has(place) || set.broken.has(place)) {
    return { documents: 1, findings: set.findings.filter(one => one.protocol === place) }
  }
  const result = parseFolder({ folder: '', protocol: readFile(place), signatures: undefined })
  const found = result && 'loaded' in result ? result.loaded.findings : (result?.findings ?? [])
  return { documents: 1, findings: found.map(one => ({ ...one, protocol: one.protocol || place })) }
}

const TAKE_AWAY = 'take it away; signing and publishing make a new one'

/** What a finding about a file leaves out: where it is no JSON, and what to do. */
function withHelp(finding: Finding, place: string | undefined, dir: string): Finding {
  const { code, folder, path, text, protocol } = finding
  if (code === 'signatures-elsewhere') return { ...finding, text: `${text}: ${TAKE_AWAY}` }
  if (code !== 'not-json') return finding
  const where = placeInJson(protocol === place && !folder ? place : join(dir, folder, path))
  return { ...finding, text: `${text}${where}` }
}

/** What the parser says of a file, with the place as far as it knows: a document is public. */
function placeInJson(file: string): string {
  try {
    JSON.parse(readFile(file))
    return ''
  } catch (error) {
    return `: ${(error as Error).message.replace(/\s+/g, ' ')}`
  }
}

function weight({ severity }: Finding): number {
  return SEVERITIES.indexOf(severity)
}

function nameOf({ protocol, folder }: Finding): string {
  return folder === '' || folder === protocol ? protocol : `${protocol} (folder ${folder})`
}

/** `1 refused, 2 warnings`, or that there is nothing. */
function totalsOf(findings: readonly Finding[]): string {
  const counts = Map.groupBy(findings, ({ severity }) => severity)
  const said = SEVERITIES.flatMap(severity => {
    const amount = counts.get(severity)?.length ?? 0
    if (amount === 0) return []
    return [severity === 'warning' ? count(amount, severity) : `${amount} ${severity}`]
  })
  return said.join(', ') || 'no findings'
}

/** Of the document nothing but plain text reaches the terminal: colours are added after that. */
function groupText(name: string, findings: readonly Finding[], colours: boolean): string {
  const plain = (text: string) => lines([text]).trimEnd()
  const styled = (style: Parameters<typeof styleText>[0], text: string) =>
    colours ? styleText(style, text, { validateStream: false }) : text
  const listed = findings.flatMap(({ severity, code, path, text, source }) => [
    `  ${styled(STYLES[severity], severity)} ${styled('bold', code)} at ${plain(path)}`,
    `      ${plain(text)}`,
    `      source: ${plain(source)}`,
  ])
  const head = `${plain(name)}: ${totalsOf(findings)}`
  return `${[styled('bold', head), ...listed].join('\n')}\n`
}
