import type { Finding } from '../../protocol/finding.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { assertKnown, count, lines, onlyBroken, type Report } from './report.ts'

/** `protocol lint [id]`: everything that is wrong with the documents. */
export function lintReport(set: ProtocolSet, id: string | undefined): Report {
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
