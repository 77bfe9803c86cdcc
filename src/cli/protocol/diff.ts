import type { LoadedProtocol } from '../../protocol/document.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { diffDocuments } from '../../protocol/readable/diff.ts'
import { diffLines } from '../../protocol/readable/diff-text.ts'
import { find, lines, type Report } from './report.ts'

/** `protocol diff <a> <b>`: what changed, in plain Dutch. */
export function diffReport(set: ProtocolSet, a: string, b: string): Report {
  const [before, after] = [find(set, a), find(set, b)]
  const sections = diffDocuments(before.document, after.document)
  const json = { before: referenceOf(before), after: referenceOf(after), sections }
  return { json, text: lines(diffLines(sections)) }
}

function referenceOf({ id, version, digest }: LoadedProtocol): object {
  return { id, version, digest }
}
