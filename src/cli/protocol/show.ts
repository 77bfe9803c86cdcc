import { ERRORS } from '../../errors.ts'
import { isAgreement, type LoadedProtocol } from '../../protocol/document.ts'
import { frameworkOf, versionsOf } from '../../protocol/lookup.ts'
import { readableStatus } from '../../protocol/readable/status.ts'
import type { Checked } from './checked.ts'
import { lines, type Report, readable } from './report.ts'
import { shownStatements } from './shown-statements.ts'

/** `protocol show <id>`: what a document is, who advised, signed and published, where it stands. */
export function showReport({ set, checked }: Checked, id: string, at: Date): Report {
  const protocol = readable(set, id)
  const { document, digest, findings, record } = protocol
  const { state, inForce, obstacle, why } = readableStatus(protocol, at, frameworkOf(set, protocol))
  const versions = versionsOf(set, id).map(one => one.version)
  const about = {
    protocolId: id,
    version: protocol.version,
    ...(versions.length > 1 && { versions }),
    kind: document.kind,
    ...(document.kind === 'accession' && { framework: document.framework }),
    title: document.context.title,
    contentHash: digest,
    state,
    inForce,
    ...(obstacle && { obstacle: { ...obstacle, title: ERRORS[obstacle.code][1], why } }),
    signaturesChecked: checked,
    parties: document.parties.map(({ id: party, role, name }) => ({ id: party, role, name })),
    advices: document.dpoAdvice.map(({ party, date, opinion, followed }) => ({
      ...{ party, date, opinion, followed },
    })),
    statements: shownStatements(protocol, checked),
    publications: record.publication.map(one => ({ ...one, thisText: one.digest === digest })),
    messageTypes: messageTypesOf(protocol),
    findings: findings.length,
  }
  return { json: about, text: lines(showLines(about)) }
}

function messageTypesOf(protocol: LoadedProtocol): About['messageTypes'] {
  if (!isAgreement(protocol)) return []
  return protocol.document.messageTypes.map(({ type, from, to, enabled }) => ({
    ...{ type, from, to, enabled },
  }))
}

interface About {
  protocolId: string
  version: string
  versions?: string[]
  kind: string
  framework?: string
  title: string
  contentHash: string
  state: string
  inForce: boolean
  obstacle?: { code: string; path: string; title: string; why: string; remedy?: string }
  signaturesChecked: boolean
  parties: { id: string; role: string; name: string }[]
  advices: { party: string; date: string; opinion: string; followed: boolean }[]
  statements: ReturnType<typeof shownStatements>
  publications: { party: string; url: string; date: string; thisText: boolean }[]
  messageTypes: { type: string; from: string; to: string; enabled: boolean }[]
  findings: number
}

function showLines(about: About): string[] {
  const { obstacle, signaturesChecked: checked } = about
  const state = checked
    ? `${about.state}, ${about.inForce ? 'in force' : 'NOT in force'}`
    : 'not known: the database cannot be reached, so no signature was checked'
  const facts: (readonly [string, string])[] = [
    ['kind', about.kind],
    ...(about.versions ? [['versions', about.versions.join(', ')] as const] : []),
    ...(about.framework === undefined ? [] : [['framework', about.framework] as const]),
    ['digest', about.contentHash],
    ['state', state],
    ...(obstacle && (checked || !obstacle.path.startsWith('signatures['))
      ? [
          ['obstacle', `${obstacle.code} ${obstacle.title}, at ${obstacle.path}`] as const,
          ['', obstacle.why] as const,
          ...(obstacle.remedy ? [['', obstacle.remedy] as const] : []),
        ]
      : []),
    ...(about.findings ? [['findings', `${about.findings}; see protocol lint`] as const] : []),
    ...partyFacts(about),
    ...about.messageTypes.map(
      ({ type, from, to, enabled }) =>
        ['message', `${type}: ${from} to ${to}${enabled ? '' : ' (off)'}`] as const,
    ),
  ]
  const shown = facts.map(([name, value]) => `  ${name.padEnd(9)} ${value}`)
  return [`${about.protocolId} ${about.version}: ${about.title}`, ...shown]
}

function partyFacts(about: About): (readonly [string, string])[] {
  return [
    ...about.parties.map(({ id, role, name }) => ['party', `${id} (${role}): ${name}`] as const),
    ...about.advices.map(
      ({ party, date, opinion, followed }) =>
        ['advice', `${party}, ${date}: ${opinion}${followed ? '' : ', not followed'}`] as const,
    ),
    ...about.statements.map(
      ({ party, date, statement, check }) =>
        ['statement', `${party}, ${date}: ${statement} (${check})`] as const,
    ),
    ...about.publications.map(
      ({ party, date, url, thisText }) =>
        ['published', `${party}, ${date}: ${url}${thisText ? '' : ' (another text)'}`] as const,
    ),
  ]
}
