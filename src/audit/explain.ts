import type { Language } from '../language.ts'
import { english } from './explain-en.ts'
import { dutch } from './explain-nl.ts'
import { type NameOf, type Tongue, wordsOf } from './explain-words.ts'
import type { AuditEntry } from './types.ts'

const TONGUES: Record<Language, Tongue> = { nl: dutch, en: english }

/**
 * What an entry says, as one plain sentence (in Dutch at level B1) for people who read the log. It
 * holds nothing that is not in the entry.
 * @param nameOf name of a party by its id; the id itself where there is none
 */
export function explainEntry(
  entry: AuditEntry,
  nameOf: NameOf = id => id,
  language: Language = 'nl',
): string {
  const tongue = TONGUES[language]
  const sentence = tongue.sentences[entry.action]?.(wordsOf(entry, nameOf, tongue))
  if (!sentence) return tongue.unknown(entry.action)
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

/** Whether a number of that name is told in words, in each language. */
export function hasWord(count: string): boolean {
  return Object.values(TONGUES).every(({ counts }) => Object.hasOwn(counts, count))
}
