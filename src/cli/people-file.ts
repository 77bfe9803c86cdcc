import { accessSync, constants, createReadStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { RegisterPerson } from '../client/blind.ts'
import { parseNationalNumber } from '../pseudonym/national-number.ts'
import { ProfileError } from './partner-profile.ts'

export interface PeopleReading {
  /** Ends the reading: what was read is still finished. */
  stop: AbortSignal
  /** Told the number of each line without a valid national number; never what is in it. */
  onInvalid(line: number): void
}

/**
 * How many lines a file has, for a progress bar; undefined for standard input.
 * @throws ProfileError where it cannot be read
 */
export function countLines(file: string): number | undefined {
  if (file === '-') return undefined
  try {
    accessSync(file, constants.R_OK)
    const bytes = readFileSync(file)
    let count = bytes.length > 0 && bytes.at(-1) !== 10 ? 1 : 0
    for (const byte of bytes) if (byte === 10) count++
    return count
  } catch {
    throw new ProfileError(`${file} cannot be read`)
  }
}

/**
 * People of a text file, line by line: `national number`, or `national number;own reference` (also with a
 * comma or tab). A first line without a digit tells the columns and is passed over, as empty lines are.
 */
export async function* readPeople(
  file: string,
  { stop, onInvalid }: PeopleReading,
): AsyncGenerator<RegisterPerson> {
  const today = new Date().toISOString().slice(0, 10)
  const input = file === '-' ? process.stdin : createReadStream(file)
  let line = 0
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++
    if (stop.aborted) return
    if (text.trim() === '' || (line === 1 && !/\d/.test(text))) continue
    const [insz = '', ref = ''] = text.split(/[;,\t]/).map(unquote)
    if (parseNationalNumber(insz, today) === undefined) onInvalid(line)
    yield { insz, ...(ref !== '' && { ref }) }
  }
}

function unquote(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .trim()
    .replace(/^"(.*)"$/, '$1')
}
