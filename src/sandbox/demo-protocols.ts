import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readWhole } from './peer-keys.ts'

/** A party as a protocol document names it. */
export interface ProtocolParty {
  id: string
  kind: string
  name: string
  kbo: string
}

interface Document {
  protocolId: string
  framework?: string
  version: string
  parties: ProtocolParty[]
}

interface Signatures {
  signatures: { party: string; jws?: string }[]
}

const DOCUMENT = 'protocol.json'
const RECORD = 'signatures.json'
/** The framework that the demo plays; other samples stay on the shelf. */
const PLAYED = 'wm-vdab'

/**
 * The demo's own copy of the sample protocols, which its parties sign. The samples were never
 * concluded; the demo plays that they are, today.
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
      this.#unsign(folder)
      copyFileSync(from, to)
    }
  }

  /** Whether each party of each document signed it with the key of that kid. */
  isSignedWith(kids: Readonly<Record<string, string>>): boolean {
    return this.#folders().every(folder => {
      const record = readWhole<Signatures>(join(this.#copy, folder, RECORD))
      const signed = record?.signatures.map(({ party, jws }) => `${party} ${kidOf(jws)}`) ?? []
      return this.#document(folder).parties.every(({ id }) => signed.includes(`${id} ${kids[id]}`))
    })
  }

  /** Takes all signatures back; where it is published stays. */
  unsign(): void {
    for (const folder of this.#folders()) this.#unsign(folder)
  }

  /** Which documents each party has to sign, by party. */
  signers(): ReadonlyMap<string, readonly string[]> {
    const pairs = this.#folders().flatMap(folder => {
      const { protocolId, parties } = this.#document(folder)
      return parties.map(party => ({ party: party.id, protocolId }))
    })
    const groups = Map.groupBy(pairs, ({ party }) => party)
    return new Map([...groups].map(([party, all]) => [party, all.map(one => one.protocolId)]))
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

  #unsign(folder: string): void {
    const from = join(this.#source, folder, RECORD)
    const to = join(this.#copy, folder, RECORD)
    if (existsSync(from)) copyFileSync(from, to)
    else rmSync(to, { force: true })
  }

  #document(folder: string): Document {
    return JSON.parse(readFileSync(join(this.#copy, folder, DOCUMENT), 'utf8')) as Document
  }

  #folders(): string[] {
    const names = readdirSync(this.#source).filter(name =>
      existsSync(join(this.#source, name, DOCUMENT)),
    )
    return names.filter(name => this.#isPlayed(name)).sort()
  }

  #isPlayed(folder: string): boolean {
    const { protocolId, framework = protocolId } = JSON.parse(
      readFileSync(join(this.#source, folder, DOCUMENT), 'utf8'),
    ) as Document
    return framework === PLAYED
  }
}

/** The kid in the header of a JWS that the demo made itself. */
function kidOf(jws: string | undefined): string | undefined {
  if (jws === undefined) return undefined
  const header = Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString()
  return (JSON.parse(header) as { kid?: string }).kid
}
