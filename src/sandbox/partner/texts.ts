import { SANDBOX_EN } from './texts-en.ts'
import { SANDBOX_NL } from './texts-nl.ts'

export type Language = 'nl' | 'en'
export type Texts = typeof SANDBOX_NL

/** The language that a page is asked in; Dutch unless English is asked for. */
export function languageOf(given: string | null): Language {
  return given === 'en' ? 'en' : 'nl'
}

export function textsOf(language: Language): Texts {
  return language === 'en' ? SANDBOX_EN : SANDBOX_NL
}
