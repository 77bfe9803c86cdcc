import { writeFileSync } from 'node:fs'
import type { ProtocolSet } from '../../protocol/load.ts'
import { htmlOf } from '../../protocol/readable/html.ts'
import { readableOf } from '../../protocol/readable/model.ts'
import { type Report, readable } from './report.ts'

/** `protocol render <id>`: the document to read and to print. */
export function renderReport(
  set: ProtocolSet,
  id: string,
  at: Date,
  out: string | undefined,
): Report {
  const model = readableOf(set, readable(set, id), at)
  const html = htmlOf(model)
  if (out === undefined) return { json: model, text: html }
  writeFileSync(out, html)
  const { version, digest } = model
  return { json: { id, version, digest, file: out }, text: `Wrote ${id} ${version} to ${out}\n` }
}
