import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { PseudonymError } from '../../src/pseudonym/errors.ts'

export const TODAY = '2026-01-15'

/** Reads a file of test/vectors. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')) as T
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function fromHex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** The code (and index) of the PseudonymError that `work` throws. */
export function faultOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof PseudonymError) return error.message
    throw error
  }
  return 'nothing thrown'
}

/** Eleven digits with the check digits of a century (19 or 20), whatever the date says. */
export function withCheckDigits(nine: string, century: 19 | 20): string {
  const base = Number(nine) + (century === 20 ? 2_000_000_000 : 0)
  return nine + String(97 - (base % 97)).padStart(2, '0')
}

const pad = (width: number) => (value: number) => String(value).padStart(width, '0')

/** Valid national numbers: both centuries, register and BIS, unknown dates included. */
export const validNumber: fc.Arbitrary<string> = fc
  .record({
    century: fc.constantFrom<19 | 20>(19, 20),
    year: fc.integer({ min: 0, max: 99 }),
    month: fc.integer({ min: 0, max: 12 }),
    shift: fc.constantFrom(0, 20, 40),
    day: fc.integer({ min: 0, max: 28 }),
    serial: fc.integer({ min: 1, max: 998 }),
  })
  .map(({ century, year, month, shift, day, serial }) => {
    const within = century === 20 ? year % 26 : year
    const nine = [within, month + shift, day].map(pad(2)).join('') + pad(3)(serial)
    return withCheckDigits(nine, century)
  })

/** A made-up register of distinct valid numbers; the same for the same size. */
export function numbersOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const day = Math.floor(i / 998)
    const date = [60 + Math.floor(day / 336), 1 + Math.floor((day % 336) / 28), 1 + (day % 28)]
    return withCheckDigits(date.map(pad(2)).join('') + pad(3)(1 + (i % 998)), 19)
  })
}
