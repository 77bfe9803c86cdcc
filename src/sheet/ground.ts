import type { Tenant } from '../client/types.ts'
import { plainWord } from './headers.ts'
import type { Cell } from './table.ts'

export type Ground = Tenant['tenantGround']

const WORDS: Readonly<Record<Ground, readonly string[]>> = {
  'art-6.1-1-a': [
    'a',
    '1a',
    '611a',
    'art611a',
    'artikel611a',
    'bijdestart',
    'start',
    'startvandehuur',
    'huurderbijdestart',
    'getekend',
    'ondertekend',
    'ondertekenaar',
    'referentiehuurder',
  ],
  'art-6.1-1-b': [
    'b',
    '1b',
    '611b',
    'art611b',
    'artikel611b',
    'vanrechtswege',
    'rechtswege',
    'huurdervanrechtswege',
  ],
}

/** The ground that a word means: the code of the contract, a or b, the article, or its words in Dutch. */
export function groundOf(text: string): Ground | undefined {
  const word = plainWord(text)
  const found = Object.entries(WORDS).find(([, words]) => words.includes(word))
  return found?.[0] as Ground | undefined
}

/** Reads the ground of a row. */
export function readGround({
  text,
}: Cell): { ground: Ground } | { fault: 'ground-missing' | 'ground-unknown' } {
  if (text === '') return { fault: 'ground-missing' }
  const ground = groundOf(text)
  return ground ? { ground } : { fault: 'ground-unknown' }
}
