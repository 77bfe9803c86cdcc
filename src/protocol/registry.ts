import { type BigIntStats, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../log.ts'
import {
  assemble,
  type FolderResult,
  listFolders,
  type ProtocolSet,
  parseFolder,
  readFolder,
} from './load.ts'
import { changesBetween, type ProtocolChange, type Standings, standingsOf } from './standing.ts'

/** Longest time between two looks at the folder; a suspension must work within a second. */
const POLL_MILLISECONDS = 250
/** A file changed less than this ago may change again without its time showing it. */
const SETTLING_MILLISECONDS = 1_000

/** What listeners learn: the new set, and what changed from the former. */
export interface RegistryChange {
  set: ProtocolSet
  changes: ProtocolChange[]
}

export type ChangeListener = (change: RegistryChange) => void | Promise<void>

interface Settings {
  clock?: () => Date
  pollMilliseconds?: number
}

/** What was read of a folder, and by what it shows that it has changed. */
interface Cached {
  fingerprint: string | undefined
  result: FolderResult | undefined
}

/**
 * The protocols of a folder, kept up to date: files that change, and dates that pass. A folder that
 * breaks never takes down the others; a file caught half-written is read again before it counts.
 */
export class ProtocolRegistry {
  readonly #dir: string
  readonly #log: Pick<Logger, 'warn' | 'info' | 'error'>
  readonly #clock: () => Date
  readonly #pollMilliseconds: number
  readonly #folders = new Map<string, Cached>()
  readonly #listeners = new Set<ChangeListener>()
  #set: ProtocolSet
  #standings: Standings
  #timer: NodeJS.Timeout | undefined

  /** Loads a folder. The registry does not watch until told to. */
  static async open(
    dir: string,
    log: Pick<Logger, 'warn' | 'info' | 'error'>,
    settings: Settings = {},
  ): Promise<ProtocolRegistry> {
    return new ProtocolRegistry(dir, log, settings)
  }

  private constructor(
    dir: string,
    log: Pick<Logger, 'warn' | 'info' | 'error'>,
    { clock = () => new Date(), pollMilliseconds = POLL_MILLISECONDS }: Settings,
  ) {
    this.#dir = dir
    this.#log = log
    this.#clock = clock
    this.#pollMilliseconds = Math.min(pollMilliseconds, 500)
    this.#set = this.#read(true)
    this.#standings = standingsOf(this.#set, clock())
    this.#report()
  }

  /** The set as it is now; keep one for one decision, ask again for the next. */
  current(): ProtocolSet {
    return this.#set
  }

  /** Where each protocol stands: in force, or the code of its obstacle. */
  standings(): Standings {
    return this.#standings
  }

  /** Calls back after each change. Returns a function that stops that. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads everything anew, now. Tells whether anything changed, after all listeners are done. */
  async reload(): Promise<boolean> {
    return this.#update(true)
  }

  /** Looks at the folder again and again, until closed. */
  watch(): this {
    this.#timer ??= setInterval(() => this.#poll(), this.#pollMilliseconds).unref()
    return this
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #poll(): void {
    this.#update(false).catch(error => {
      this.#log.error('the protocols cannot be looked at', { error: (error as Error).message })
    })
  }

  async #update(anew: boolean): Promise<boolean> {
    this.#set = this.#read(anew)
    const standings = standingsOf(this.#set, this.#clock())
    const changes = changesBetween(this.#standings, standings)
    this.#standings = standings
    if (!changes.length) return false
    this.#report(changes.map(change => change.id))
    const change = { set: this.#set, changes }
    await Promise.all([...this.#listeners].map(listener => listener(change)))
    return true
  }

  /** Reads what changed; the same set where nothing did. */
  #read(anew: boolean): ProtocolSet {
    const folders = this.#listFolders()
    const gone = [...this.#folders.keys()].filter(folder => !folders.includes(folder))
    for (const folder of gone) this.#folders.delete(folder)
    const changed = folders.map(folder => this.#readFolder(folder, anew)).includes(true)
    if (!changed && !gone.length && this.#set) return this.#set
    return assemble(folders.map(folder => this.#folders.get(folder)?.result))
  }

  /** A protocols folder that goes away takes every protocol with it; at the start it must be there. */
  #listFolders(): string[] {
    try {
      return listFolders(this.#dir)
    } catch (error) {
      if (!this.#set) throw error
      return []
    }
  }

  /** Reads one folder where its files changed; tells whether it was read. */
  #readFolder(folder: string, anew: boolean): boolean {
    const known = this.#folders.get(folder)
    const fingerprint = this.#fingerprint(folder)
    if (!anew && known?.fingerprint !== undefined && known.fingerprint === fingerprint) return false
    const result = parseFolder(readFolder(this.#dir, folder))
    const broke = result && !('loaded' in result) && known?.result && 'loaded' in known.result
    if (broke && !anew && known.fingerprint !== undefined) {
      // Perhaps half-written: keep the old one, and believe it if it is still so at the next look.
      this.#folders.set(folder, { fingerprint: undefined, result: known.result })
      return false
    }
    this.#folders.set(folder, { fingerprint, result })
    return true
  }

  /** Times, sizes and inodes of the files; undefined while one may still be changing. */
  #fingerprint(folder: string): string | undefined {
    const stats = ['protocol.json', 'signatures.json'].map(file =>
      statOf(join(this.#dir, folder, file)),
    )
    const latest = Math.max(...stats.map(stat => Number(stat?.ctimeMs ?? 0n)))
    if (Date.now() - latest < SETTLING_MILLISECONDS) return undefined
    return stats.map(stat => `${stat?.ctimeNs} ${stat?.mtimeNs} ${stat?.size} ${stat?.ino}`).join()
  }

  #report(ids?: string[]): void {
    for (const finding of this.#set.findings) {
      if (ids && !ids.includes(finding.protocol)) continue
      const { protocol, folder, code, path } = finding
      this.#log.warn('a protocol document is not valid', { protocol, folder, code, path })
    }
  }
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true })
  } catch {
    return undefined
  }
}
