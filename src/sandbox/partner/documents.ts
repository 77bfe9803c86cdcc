import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import canonicalize from 'canonicalize'

const FRAMEWORK = 'wm-vdab'
/** The sample that accessions of other ids are made after. */
const PATTERN = { id: 'woonboog', name: 'Woonboog', kbo: '0999000327' }

/** A housing company that accedes. */
export interface Acceding {
  id: string
  name: string
  kbo: string
}

interface Line {
  party: string
  digest: string
}

interface SignatureRecord {
  publication: Line[]
  [member: string]: unknown
}

export interface DocumentsOptions {
  /** The sample protocols. */
  source: string
  /** Where the sandbox's own go. */
  folder: string
  companies: readonly Acceding[]
  /** Answers per person (found or not) in place of one number a month. */
  perPerson: boolean
}

/**
 * Writes the framework and an accession of each company, after the samples: published by all, signed by
 * none. The samples were never concluded; the sandbox plays that they are, today.
 * @returns the ids of the documents that each party has to sign
 */
export function writeDocuments(options: DocumentsOptions): ReadonlyMap<string, string[]> {
  const { source, folder, companies, perPerson } = options
  const framework = readJson(join(source, FRAMEWORK, 'protocol.json'))
  if (perPerson) Object(framework['modalities']).granularity = 'person'
  const record = readJson(join(source, FRAMEWORK, 'signatures.json')) as SignatureRecord
  write(join(folder, FRAMEWORK), framework, record)
  const frameworkDigest = digestOf(framework)
  for (const company of companies) {
    const from = join(source, accessionId(PATTERN.id))
    const document = readAs(join(from, 'protocol.json'), company)
    const signatures = readAs(join(from, 'signatures.json'), company) as SignatureRecord
    write(join(folder, accessionId(company.id)), { ...document, frameworkDigest }, signatures)
  }
  const accessions = companies.map(({ id }) => accessionId(id))
  const own = companies.map(({ id }): [string, string[]] => [id, [accessionId(id)]])
  return new Map([['vdab', [FRAMEWORK, ...accessions]], ...own])
}

/** The id of a company's accession to the framework. */
export function accessionId(company: string): string {
  return `${FRAMEWORK}-${company}`
}

function write(folder: string, document: Record<string, unknown>, record: SignatureRecord): void {
  const digest = digestOf(document)
  const publication = record.publication.map(line => ({ ...line, digest }))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'protocol.json'), JSON.stringify(document, null, 2))
  const unsigned = { ...record, signatures: [], publication, suspensions: [] }
  writeFileSync(join(folder, 'signatures.json'), JSON.stringify(unsigned, null, 2))
}

// As protocol documents say: SHA-256 over RFC 8785 canonical JSON, base64url.
function digestOf(document: object): string {
  return hash('sha256', canonicalize(document) ?? '', 'base64url')
}

function readAs(file: string, { id, name, kbo }: Acceding): Record<string, unknown> {
  const text = readFileSync(file, 'utf8')
    .replaceAll(PATTERN.kbo, kbo)
    .replaceAll(PATTERN.name, JSON.stringify(name).slice(1, -1))
    .replaceAll(PATTERN.id, id)
  return JSON.parse(text)
}

function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8'))
}
