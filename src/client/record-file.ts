import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { crc32 } from 'node:zlib'
import { RegisterError } from './register-error.ts'

const HEADER_BYTES = 256
const CRC_BYTES = 4
const READ_AT_ONCE = 2_000

/**
 * An append-only file: a 256-byte JSON header, then records of one size, each followed by its
 * CRC-32 (big-endian). A kill in the middle of an append leaves part of a record: the next opening
 * cuts it off. A record whose sum does not fit is shown as broken and keeps its position.
 */
export class RecordFile {
  readonly #fd: number
  readonly #size: number
  #count = 0

  /**
   * Opens the file, or makes it (mode 600) with this header.
   * @param size bytes of a record without its check sum
   * @throws RegisterError store-other-key where the file has another header
   */
  constructor(path: string, header: object, size: number) {
    const encoded = encodeHeader(header)
    if (!existsSync(path)) createWhole(path, encoded)
    this.#size = size + CRC_BYTES
    this.#fd = openSync(path, 'r+', 0o600)
    this.#assertHeader(encoded)
    this.cutTo(Math.floor((fstatSync(this.#fd).size - HEADER_BYTES) / this.#size))
  }

  get count(): number {
    return this.#count
  }

  /** Appends records in one write and waits until the disk has them. */
  append(records: readonly Buffer[]): void {
    if (records.length === 0) return
    const block = Buffer.concat(records.flatMap(record => [record, checkSum(record)]))
    const start = this.#offsetOf(this.#count)
    let written = 0
    while (written < block.length) {
      written += writeSync(this.#fd, block, written, block.length - written, start + written)
    }
    fdatasyncSync(this.#fd)
    this.#count += records.length
  }

  /** Reads the record at a position below `count`; undefined where it is broken. */
  read(position: number): Buffer | undefined {
    return intactRecord(this.#readBlock(position, 1))
  }

  /** All records from a position on, undefined where broken; valid until the next one. */
  *records(from = 0): Generator<Buffer | undefined> {
    for (let start = from; start < this.#count; start += READ_AT_ONCE) {
      const block = this.#readBlock(start, Math.min(READ_AT_ONCE, this.#count - start))
      for (let at = 0; at < block.length; at += this.#size) {
        yield intactRecord(block.subarray(at, at + this.#size))
      }
    }
  }

  /** Drops all records from position `count` on. */
  cutTo(count: number): void {
    this.#count = count
    ftruncateSync(this.#fd, this.#offsetOf(count))
  }

  close(): void {
    closeSync(this.#fd)
  }

  #assertHeader(expected: Buffer): void {
    const found = Buffer.alloc(HEADER_BYTES)
    readSync(this.#fd, found, 0, HEADER_BYTES, 0)
    if (found.equals(expected)) return
    closeSync(this.#fd)
    throw new RegisterError('store-other-key', 'the store was made for another key or format')
  }

  #readBlock(position: number, count: number): Buffer {
    const block = Buffer.alloc(count * this.#size)
    readSync(this.#fd, block, 0, block.length, this.#offsetOf(position))
    return block
  }

  #offsetOf(position: number): number {
    return HEADER_BYTES + position * this.#size
  }
}

function intactRecord(framed: Buffer): Buffer | undefined {
  const record = framed.subarray(0, -CRC_BYTES)
  return crc32(record) === framed.readUInt32BE(record.length) ? record : undefined
}

// Under another name first: a header is whole or not there.
function createWhole(path: string, header: Buffer): void {
  writeFileSync(`${path}.new`, header, { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}

function encodeHeader(header: object): Buffer {
  const json = JSON.stringify(header)
  if (Buffer.byteLength(json) >= HEADER_BYTES) throw new RangeError('the header is too long')
  return Buffer.from(`${json.padEnd(HEADER_BYTES - 1)}\n`)
}

function checkSum(record: Buffer): Buffer {
  const bytes = Buffer.alloc(CRC_BYTES)
  bytes.writeUInt32BE(crc32(record))
  return bytes
}
