// A digit, or what may stand between digits of the display form, as one byte.
const HEX_BYTE = '(?:3[0-9]|2[0def])'
// Three such bytes in base64: 24 bits whose high nibbles are 2 or 3.
const BASE64_GROUP = '[ILMNO][CDSTijyz][AEIMQUYcgk048][gtuvw-z0-5]'

// All look ahead only, so that no match hides another that starts inside it.
const PLAIN = /(?<!\d)(?=(\d{2}[./ -]?\d{2}[./ -]?\d{2}[./ -]?\d{3}[./ -]?\d{2})(?!\d))/g
const HEX = new RegExp(`(?=${HEX_BYTE}{11})`, 'gi')
// Eleven bytes hold at least three whole groups, whatever their alignment.
const BASE64 = new RegExp(`(?=(?:${BASE64_GROUP}){3})`, 'g')
const BYTEA = /\\x((?:[0-9a-f]{2})+)/g

// The display form is 15 bytes: 30 hex digits or at most 24 base64 characters; and its neighbours.
const HEX_REACH = 34
const BASE64_REACH = 28

/**
 * Looks for national numbers of a known set in text and bytes, in one pass however many there are:
 * as eleven digits bounded by non-digits, in the display form, and either of them in base64 (each
 * alignment, both alphabets) or hexadecimal.
 */
export class NumberFinder {
  readonly #numbers: ReadonlySet<string>

  /** @param numbers eleven digits each */
  constructor(numbers: Iterable<string>) {
    this.#numbers = new Set(numbers)
  }

  /** Adds the numbers that a text holds to `found`. */
  findInText(text: string, found: Set<string>): void {
    this.#findPlain(text, found)
    for (const { index } of text.matchAll(BASE64)) {
      this.#findPlain(decodeBase64Around(text, index), found)
    }
    for (const { index } of text.matchAll(HEX)) {
      this.#findPlain(decodeHexAround(text, index), found)
    }
  }

  /** The same for bytes: every encoding of text in which digits are one byte each. */
  findInBytes(bytes: Uint8Array, found: Set<string>): void {
    this.findInText(Buffer.from(bytes).toString('latin1'), found)
  }

  /** The same for a row that PostgreSQL printed as text: its binary columns are decoded first. */
  findInRow(row: string, found: Set<string>): void {
    const rest = row.replace(BYTEA, (_, hex: string) => {
      this.findInBytes(Buffer.from(hex, 'hex'), found)
      return '\\x'
    })
    this.findInText(rest, found)
  }

  #findPlain(text: string, found: Set<string>): void {
    for (const match of text.matchAll(PLAIN)) {
      const digits = (match[1] ?? '').replace(/\D/g, '')
      if (this.#numbers.has(digits)) found.add(digits)
    }
  }
}

// One group before: its last bytes say whether the digits are bounded there.
function decodeBase64Around(text: string, start: number): string {
  const before = text.slice(Math.max(0, start - 4), start)
  const from = /^[A-Za-z0-9+/_-]{4}$/.test(before) ? start - 4 : start
  const run = /^[A-Za-z0-9+/_-]*/.exec(text.slice(from, start + BASE64_REACH))?.[0] ?? ''
  return Buffer.from(run, 'base64').toString('latin1')
}

function decodeHexAround(text: string, start: number): string {
  const before = text.slice(Math.max(0, start - 2), start)
  const from = /^[0-9a-f]{2}$/i.test(before) ? start - 2 : start
  return Buffer.from(text.slice(from, start + HEX_REACH), 'hex').toString('latin1')
}
