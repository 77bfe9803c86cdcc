import { SheetError } from './table.ts'

export interface Decoded {
  text: string
  /** As people know it: UTF-8, UTF-16, Windows-1252. */
  encoding: string
}

const NAMES: Readonly<Record<string, string>> = {
  'utf-8': 'UTF-8',
  'utf-16le': 'UTF-16',
  'utf-16be': 'UTF-16',
  'windows-1252': 'Windows-1252',
}
const LOOKED_AT = 4_096

/**
 * The text of a file that Excel or a back office wrote: by its byte order mark, or else by its zero
 * bytes (UTF-16), or UTF-8 where all of it is, or else Windows-1252, which Excel writes in Belgium.
 * @throws SheetError where it is no text
 */
export function decodeText(bytes: Uint8Array): Decoded {
  const label = markOf(bytes) ?? zerosOf(bytes)
  const decoded = label ? decode(bytes, label) : (tryUtf8(bytes) ?? decode(bytes, 'windows-1252'))
  if (!decoded.text.includes('\0')) return decoded
  throw new SheetError('this is no CSV file and no workbook: save it from Excel as .xlsx or as CSV')
}

function decode(bytes: Uint8Array, label: string): Decoded {
  return { text: new TextDecoder(label).decode(bytes), encoding: NAMES[label] ?? label }
}

function tryUtf8(bytes: Uint8Array): Decoded | undefined {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'UTF-8' }
  } catch {
    return undefined
  }
}

function markOf([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}

// Digits and letters of a table have a zero byte each in UTF-16; text in UTF-8 has none.
function zerosOf(bytes: Uint8Array): string | undefined {
  const start = bytes.subarray(0, LOOKED_AT)
  const zeros = [0, 0]
  start.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2]! += 1
  })
  const [even = 0, odd = 0] = zeros
  const enough = start.length / 5
  if (odd > enough && odd > even) return 'utf-16le'
  return even > enough ? 'utf-16be' : undefined
}
