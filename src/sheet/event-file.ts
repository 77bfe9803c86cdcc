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
 * A CSV file to which lines are added, each once: what is in the file already, also after Excel saved it anew,
 * is not added again. A line that a kill cut off is taken out at the opening.
 */
export class EventFile {
  readonly #file: FileHandle
  readonly #there: There

  private constructor(file: FileHandle, there: There) {
    this.#file = file
    this.#there = there
  }

  /** @throws FileInUse; SheetError where the file cannot be added to */
  static async open(path: string): Promise<EventFile> {
    await assertFree(path)
    const file = await open(path, 'a+', 0o600).catch(error => {
      throw IN_USE.has(error.code) ? new FileInUse(path) : error
    })
    try {
      const there = await readThere(file)
      const opened = new EventFile(file, there)
      if (there.isEmpty) await opened.#write(MARK, [[...EVENT_TITLES]])
      else if (there.lacksEnd) await opened.#write('\r\n', [])
      return opened
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Everything is on disk when it resolves. @returns how many lines were new */
  async append(rows: readonly EventRow[]): Promise<number> {
    const fresh = rows.filter(({ id }) => !this.#there.ids.has(id))
    if (fresh.length === 0) return 0
    await this.#write(
      '',
      fresh.map(({ cells }) => cells),
    )
    for (const { id } of fresh) this.#there.ids.add(id)
    return fresh.length
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #write(start: string, lines: string[][]): Promise<void> {
    const text = start + excelCsv(lines, this.#there.separator)
    await this.#file.appendFile(Buffer.from(text, this.#there.encoding))
    await this.#file.datasync()
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
  ids: Set<string>
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
