import { syntheticNumber } from '../support/people.ts'
import type { Dice } from './dice.ts'

/** The word by which what was planted is known again, wherever it turns up. */
export const MARK = 'kanarie'
const MARKED = new RegExp(`${MARK}-([a-z]+)-[a-z0-9-]*?([0-9a-f]{12})`, 'gi')

/** Numbers that are planted where they do not belong: of nobody who is asked about. */
export const PLANTED_FROM = 300_000
const PLANTED = 2_000

/** A text that stands for something confidential; unlike any other, and an id by its form. */
export function plantedText(dice: Dice, kind = 'veld'): string {
  return `${MARK}-${kind}-${dice.bytes(6).toString('hex')}`
}

/** A reference of a tenant, of that party: nobody else may see it. */
export function plantedReference(party: string, index: number): string {
  return `${MARK}-ref-${party}-${index.toString(16).padStart(12, '0')}`
}

/** A national number in one of the ways that people write it; in base64 nobody could know it for one. */
export function plantedNumber(dice: Dice): string {
  const number = syntheticNumber(PLANTED_FROM + dice.below(PLANTED))
  const [year, month, day, order, check] = number.match(/^(..)(..)(..)(...)(..)$/)?.slice(1) ?? []
  return dice.pick([
    number,
    `${year}.${month}.${day}-${order}.${check}`,
    `${year} ${month} ${day} ${order} ${check}`,
    `nr ${number}.`,
  ])
}

/** Every number that may have been planted. */
export function plantedNumbers(): string[] {
  return Array.from({ length: PLANTED }, (_, index) => syntheticNumber(PLANTED_FROM + index))
}

/** The planted texts that a text holds. */
export function findPlanted(text: string): string[] {
  return text.includes(MARK) ? [...text.matchAll(MARKED)].map(match => match[0]) : []
}

/** Whether what was found is of a kind. */
export function isPlanted(word: string, kind: string): boolean {
  return word.startsWith(`${MARK}-${kind}-`)
}
