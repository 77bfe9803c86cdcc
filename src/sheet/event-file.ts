import { access, type FileHandle, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readCsv } from './csv.ts'
import { EVENT_TITLES, type EventRow } from './event-rows.ts'
import { excelCsv } from './result.ts'
import { SheetError } from './table.ts'

/** The file is open in Excel or LibreOffice: what is added now would be lost, or cannot be. */
export class FileInUse extends Error {
  override readonly name = 'FileInUse'
  constructor(path: string) {
    super(`${path} is open in Excel or LibreOffice: close it. What waits stays in the inbox`)
  }
}

const MARK = '\ufeff'
const ROW_END = /(^|[;,\t"])del_[0-9A-Z]{26}(\.\d+)?"?$/
const ROW_START = /^"?\d{1,4}(-|$)/
const TITLE_LINE = MARK + EVENT_TITLES.join(';')
const IN_USE = new Set(['EBUSY', 'EPERM', 'EACCES'])

/**
 * Adds lines to a CSV file, each once: what is in the file already, also after Excel saved it anew, is not
 * added again. A line that a kill cut off is taken out first. Everything is on disk when it resolves.
 * @returns how many lines were new
 * @throws FileInUse; SheetError where the file cannot be added to
 */
export async function appendRows(path: string, rows: readonly EventRow[]): Promise<number> {
  await assertFree(path)
  const file = await open(path, 'a+', 0o600).catch(error => {
    throw IN_USE.has(error.code) ? new FileInUse(path) : error
  })
  try {
    const there = await readThere(file)
    const fresh = rows.filter(({ id }) => !there.ids.has(id))
    const isNew = there.isEmpty
    if (fresh.length === 0 && !isNew) return 0
    const titles = isNew ? [[...EVENT_TITLES]] : []
    const text = excelCsv([...titles, ...fresh.map(({ cells }) => cells)], there.separator)
    const start = isNew ? MARK : there.lacksEnd ? '\r\n' : ''
    await file.appendFile(Buffer.from(start + text, there.encoding))
    await file.datasync()
    return fresh.length
  } finally {
    await file.close()
  }
}

// Excel keeps others from writing; LibreOffice lets them, and then saves over what they wrote.
async function assertFree(path: string): Promise<void> {
  const mark = join(dirname(path), `.~lock.${basename(path)}#`)
  const isOpen = await access(mark).then(
    () => true,
    () => false,
  )
  if (isOpen) throw new FileInUse(path)
}

interface There {
  isEmpty: boolean
  /** All that stands in a cell: a line of ours is found wherever people moved its column. */
  ids: ReadonlySet<string>
  separator: string
  encoding: 'utf8' | 'latin1'
  /** Whether the last line has no end. */
  lacksEnd: boolean
}

async function readThere(file: FileHandle): Promise<There> {
  const bytes = await withoutTorn(file, await file.readFile())
  const empty = { ids: new Set<string>(), separator: ';', encoding: 'utf8' } as const
  if (bytes.length === 0) return { ...empty, isEmpty: true, lacksEnd: false }
  const { rows, format } = readCsv(bytes)
  if (/UTF-16/.test(format))
    throw new SheetError(
      'the file was saved as Unicode text: save it as CSV UTF-8, or name another',
    )
  const ids = new Set(rows.flat().map(({ text }) => text))
  // Before anything of another file is touched: a wrong name is soon typed.
  if (rows.length > 0 && !ids.has(EVENT_TITLES.at(-1) ?? ''))
    throw new SheetError('there is something else in the file: name another, or a new one')
  const separator = /separator (.+)$/.exec(format)?.[1] ?? ';'
  return {
    isEmpty: rows.length === 0,
    ids,
    separator: separator === 'tab' ? '\t' : separator,
    encoding: format.includes('1252') ? 'latin1' : 'utf8',
    lacksEnd: bytes.at(-1) !== 0x0a,
  }
}

/** Takes out a last line of ours that is not whole: it was never acknowledged and comes again. */
async function withoutTorn(file: FileHandle, bytes: Buffer): Promise<Buffer> {
  const start = bytes.lastIndexOf(0x0a) + 1
  const tail = bytes.subarray(start).toString('utf8')
  const isOurs = ROW_START.test(tail) || (start === 0 && TITLE_LINE.startsWith(tail))
  if (tail === '' || ROW_END.test(tail) || !isOurs) return bytes
  await file.truncate(start)
  return bytes.subarray(0, start)
}
