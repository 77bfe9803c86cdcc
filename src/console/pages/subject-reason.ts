import type { FourEyes } from '../../config.ts'
import type { CaseKind, SubjectCase } from '../../subject/case.ts'

/** What can be done for a person, as the form says it. */
export type Act = 'tonen' | 'pdf' | 'beperken' | 'opheffen' | 'wissen'

/** What each right asks for first; the rest may still be needed. */
export const ACTS: Readonly<Record<CaseKind, readonly Act[]>> = {
  access: ['tonen', 'pdf', 'beperken', 'opheffen', 'wissen'],
  rectification: ['tonen', 'pdf', 'beperken', 'opheffen', 'wissen'],
  restriction: ['beperken', 'opheffen', 'tonen', 'pdf', 'wissen'],
  objection: ['beperken', 'opheffen', 'tonen', 'pdf', 'wissen'],
  erasure: ['wissen', 'beperken', 'opheffen', 'tonen', 'pdf'],
}

/** The operation for which a second person may be needed. */
export const OPERATIONS: Readonly<Record<Act, FourEyes>> = {
  tonen: 'subject-usage',
  pdf: 'subject-usage',
  beperken: 'subject-restrict',
  opheffen: 'subject-restrict',
  wissen: 'subject-erase',
}

const ARTICLE: Readonly<Record<CaseKind, string>> = {
  access: 'art. 15',
  rectification: 'art. 16',
  erasure: 'art. 17',
  restriction: 'art. 18',
  objection: 'art. 21',
}

/**
 * The reason of what is done for a request: its case number, the article of the GDPR and what was asked;
 * the same each time, for an approval is good for one reason only. Pure.
 */
export function reasonFor({ caseRef, kind, reason }: SubjectCase, act: Act): string {
  const what = act === 'opheffen' ? `${ARTICLE[kind]}, opheffen` : ARTICLE[kind]
  return `${caseRef} (AVG, ${what}): ${reason}`
}
