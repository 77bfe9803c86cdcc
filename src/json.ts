import { type Refusal, refuse } from './errors.ts'
import { safePointer } from './schema-errors.ts'

/** Deeper than any document of ours, by far less than what overflows a stack. */
export const MAX_DEPTH = 32
/** A body of 1 MiB with a thousand items has some ten thousand. */
export const MAX_VALUES = 100_000

const NESTED = 'JSON: at most 32 levels and 100,000 values'
const NAMES = 'RFC 8259 section 4, RFC 7493 section 2.3'
// What reaches the prototype of an object where somebody copies it carelessly.
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Parses JSON of others. Of two equal names one reader takes the first and the next the last, so a
 * signature or digest would cover either: they are refused, before anything is made of the text. So is half
 * a character (RFC 7493 section 2.1): it cannot be written as it came, in evidence or anywhere.
 * @param text UTF-8, not checked otherwise
 * @throws Refusal HB-201 no JSON or half a character, HB-211 too deep or too many values, HB-212 a name twice or forbidden
 */
export function parseStrictJson(text: Uint8Array): unknown {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  new Scan(bytes).run()
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw refuse('HB-201', '', 'RFC 8259')
  }
}

/** An object or list that is open: which names it had, or how many elements. */
interface Level {
  names: Set<string> | undefined
  at: string | number
}

/** One pass over the text; what is no JSON may pass, and is refused by the parser after it. */
class Scan {
  readonly #bytes: Buffer
  readonly #levels: Level[] = []
  #values = 0
  #expectsName = false

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  run(): void {
    const bytes = this.#bytes
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) at = this.#passText(at)
      else if (byte === COMMA) this.#next()
      else if (byte === OPEN_OBJECT) this.#open(new Set())
      else if (byte === OPEN_LIST) this.#open(undefined)
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.#close()
    }
  }

  #open(names: Set<string> | undefined): void {
    this.#count()
    this.#levels.push({ names, at: names ? '' : 0 })
    this.#expectsName = names !== undefined
    if (this.#levels.length > MAX_DEPTH) throw this.#refuse('HB-211', NESTED)
  }

  #close(): void {
    this.#levels.pop()
    this.#expectsName = false
  }

  #next(): void {
    this.#count()
    const level = this.#levels.at(-1)
    if (typeof level?.at === 'number') level.at += 1
    this.#expectsName = level?.names !== undefined
  }

  #count(): void {
    this.#values += 1
    if (this.#values > MAX_VALUES) throw refuse('HB-211', '', NESTED)
  }

  /** @returns where the text that begins here ends */
  #passText(start: number): number {
    const bytes = this.#bytes
    let isEscaped = false
    let end = start + 1
    for (; end < bytes.length && bytes[end] !== QUOTE; end++) {
      if (bytes[end] !== BACKSLASH) continue
      isEscaped = true
      end += 1
    }
    const written = isEscaped || this.#expectsName ? bytes.toString('utf8', start + 1, end) : ''
    const text = isEscaped ? unescaped(written) : written
    if (this.#expectsName) this.#take(text)
    return end
  }

  #take(name: string): void {
    this.#expectsName = false
    const level = this.#levels.at(-1)
    if (!level?.names) return
    level.at = name
    if (level.names.has(name) || FORBIDDEN.has(name)) throw this.#refuse('HB-212', NAMES)
    level.names.add(name)
  }

  #refuse(code: 'HB-211' | 'HB-212', rule: string): Refusal {
    const parts = this.#levels.map(({ at }) =>
      String(at).replaceAll('~', '~0').replaceAll('/', '~1'),
    )
    const end = code === 'HB-211' ? parts.length - 1 : parts.length
    return refuse(code, safePointer(['', ...parts.slice(0, end)].join('/')), rule)
  }
}

function unescaped(written: string): string {
  const text = parsed(written)
  if (text?.isWellFormed()) return text
  throw refuse('HB-201', '', text === undefined ? 'RFC 8259' : 'RFC 7493 section 2.1')
}

function parsed(written: string): string | undefined {
  try {
    return String(JSON.parse(`"${written}"`))
  } catch {
    return undefined
  }
}
