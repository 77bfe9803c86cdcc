import { type Language, language } from '../language.ts'
import { en } from './en.ts'
import { nl, type Texts } from './nl.ts'

const TEXTS: Record<Language, Texts> = { nl, en }

/** All words of the page being drawn, in its language. */
export function texts(): Texts {
  return TEXTS[language()]
}
