import { deriveRowId } from '../pseudonym/derive.ts'
import type { ByteIndex } from './byte-index.ts'
import { secretOf } from './person-record.ts'
import type { RecordFile } from './record-file.ts'

const ROW_ID_BYTES = 16
const AT_ONCE = 500
const NO_ROW_ID = Buffer.alloc(ROW_ID_BYTES)

export const PERIOD_RECORD_BYTES = ROW_ID_BYTES

/** The row ids of everyone in a domain for one period, in the order of the people's file. */
export class PeriodIndex {
  readonly #period: string
  readonly #people: RecordFile
  readonly #file: RecordFile
  readonly #byRowId: ByteIndex
  #running: Promise<void> = Promise.resolve()

  constructor(period: string, people: RecordFile, file: RecordFile, byRowId: ByteIndex) {
    this.#period = period
    this.#people = people
    this.#file = file
    this.#byRowId = byRowId
    for (const rowId of file.records()) {
      if (!rowId) break
      this.#byRowId.add(rowId)
    }
    // What follows a broken record is simply computed again.
    file.cutTo(this.#byRowId.size)
  }

  /** Computes what is missing, some 10 µs a person; lets other work run in between. */
  prepare(): Promise<void> {
    const next = this.#running.then(() => this.#computeMissing())
    this.#running = next.catch(() => {})
    return next
  }

  /** The position, in the people's file, of the person with this 16-byte row id. */
  find(rowId: Uint8Array): number | undefined {
    return this.#byRowId.find(rowId)
  }

  close(): void {
    this.#file.close()
    this.#byRowId.close()
  }

  async #computeMissing(): Promise<void> {
    let rowIds: Buffer[] = []
    for (const person of this.#people.records(this.#file.count)) {
      rowIds.push(person ? deriveRowId(secretOf(person), this.#period) : NO_ROW_ID)
      if (rowIds.length < AT_ONCE) continue
      this.#add(rowIds)
      rowIds = []
      await new Promise(resolve => setImmediate(resolve))
    }
    this.#add(rowIds)
  }

  #add(rowIds: readonly Buffer[]): void {
    this.#file.append(rowIds)
    for (const rowId of rowIds) this.#byRowId.add(rowId)
  }
}
