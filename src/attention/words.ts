import type { Severity } from '../config-attention.ts'
import type { Language } from '../language.ts'
import type { AttentionKind } from './kinds.ts'
import { english } from './words-en.ts'
import { dutch } from './words-nl.ts'

/** All that a language needs to tell what needs attention. */
export interface AttentionWords {
  subject: (alarms: number, warnings: number) => string
  lead: string
  severities: Record<Severity, string>
  since: (moment: string) => string
  ended: string
  look: string
  all: string
  why: string
  test: string
  testSubject: string
  kinds: Record<AttentionKind, (count: number, about: string) => string>
}

export const WORDS: Readonly<Record<Language, AttentionWords>> = { nl: dutch, en: english }
