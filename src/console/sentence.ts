import { explainEntry } from '../audit/explain.ts'
import type { AuditEntry } from '../audit/types.ts'
import { ERRORS, type ErrorCode, explain } from '../errors.ts'
import { language } from './language.ts'
import { texts } from './texts/index.ts'
import { codes } from './texts/nl-codes.ts'
import { wordFor, words } from './texts/words.ts'

/** An entry of the audit log as one sentence in the language of the page, parties by their names. */
export function sentenceOf(entry: AuditEntry, names: ReadonlyMap<string, string>): string {
  return explainEntry(entry, id => names.get(id) ?? id, language())
}

/** What a code of the error table means; the code itself where it is not known. */
export function explainCode(code: string): string {
  return textOf(code)?.[0] ?? code
}

/** What the sender of the refused message can do; empty where the code is not known. */
export function explainRemedy(code: string): string {
  return textOf(code)?.[1] ?? ''
}

/** Why something is as it is: a code of the error table, an HTTP status, or a short code of ours. */
export function explainReason(reason: string): string {
  if (reason.startsWith('HB-')) return `${reason}: ${explainCode(reason)}`
  const status = /^http-(\d{3})$/.exec(reason)?.[1]
  return status ? texts().messages.journey.peerSaid(status) : wordFor(words.reasons, reason)
}

// In English the table of errors itself has the words.
function textOf(code: string): readonly [string, string] | undefined {
  if (!Object.hasOwn(ERRORS, code)) return undefined
  const known = code as ErrorCode
  if (language() === 'nl') return codes[known]
  const { title, remedy } = explain(known)
  return [`${title}.`, remedy]
}
