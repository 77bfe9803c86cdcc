import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadedProtocol, Signatures } from '../../protocol/document.ts'
import { validatorFor } from '../../schemas.ts'

const LOCK_MILLISECONDS = 5_000
/** A lock this old is of a program that was killed. */
const STALE_MILLISECONDS = 30_000

/**
 * Changes the signatures.json of a document: what is in it stays, a reader sees the old file or the
 * new one, and of two commands at once neither loses what the other wrote.
 * @param amend the record as it has to be; undefined where nothing is to change
 * @returns the path of the file
 * @throws Error where the file is no record of this document, or stays locked
 */
export async function amendRecord(
  dir: string,
  { folder, document }: LoadedProtocol,
  amend: (record: Signatures) => Signatures | undefined,
): Promise<string> {
  const file = join(dir, folder, 'signatures.json')
  const unlock = await lock(join(dir, folder, '.signatures.lock'))
  try {
    const { protocolId, version } = document
    const next = amend(readRecord(file, protocolId, version))
    if (next) replace(file, { ...next, version })
    return file
  } finally {
    unlock()
  }
}

function readRecord(file: string, protocolId: string, version: string): Signatures {
  const text = readText(file)
  if (text === undefined) {
    return { protocolId, version, signatures: [], publication: [], suspensions: [] }
  }
  const record = parse(text) as Signatures | undefined
  const lists = record && [record.signatures, record.publication, record.suspensions]
  if (record?.protocolId === protocolId && lists?.every(Array.isArray)) return record
  throw new Error(`${file} is no record of ${protocolId}: correct it or take it away first`)
}

function replace(file: string, record: Signatures): void {
  const wrong = validatorFor('signatures')(record)
  if (wrong.length) throw new Error(`${file} would not be right: ${wrong[0]?.remedy}`)
  const temporary = `${file}.${process.pid}.new`
  writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`, { flush: true })
  renameSync(temporary, file)
}

async function lock(file: string): Promise<() => void> {
  const end = Date.now() + LOCK_MILLISECONDS
  for (;;) {
    if (take(file)) return () => rmSync(file, { force: true })
    if (Date.now() > end) throw new Error(`another command is writing there: ${file}`)
    await sleep(50)
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > STALE_MILLISECONDS) rmSync(file, { force: true })
    return false
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
