import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import canonicalize from 'canonicalize'
import { readWhole, writeWhole } from './peer-keys.ts'

/** A party as a protocol document names it. */
export interface ProtocolParty {
  id: string
  kind: string
  name: string
  kbo: string
}

interface Document {
  protocolId: string
  version: string
  parties: ProtocolParty[]
}

interface Signatures {
  protocolId: string
  version: string
  signatures: { party: string; date: string; digest: string }[]
  publication: { party: string; date: string; digest: string }[]
  suspensions: unknown[]
}

const DOCUMENT = 'protocol.json'
const RECORD = 'signatures.json'

/**
 * The demo's own copy of the sample protocols, with the moment of signing in its hands. The samples
 * were never concluded; the demo plays that they are, today.
 */
export class DemoProtocols {
  readonly #source: string
  readonly #copy: string

  constructor(source: string, copy: string) {
    this.#source = source
    this.#copy = copy
  }

  /** Copies documents that are new or changed; a changed one is unsigned. */
  refresh(): void {
    for (const folder of this.#folders()) {
      const from = join(this.#source, folder, DOCUMENT)
      const to = join(this.#copy, folder, DOCUMENT)
      if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) continue
      mkdirSync(join(this.#copy, folder), { recursive: true, mode: 0o700 })
      rmSync(join(this.#copy, folder, RECORD), { force: true })
      copyFileSync(from, to)
    }
  }

  get isSigned(): boolean {
    return this.#folders().every(folder => existsSync(join(this.#copy, folder, RECORD)))
  }

  /** Takes all signatures back. */
  unsign(): void {
    for (const folder of this.#folders()) rmSync(join(this.#copy, folder, RECORD), { force: true })
  }

  /** Has everybody who signed a sample sign and publish its copy today (YYYY-MM-DD). */
  sign(today: string): void {
    for (const folder of this.#folders()) {
      const record = readWhole<Signatures>(join(this.#source, folder, RECORD))
      if (!record) continue
      const digest = digestOf(this.#document(folder))
      const dated = <T extends object>(one: T) => ({ ...one, date: today, digest })
      const { signatures, publication } = record
      writeWhole(join(this.#copy, folder, RECORD), {
        ...record,
        signatures: signatures.map(dated),
        publication: publication.map(dated),
        suspensions: [],
      })
    }
  }

  /** Everybody whom a document names, once. */
  parties(): ProtocolParty[] {
    const all = this.#folders().flatMap(folder => this.#document(folder).parties)
    return [...new Map(all.map(party => [party.id, party])).values()]
  }

  /** Ids of all documents. */
  ids(): string[] {
    return this.#folders().map(folder => this.#document(folder).protocolId)
  }

  #document(folder: string): Document {
    return JSON.parse(readFileSync(join(this.#copy, folder, DOCUMENT), 'utf8')) as Document
  }

  #folders(): string[] {
    const names = readdirSync(this.#source)
    return names.filter(name => existsSync(join(this.#source, name, DOCUMENT))).sort()
  }
}

// SHA-256 over RFC 8785 JSON: what a signature counts for.
function digestOf(document: object): string {
  return createHash('sha256')
    .update(canonicalize(document) ?? '')
    .digest('base64url')
}
