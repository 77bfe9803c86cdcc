import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * A file of JSON lines that only grows: what was appended is on disk before `append` resolves, and
 * a line that a kill cut off is dropped at the next opening. For one process at a time.
 */
export class Journal<T> {
  readonly #file: FileHandle
  #pending: string[] = []
  #writing: Promise<void> = Promise.resolve()

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Opens or makes the file and reads what it holds. */
  static async open<T>(path: string): Promise<{ journal: Journal<T>; entries: T[] }> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(path, 'a+', 0o600)
    const text = await file.readFile('utf8')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole))
    const lines = whole.split('\n').filter(line => line !== '')
    return { journal: new Journal<T>(file), entries: lines.map(line => JSON.parse(line) as T) }
  }

  /** Appends; entries that come together are written together. */
  append(...entries: T[]): Promise<void> {
    this.#pending.push(...entries.map(entry => `${JSON.stringify(entry)}\n`))
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {})
    await this.#file.close()
  }

  async #write(): Promise<void> {
    const text = this.#pending.join('')
    this.#pending = []
    if (text === '') return
    await this.#file.appendFile(text)
    await this.#file.datasync()
  }
}
