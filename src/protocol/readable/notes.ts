import type { ReadableDocument } from './model.ts'
import { type ReadableStatus, stateInWords } from './status.ts'

/** Where a document stands, line by line. */
export function statusLines(status: ReadableStatus): string[] {
  return [
    `${status.sentence} ${status.why}`.trim(),
    `Stand: ${stateInWords(status)}.`,
    ...status.faults.map(fault => `Fout in ${fault}.`),
  ]
}

/** What stands at the foot: which text this is. */
export function footLine({ id, version, digest }: ReadableDocument): string {
  return `${id}, versie ${version}. Vingerafdruk: ${digest}`
}
