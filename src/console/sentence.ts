import { explainEntry } from '../audit/explain.ts'
import type { AuditEntry } from '../audit/types.ts'
import { texts } from './texts/index.ts'
import { codes } from './texts/nl-codes.ts'
import { wordFor, words } from './texts/words.ts'

/** An entry of the audit log as one Dutch sentence, parties by their names. */
export function sentenceOf(entry: AuditEntry, names: ReadonlyMap<string, string>): string {
  return explainEntry(entry, id => names.get(id) ?? id)
}

/** What a code of the error table means, in Dutch; the code itself where it is not known. */
export function explainCode(code: string): string {
  return textOf(code)?.[0] ?? code
}

/** What the sender of the refused message can do, in Dutch; empty where the code is not known. */
export function explainRemedy(code: string): string {
  return textOf(code)?.[1] ?? ''
}

/** Why something is as it is: a code of the error table, an HTTP status, or a short code of ours. */
export function explainReason(reason: string): string {
  if (reason.startsWith('HB-')) return `${reason}: ${explainCode(reason)}`
  const status = /^http-(\d{3})$/.exec(reason)?.[1]
  return status ? texts().messages.journey.peerSaid(status) : wordFor(words.reasons, reason)
}

function textOf(code: string): readonly [string, string] | undefined {
  return Object.hasOwn(codes, code) ? codes[code as keyof typeof codes] : undefined
}
