import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal } from '../errors.ts'
import { parseStrictJson } from '../json.ts'
import { validatorFor } from '../schemas.ts'
import { digestOf, type Protocol, type Signatures } from './document.ts'
import type { Finding, Remark } from './finding.ts'
import { lint } from './lint.ts'
import { NO_NOTES, type Notes } from './notes.ts'
import { readLines, shapelessLine } from './signature-lines.ts'
import { type FolderResult, gatherFolders, type ProtocolSet, setAt } from './versions.ts'

export type { FolderResult, ProtocolSet }

/** What lies in one folder, as text; undefined where a file is missing. */
export interface FolderFiles {
  folder: string
  protocol: string
  signatures: string | undefined
}

const SHAPE = 'schemas/protocol.json'
const RECORD_SHAPE = 'schemas/signatures.json'

/**
 * Loads every folder that holds a protocol.json. A broken folder becomes findings and never takes
 * down the others.
 * @param at decides which version of a protocol leads
 * @param notes without them no signature counts
 * @throws Error only where the protocols folder itself cannot be listed
 */
export function loadProtocols(dir: string, at?: Date, notes?: Notes): ProtocolSet {
  return assemble(readProtocols(dir), at, notes)
}

/** Reads every folder that holds a protocol.json, one by one. */
export function readProtocols(dir: string): (FolderResult | undefined)[] {
  return listFolders(dir).map(folder => parseFolder(readFolder(dir, folder)))
}

/** Names of the folders below a protocols folder, in alphabetical order. */
export function listFolders(dir: string): string[] {
  const entries = readdirSync(dir, { withFileTypes: true })
  return entries
    .filter(entry => !entry.isFile() && !entry.name.startsWith('.'))
    .map(entry => entry.name)
    .sort()
}

/** Reads the files of one folder; undefined where it holds no protocol.json. */
export function readFolder(dir: string, folder: string): FolderFiles | undefined {
  const protocol = readText(join(dir, folder, 'protocol.json'))
  if (protocol === undefined) return undefined
  return { folder, protocol, signatures: readText(join(dir, folder, 'signatures.json')) }
}

// Read by the thread that answers requests: a pipe would stop it, and a document is some 40 kB.
const MAX_BYTES = 1_048_576

function readText(path: string): string | undefined {
  try {
    const file = statSync(path)
    if (!file.isFile() || file.size > MAX_BYTES) return ''
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // What is there but cannot be read is broken, not absent: it reads as no JSON.
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : ''
  }
}

/** Parses one folder: shape, digest, signatures, lint. Pure. */
export function parseFolder(files: FolderFiles | undefined): FolderResult | undefined {
  if (!files) return undefined
  const json = parseJson(files.protocol)
  const id = idOf(json, files.folder)
  const finding = (remark: Remark): Finding => ({
    severity: 'refused',
    protocol: id,
    folder: files.folder,
    ...remark,
  })
  if (json === undefined)
    return { id, findings: [finding(notJson('protocol.json', SHAPE, files.protocol))] }
  const wrong = validatorFor('protocol')(json)
  if (wrong.length) {
    const remarks = wrong.map(({ pointer, remedy }) => shape(pointer, remedy, SHAPE))
    return { id, findings: remarks.map(finding) }
  }
  const document = json as Protocol
  const { record, remarks } = parseRecord(files.signatures, document)
  const { version } = document
  const digest = digestOf(document)
  const lines = readLines(document, digest, record)
  const findings = [...remarks, ...lint(document), ...lines.remarks].map(finding)
  const { folder } = files
  const { presented } = lines
  return {
    loaded: {
      id,
      version,
      folder,
      digest,
      document,
      record,
      presented,
      statements: [],
      findings,
    },
  }
}

function parseRecord(
  text: string | undefined,
  { protocolId, version }: Protocol,
): { record: Signatures; remarks: Remark[] } {
  const none = { protocolId, version, signatures: [], publication: [], suspensions: [] }
  if (text === undefined) return { record: none, remarks: [] }
  const json = parseJson(text)
  if (json === undefined)
    return { record: none, remarks: [notJson('signatures.json', RECORD_SHAPE, text)] }
  const { kept, remarks } = withoutShapelessLines(json)
  const wrong = validatorFor('signatures')(kept)
  if (wrong.length) {
    const shapes = wrong.map(({ pointer, remedy }) => shape(pointer, remedy, RECORD_SHAPE))
    return { record: none, remarks: shapes }
  }
  const record = kept as Signatures
  if (record.protocolId === protocolId) return { record, remarks }
  return { record: none, remarks: [otherProtocol()] }
}

/** Leaves out signature lines that have not the shape of one: those never take down the document. */
function withoutShapelessLines(json: unknown): { kept: unknown; remarks: Remark[] } {
  const wrong = new Map<number, string>()
  for (const { pointer, remedy } of validatorFor('signatures')(json)) {
    const index = /^\/signatures\/(\d{1,4})(\/|$)/.exec(pointer)?.[1]
    if (index !== undefined) wrong.set(Number(index), remedy)
  }
  if (wrong.size === 0) return { kept: json, remarks: [] }
  const record = json as { signatures: unknown[] }
  const signatures = record.signatures.filter((_, index) => !wrong.has(index))
  const remarks = [...wrong].map(([index, why]) => shapelessLine(index, why))
  return { kept: { ...record, signatures }, remarks }
}

function parseJson(text: string): unknown {
  try {
    return parseStrictJson(Buffer.from(text))
  } catch {
    return undefined
  }
}

function idOf(json: unknown, folder: string): string {
  const id = (json as { protocolId?: unknown } | null | undefined)?.protocolId
  return typeof id === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(id) ? id : folder
}

function notJson(file: string, source: string, text: string): Remark {
  return { code: 'not-json', path: file, text: `${file} ${whyNotJson(text)}`, source }
}

function whyNotJson(text: string): string {
  try {
    parseStrictJson(Buffer.from(text))
    return 'is not JSON'
  } catch (error) {
    const why = error instanceof Refusal ? error.code : undefined
    if (why === 'HB-211') return 'is nested too deep, or holds too many values'
    return why === 'HB-212' ? 'gives a name twice, or one that is not allowed' : 'is not JSON'
  }
}

function shape(pointer: string, text: string, source: string): Remark {
  const path = pointer.slice(1).replaceAll('/', '.') || 'document'
  return { code: 'shape', path, text, source }
}

function otherProtocol(): Remark {
  const text = 'signatures.json belongs to another protocol'
  return { code: 'signatures-elsewhere', path: 'signatures.json', text, source: RECORD_SHAPE }
}

/**
 * Puts folders together at an instant: versions of one id, accessions with their framework, and what
 * is known besides the files. Without notes no signature counts.
 */
export function assemble(
  results: readonly (FolderResult | undefined)[],
  at: Date = new Date(),
  notes: Notes = NO_NOTES,
): ProtocolSet {
  return setAt(gatherFolders(results, notes), at)
}
