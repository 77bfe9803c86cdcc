import { rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { type ResultRow, resultCsv } from '../sheet/result.ts'

const IN_USE = new Set(['EBUSY', 'EPERM', 'EACCES'])
const MOST_NAMES = 9

/**
 * Beside the spreadsheet: `tenants.xlsx` gives `tenants.resultaat.csv`.
 * @throws Error where it would take the place of the spreadsheet
 */
export function resultFileOf(spreadsheet: string, named: string | undefined): string {
  const name = basename(spreadsheet, extname(spreadsheet))
  const file = named ?? join(dirname(spreadsheet), `${name}.resultaat.csv`)
  if (resolve(file) !== resolve(spreadsheet)) return file
  throw new Error('the result would take the place of the spreadsheet: give another --out')
}

/**
 * Writes the result, whole or not at all; under a further name where it is open in Excel, for what was
 * sent must be told.
 * @returns where it is
 * @throws Error where it cannot be written there
 */
export async function writeResult(file: string, rows: readonly ResultRow[]): Promise<string> {
  const text = resultCsv(rows)
  const extension = extname(file)
  for (let name = 1; ; name += 1) {
    const further = `${file.slice(0, file.length - extension.length)}-${name}${extension}`
    const path = name === 1 ? file : further
    const error = await replaceFile(path, text).then(() => undefined, failed)
    if (error === undefined) return path
    if (IN_USE.has(error) && name < MOST_NAMES) continue
    throw new Error(
      `the result cannot be written to ${file} (${error}): close it in Excel, or give another --out`,
    )
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`
  try {
    await writeFile(fresh, text, { mode: 0o600 })
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {})
    throw error
  }
}

function failed({ code, message }: NodeJS.ErrnoException): string {
  return code ?? message
}
