import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { validatorFor } from '../schemas.ts'
import type { Signatures } from './document.ts'
import {
  digestOf,
  isAccession,
  isAgreement,
  type LoadedProtocol,
  type Protocol,
} from './document.ts'
import type { Finding, Remark } from './finding.ts'
import { lint } from './lint.ts'

/** What lies in one folder, as text; undefined where a file is missing. */
export interface FolderFiles {
  folder: string
  protocol: string
  signatures: string | undefined
}

/** Every protocol that the gateway knows at one moment. Immutable. */
export interface ProtocolSet {
  /** By id; each has the right shape, but is in force only without findings. */
  protocols: ReadonlyMap<string, LoadedProtocol>
  /** Documents that cannot be read, by id or else by folder name. */
  broken: ReadonlyMap<string, readonly Finding[]>
  /** Everything that is wrong, of all documents. */
  findings: readonly Finding[]
}

/** One folder, read: a protocol, or what keeps it from being one. */
export type FolderResult = { loaded: LoadedProtocol } | { id: string; findings: Finding[] }

const SHAPE = 'schemas/protocol.json'
const RECORD_SHAPE = 'schemas/signatures.json'

/**
 * Loads every folder that holds a protocol.json. A broken folder becomes findings and never takes
 * down the others.
 * @throws Error only where the protocols folder itself cannot be listed
 */
export function loadProtocols(dir: string): ProtocolSet {
  return assemble(listFolders(dir).map(folder => parseFolder(readFolder(dir, folder))))
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

function readText(path: string): string | undefined {
  try {
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
  if (json === undefined) return { id, findings: [finding(notJson('protocol.json', SHAPE))] }
  const wrong = validatorFor('protocol')(json)
  if (wrong.length) {
    const remarks = wrong.map(({ pointer, remedy }) => shape(pointer, remedy, SHAPE))
    return { id, findings: remarks.map(finding) }
  }
  const document = json as Protocol
  const { record, remarks } = parseRecord(files.signatures, document)
  const findings = [...remarks, ...lint(document)].map(finding)
  const { version } = document
  const digest = digestOf(document)
  return { loaded: { id, version, folder: files.folder, digest, document, record, findings } }
}

function parseRecord(
  text: string | undefined,
  { protocolId, version }: Protocol,
): { record: Signatures; remarks: Remark[] } {
  const none = { protocolId, version, signatures: [], publication: [], suspensions: [] }
  if (text === undefined) return { record: none, remarks: [] }
  const json = parseJson(text)
  if (json === undefined)
    return { record: none, remarks: [notJson('signatures.json', RECORD_SHAPE)] }
  const wrong = validatorFor('signatures')(json)
  if (wrong.length) {
    const remarks = wrong.map(({ pointer, remedy }) => shape(pointer, remedy, RECORD_SHAPE))
    return { record: none, remarks }
  }
  const record = json as Signatures
  if (record.protocolId === protocolId) return { record, remarks: [] }
  return { record: none, remarks: [otherProtocol()] }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function idOf(json: unknown, folder: string): string {
  const id = (json as { protocolId?: unknown } | null | undefined)?.protocolId
  return typeof id === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(id) ? id : folder
}

function notJson(file: string, source: string): Remark {
  return { code: 'not-json', path: file, text: `${file} is not JSON`, source }
}

function shape(pointer: string, text: string, source: string): Remark {
  const path = pointer.slice(1).replaceAll('/', '.') || 'document'
  return { code: 'shape', path, text, source }
}

function otherProtocol(): Remark {
  const text = 'signatures.json belongs to another protocol'
  return { code: 'signatures-elsewhere', path: 'signatures.json', text, source: RECORD_SHAPE }
}

/** Puts folders together: two of one id, or an accession without its framework, are findings. */
export function assemble(results: readonly (FolderResult | undefined)[]): ProtocolSet {
  const protocols = new Map<string, LoadedProtocol>()
  const broken = new Map<string, readonly Finding[]>()
  for (const result of results) {
    if (!result) continue
    if ('loaded' in result) addLoaded(protocols, result.loaded)
    else broken.set(result.id, [...(broken.get(result.id) ?? []), ...result.findings])
  }
  for (const [id, protocol] of protocols) protocols.set(id, withFramework(protocol, protocols))
  for (const protocol of accedingTwice(protocols)) {
    protocols.set(protocol.id, withRemark(protocol, ACCEDES_TWICE))
  }
  const findings = [...protocols.values()].flatMap(protocol => protocol.findings)
  return { protocols, broken, findings: [...findings, ...[...broken.values()].flat()] }
}

function addLoaded(protocols: Map<string, LoadedProtocol>, loaded: LoadedProtocol): void {
  const other = protocols.get(loaded.id)
  if (!other) {
    protocols.set(loaded.id, loaded)
    return
  }
  const remark = {
    code: 'two-documents',
    path: 'protocolId',
    text: `${other.folder} and ${loaded.folder} hold the same protocol id`,
    source: 'Huisbrug: one document of a protocol at a time',
  }
  protocols.set(loaded.id, withRemark(other, remark))
}

function withFramework(
  protocol: LoadedProtocol,
  protocols: ReadonlyMap<string, LoadedProtocol>,
): LoadedProtocol {
  if (!isAccession(protocol)) return protocol
  const framework = protocols.get(protocol.document.framework)
  if (framework && isAgreement(framework) && framework.document.kind === 'framework') {
    return framework.document.acceding?.kind === accedingKind(protocol)
      ? protocol
      : withRemark(protocol, WRONG_KIND)
  }
  return withRemark(protocol, NO_FRAMEWORK)
}

/** Accessions of one party to one framework: with two, neither can be meant. */
function accedingTwice(protocols: ReadonlyMap<string, LoadedProtocol>): LoadedProtocol[] {
  const accessions = [...protocols.values()].filter(isAccession)
  const who = ({ document }: (typeof accessions)[number]) =>
    `${document.framework} ${document.parties.find(party => party.role === 'acceding')?.id}`
  const groups = Map.groupBy(accessions, who)
  return [...groups.values()].filter(group => group.length > 1).flat()
}

function accedingKind({ document }: LoadedProtocol): string | undefined {
  return document.parties.find(party => party.role === 'acceding')?.kind
}

const NO_FRAMEWORK: Remark = {
  code: 'no-framework',
  path: 'framework',
  text: 'the framework is not here, or is not a framework',
  source: 'An accession says who joins; what is exchanged is in the framework alone',
}

const ACCEDES_TWICE: Remark = {
  code: 'accedes-twice',
  path: 'parties',
  text: 'the same party accedes to the framework in another document as well',
  source: 'One housing company, one declaration of accession',
}

const WRONG_KIND: Remark = {
  code: 'may-not-accede',
  path: 'parties',
  text: 'the framework is not open to this kind of party',
  source: 'The framework says who may accede',
}

function withRemark(protocol: LoadedProtocol, remark: Remark): LoadedProtocol {
  const finding: Finding = {
    severity: 'refused',
    protocol: protocol.id,
    folder: protocol.folder,
    ...remark,
  }
  return { ...protocol, findings: [...protocol.findings, finding] }
}
