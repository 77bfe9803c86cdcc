import { readFileSync, statSync } from 'node:fs'
import { SYNTHETIC } from '../../exchange/explain-numbers.ts'
import { containsNationalNumber, parseNationalNumber } from '../../pseudonym/national-number.ts'
import { safePointer } from '../../schema-errors.ts'

const MOST_BYTES = 1024 * 1024

/** Wrong use of the command: it exits with 2. The message says nothing of what a file holds. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse'
}

/** A message without national numbers, and where there were any. */
export interface Cleaned {
  message: Record<string, unknown>
  /** How many were replaced. */
  replaced: number
  /** Places of numbers that no message may hold there. */
  misplaced: string[]
  /** Places for a number that hold something else. */
  invalid: string[]
}

/**
 * Reads a message: JSON, at most 1 MiB, `-` for standard input.
 * @throws WrongUse
 */
export function readMessage(place: string): Record<string, unknown> {
  const text = readText(place)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The error of the parser would repeat what is in the file.
    throw new WrongUse('the message is not JSON')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw new WrongUse('the message is not a JSON object')
}

function readText(place: string): string {
  const source = place === '-' ? 0 : place
  try {
    if (typeof source === 'string' && statSync(source).size > MOST_BYTES) throw tooLarge()
    const bytes = readFileSync(source)
    if (bytes.length > MOST_BYTES) throw tooLarge()
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof WrongUse) throw error
    throw new WrongUse('the message cannot be read: give a file with UTF-8 JSON, or -')
  }
}

function tooLarge(): WrongUse {
  return new WrongUse('the message is over 1 MiB, which the gateway does not take (HB-203)')
}

/**
 * Puts "synthetic" in the place of every national number, in whatever form, names of members
 * included, and of everything that stands where one belongs.
 * @param fields names of the members that hold national numbers
 * @param today YYYY-MM-DD
 */
export function withoutNumbers(
  message: Record<string, unknown>,
  fields: ReadonlySet<string>,
  today: string,
): Cleaned {
  const found = { replaced: 0, misplaced: [] as string[], invalid: [] as string[] }
  const replace = (text: string, pointer: string): string => {
    const clean = text.replace(CONNECTED_DIGITS, run =>
      containsNationalNumber(run, today) ? SYNTHETIC : run,
    )
    if (clean === text) return text
    found.replaced += 1
    found.misplaced.push(pointer)
    return clean
  }
  const number = (value: unknown, pointer: string): string => {
    if (value === SYNTHETIC) return SYNTHETIC
    found.replaced += 1
    // As the gateway reads it: eleven digits, or the display form.
    const valid = typeof value === 'string' && parseNationalNumber(value, today) !== undefined
    if (!valid) found.invalid.push(pointer)
    return SYNTHETIC
  }
  const clean = (value: unknown, pointer: string): unknown => {
    if (typeof value === 'string') return replace(value, pointer)
    if (typeof value === 'number') return cleanDigits(value, pointer, replace)
    if (Array.isArray(value)) return value.map((part, index) => clean(part, `${pointer}/${index}`))
    if (typeof value !== 'object' || value === null) return value
    const members = Object.entries(value).map(([name, part]) => {
      const place = safePointer(`${pointer}/${name}`)
      const own = fields.has(name) ? number(part, place) : clean(part, place)
      return [replace(name, pointer), own] as const
    })
    return Object.fromEntries(members)
  }
  try {
    return { message: clean(message, '') as Record<string, unknown>, ...found }
  } catch (error) {
    if (error instanceof RangeError) throw new WrongUse('the message is nested too deep')
    throw error
  }
}

/** Digits with one or two characters of punctuation or space between, as a number may be written. */
const CONNECTED_DIGITS = /\d+(?:[^\p{L}\p{N}]{1,2}\d+)*/gu

/** A number that was written without quotes has lost the zeros in front. */
function cleanDigits(
  value: number,
  pointer: string,
  replace: (text: string, pointer: string) => string,
): number | string {
  const digits = String(value).padStart(11, '0')
  const clean = replace(digits, pointer)
  return clean === digits ? value : clean
}
