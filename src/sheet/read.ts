import { open } from 'node:fs/promises'
import { readCsv } from './csv.ts'
import { isEmptyRow, MAX_FILE_BYTES, type Sheet, SheetError } from './table.ts'

/**
 * Reads a spreadsheet: .xlsx or CSV, known by what is in it and not by its name.
 * @returns its sheets that have something in them
 * @throws SheetError where it cannot be used: too large, damaged, another kind of file, empty
 */
export async function readSheets(file: string): Promise<Sheet[]> {
  const bytes = await readLimited(file)
  const sheets = await readBytes(bytes)
  const filled = sheets.filter(({ rows }) => !rows.every(isEmptyRow))
  if (filled.length === 0) throw new SheetError('there is nothing in the file')
  return filled
}

async function readBytes(bytes: Uint8Array): Promise<Sheet[]> {
  if (startsWith(bytes, [0x50, 0x4b])) {
    const { readXlsx } = await import('./xlsx.ts')
    return readXlsx(bytes)
  }
  if (startsWith(bytes, [0xd0, 0xcf, 0x11, 0xe0]))
    throw new SheetError(
      'this is an old .xls workbook, or one with a password: save it as .xlsx without a password',
    )
  return [readCsv(bytes)]
}

function startsWith(bytes: Uint8Array, mark: number[]): boolean {
  return mark.every((byte, at) => bytes[at] === byte)
}

async function readLimited(path: string): Promise<Uint8Array> {
  const file = await open(path).catch(error => {
    throw unreadable(error)
  })
  try {
    const { size } = await file.stat()
    if (size > MAX_FILE_BYTES)
      throw new SheetError(
        `the file has more than ${MAX_FILE_BYTES / 1024 / 1024} MB: copy the columns that are ` +
          'needed into a new one',
      )
    return await file.readFile().catch(error => {
      throw unreadable(error)
    })
  } finally {
    await file.close()
  }
}

function unreadable(error: NodeJS.ErrnoException): SheetError {
  if (error.code === 'ENOENT') return new SheetError('there is no such file')
  if (error.code === 'EISDIR') return new SheetError('this is a folder: name the file in it')
  return new SheetError(
    `the file cannot be opened (${error.code}): close it in Excel and try again`,
  )
}
