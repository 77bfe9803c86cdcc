import { writeFileSync } from 'node:fs'

/** @throws Error where it cannot be written, saying what to do */
export function writeOut(file: string, content: string | Buffer): void {
  try {
    writeFileSync(file, content)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const what = isMissing ? 'make its folder first' : 'give a file that you may write'
    throw new Error(`${file} cannot be written: ${what}`)
  }
}

/** Lines for a terminal; control characters of a document do not reach it. */
export function lines(all: readonly string[]): string {
  return `${all.join('\n').replace(/(?!\n)\p{Cc}/gu, '\u{fffd}')}\n`
}
