import { ERRORS } from '../../errors.ts'
import { isAgreement } from '../../protocol/document.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { frameworkOf } from '../../protocol/lookup.ts'
import { readableStatus } from '../../protocol/readable/status.ts'
import { lines, type Report, readable } from './report.ts'

/** `protocol show <id>`: what a document is and where it stands. */
export function showReport(set: ProtocolSet, id: string, at: Date): Report {
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
