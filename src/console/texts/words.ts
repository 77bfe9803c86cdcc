import { type Language, language } from '../language.ts'
import { enWords } from './en-words.ts'
import { nlWords } from './nl-words.ts'

export type Words = typeof nlWords

const TABLES: Record<Language, Words> = { nl: nlWords, en: enWords }
const names = Object.keys(nlWords) as (keyof Words)[]

/**
 * Words for the stable terms of the gateway: each table is that of the language of the page being
 * drawn. A term without a word is shown as it is.
 */
export const words: Words = Object.defineProperties(
  {} as Words,
  Object.fromEntries(
    names.map(name => [name, { enumerable: true, get: () => TABLES[language()][name] }]),
  ),
)

/** Looks a term up in one of the tables; falls back on the term itself. */
export function wordFor(table: Readonly<Record<string, string>>, term: string): string {
  return Object.hasOwn(table, term) ? (table[term] ?? term) : term
}
