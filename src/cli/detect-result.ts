import { rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { type ResultRow, resultCsv } from '../sheet/result.ts'

/** Where the result goes. */
export interface Result {
  file: string
}

/** Beside the spreadsheet: `tenants.xlsx` gives `tenants.resultaat.csv`. */
export function resultFileOf(spreadsheet: string, named: string | undefined): Result {
  const name = basename(spreadsheet, extname(spreadsheet))
  return { file: named ?? join(dirname(spreadsheet), `${name}.resultaat.csv`) }
}

/**
 * Writes the result, whole or not at all.
 * @throws Error where it is open in Excel, or cannot be written there
 */
export async function writeResult({ file }: Result, rows: readonly ResultRow[]): Promise<void> {
  const fresh = `${file}.new`
  try {
    await writeFile(fresh, resultCsv(rows), { mode: 0o600 })
    await rename(fresh, file)
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {})
    const { code } = error as NodeJS.ErrnoException
    throw new Error(
      `the result cannot be written to ${file} (${code}): close it in Excel, or give another --out`,
    )
  }
}
