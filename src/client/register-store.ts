import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SUBJECT_DOMAIN } from '../pseudonym/derive.ts'
import { ByteIndex } from './byte-index.ts'
import { lockFolder } from './folder-lock.ts'
import { PERIOD_RECORD_BYTES, PeriodIndex } from './period-index.ts'
import {
  decodePerson,
  encodePerson,
  PERSON_RECORD_BYTES,
  personKeyOf,
  type RegisteredPerson,
  tagOf,
} from './person-record.ts'
import { RecordFile } from './record-file.ts'

export type { RegisteredPerson } from './person-record.ts'

const KEY_BYTES = 16

interface DomainFiles {
  people: RecordFile
  byPerson: ByteIndex
  byTag: ByteIndex
  held: number
  periods: Map<string, PeriodIndex>
}

/**
 * The recipient's own store, a folder of files with mode 600: per domain the people with tag and
 * secret, per domain and period their row ids. Appended only, so that it can be killed at any
 * moment; opened by one process at a time. Its indexes are files too, made anew at each opening, so that
 * its memory does not grow with the register. It holds no national number: a person is kept under a
 * keyed hash and the recipient's own reference. Who has the whole folder can try all numbers
 * against it, so guard it like the register itself.
 */
export class RegisterStore {
  readonly #folder: string
  readonly #key: Buffer
  readonly #unlock: () => void
  readonly #domains = new Map<string, DomainFiles>()

  /**
   * Opens the store in a folder, making both where they are missing.
   * @throws RegisterError store-in-use
   */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#unlock = lockFolder(folder)
    this.#folder = folder
    this.#key = readStoreKey(join(folder, 'key'))
  }

  /** The key under which a person is kept, base64url of 16 bytes: the `ref` of who has no other. */
  personKey(nationalNumber: string): string {
    return this.#personKeyBytes(nationalNumber).toString('base64url')
  }

  /**
   * Opens or makes a domain's files; `prepareRegister` does so by itself.
   * @param publicKey the domain's published key: people under two keys are never mixed
   * @throws RegisterError store-other-key
   */
  openDomain(domain: string, publicKey: Uint8Array): void {
    if (this.#domains.has(domain)) return
    const key = Buffer.from(publicKey).toString('base64url')
    const header = { format: 'huisbrug people 1', domain, publicKey: key }
    const path = this.#path(`${domain}.people`)
    const people = new RecordFile(path, header, PERSON_RECORD_BYTES)
    const indexBy = (name: string, keyOf: (record: Buffer) => Buffer) =>
      new ByteIndex(`${path}.${name}`, position => {
        const record = people.read(position)
        return record && keyOf(record)
      })
    const files = {
      people,
      byPerson: indexBy('by-person', personKeyOf),
      byTag: indexBy('by-tag', tagOf),
    }
    let held = 0
    for (const record of people.records()) {
      if (record) held++
      indexPerson(files, record)
    }
    this.#domains.set(domain, { ...files, held, periods: new Map() })
  }

  /** How many people the domain holds. */
  count(domain: string): number {
    return this.#files(domain).held
  }

  /** The person with these eleven digits, for instance to find the tag for feedback. */
  findByNumber(domain: string, nationalNumber: string): RegisteredPerson | undefined {
    const files = this.#files(domain)
    return readPerson(files, files.byPerson.find(this.#personKeyBytes(nationalNumber)))
  }

  /** The person behind a tag, base64url. */
  findByTag(domain: string, tag: string): RegisteredPerson | undefined {
    const files = this.#files(domain)
    return readPerson(files, findEncoded(files.byTag, tag))
  }

  /** The person behind a row id, base64url, of a period that `preparePeriod` has prepared. */
  findByRowId(domain: string, period: string, rowId: string): RegisteredPerson | undefined {
    const files = this.#files(domain)
    const index = files.periods.get(period)
    return index && readPerson(files, findEncoded(index, rowId))
  }

  /**
   * Adds people; after a kill each is there whole or not at all. Who is there already is left out.
   * @returns how many were added
   * @throws RegisterError reference-too-long
   */
  append(domain: string, people: readonly RegisteredPerson[]): number {
    const files = this.#files(domain)
    const distinct = new Map(people.map(person => [person.personKey, person]))
    const records = [...distinct.values()]
      .map(encodePerson)
      .filter(record => files.byPerson.find(personKeyOf(record)) === undefined)
    files.people.append(records)
    for (const record of records) indexPerson(files, record)
    files.held += records.length
    return records.length
  }

  /**
   * 32 bytes that only this store can make of a text, always the same: what a message needs to be
   * repeated after a stop.
   */
  keyed(text: string): Buffer {
    return createHmac('sha256', this.#key).update(`text ${text}`).digest()
  }

  /**
   * Computes and keeps the row ids of a period (YYYY-MM) for everyone who has none in it yet.
   * @throws RangeError for the subject index, which has no rows
   */
  async preparePeriod(domain: string, period: string): Promise<void> {
    if (domain === SUBJECT_DOMAIN) throw new RangeError('the subject index has no rows')
    const { people, periods } = this.#files(domain)
    let index = periods.get(period)
    if (!index) {
      const header = { format: 'huisbrug period 1', domain, period }
      const path = this.#path(`${domain}.${period}.rows`)
      const rowIds = new RecordFile(path, header, PERIOD_RECORD_BYTES)
      const byRowId = new ByteIndex(`${path}.by-row-id`, position => rowIds.read(position))
      index = new PeriodIndex(period, people, rowIds, byRowId)
      periods.set(period, index)
    }
    await index.prepare()
  }

  /** Closes the files and gives the folder free. */
  close(): void {
    for (const { people, byPerson, byTag, periods } of this.#domains.values()) {
      for (const file of [people, byPerson, byTag]) file.close()
      for (const index of periods.values()) index.close()
    }
    this.#domains.clear()
    this.#unlock()
  }

  #personKeyBytes(nationalNumber: string): Buffer {
    return createHmac('sha256', this.#key).update(nationalNumber).digest().subarray(0, KEY_BYTES)
  }

  #path(name: string): string {
    return join(this.#folder, encodeURIComponent(name))
  }

  #files(domain: string): DomainFiles {
    const files = this.#domains.get(domain)
    if (!files) throw new Error('the domain is not open in this store: call openDomain first')
    return files
  }
}

function indexPerson(files: Pick<DomainFiles, 'byPerson' | 'byTag'>, record?: Buffer): void {
  if (record) {
    files.byPerson.add(personKeyOf(record))
    files.byTag.add(tagOf(record))
  } else {
    files.byPerson.skip()
    files.byTag.skip()
  }
}

function findEncoded(index: { find(key: Uint8Array): number | undefined }, encoded: string) {
  const bytes = Buffer.from(encoded, 'base64url')
  return bytes.length === KEY_BYTES ? index.find(bytes) : undefined
}

function readPerson({ people }: DomainFiles, position: number | undefined) {
  const record = position === undefined ? undefined : people.read(position)
  return record && decodePerson(record)
}

// Under another name first: a key is whole or not there.
function readStoreKey(file: string): Buffer {
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, randomBytes(32), { mode: 0o600, flush: true })
    renameSync(`${file}.new`, file)
  }
  return readFileSync(file)
}
