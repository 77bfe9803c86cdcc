import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { splitNote } from './note.ts'

/** A checkpoint that was given out, as it is kept outside the database. */
export interface KeptCheckpoint extends Checkpoint {
  /** Of the log's own signature, eight hexadecimal characters. */
  keyId: string
  note: string
}

const NAME = /^([0-9a-f]{8})\.(\d{1,16})$/

/**
 * The last checkpoint that this process gave out, of each log and key: a file of the data folder, so that a
 * database that is older than what was signed shows. Never less than what is there, whoever else writes.
 */
export class PublishedCheckpoints {
  readonly #folder: string
  readonly #sizes = new Map<string, number>()

  /** @param dataDir the data folder of this process */
  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'published')
  }

  /** The largest size that was kept here since the start, or read. */
  get size(): number {
    return Math.max(0, ...this.#sizes.values())
  }

  /** Keeps a checkpoint, on the disk before it returns; nothing where a later one is there. */
  async keep(note: string): Promise<void> {
    const { keyId, size } = readKept(note)
    const known = this.#sizes.get(keyId) ?? 0
    if (size <= known) return
    await this.#write(`${keyId}.${size}`, note)
    this.#sizes.set(keyId, Math.max(size, this.#sizes.get(keyId) ?? 0))
    for (const name of await this.#names()) {
      const [, other, of] = NAME.exec(name) ?? []
      if (other === keyId && Number(of) < size) await this.#remove(name)
    }
  }

  /** The last one of each log and key. */
  async read(): Promise<KeptCheckpoint[]> {
    const last = new Map<string, KeptCheckpoint>()
    for (const name of await this.#names()) {
      const kept = await this.#readOne(name)
      if (kept && kept.size > (last.get(kept.keyId)?.size ?? 0)) last.set(kept.keyId, kept)
    }
    for (const { keyId, size } of last.values())
      this.#sizes.set(keyId, Math.max(size, this.#sizes.get(keyId) ?? 0))
    return [...last.values()]
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(ignoreMissing)
    return (names ?? []).filter(name => NAME.test(name))
  }

  // Another process may replace it by a later one meanwhile.
  async #readOne(name: string): Promise<KeptCheckpoint | undefined> {
    const note = await readFile(join(this.#folder, name), 'utf8').catch(ignoreMissing)
    return note === undefined ? undefined : readKept(note)
  }

  async #write(name: string, note: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const draft = join(this.#folder, `${randomUUID()}.new`)
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(note)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, join(this.#folder, name))
    const folder = await open(this.#folder, 'r')
    await folder.sync().finally(() => folder.close())
  }

  async #remove(name: string): Promise<void> {
    await unlink(join(this.#folder, name)).catch(ignoreMissing)
  }
}

/**
 * What a checkpoint of ours says, and by which key.
 * @throws AuditError `note-malformed`, `checkpoint-malformed`
 */
export function readKept(note: string): KeptCheckpoint {
  const { text, signatures } = splitNote(note)
  const checkpoint = parseCheckpoint(text)
  const own = signatures.find(({ name }) => name === checkpoint.origin)
  return { ...checkpoint, keyId: own?.keyId.toString('hex') ?? '', note }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
