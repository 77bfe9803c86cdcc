import { type BigIntStats, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../log.ts'
import { KeptNotes, type NotesSource } from './kept-notes.ts'
import { type FolderResult, listFolders, parseFolder, readFolder } from './load.ts'
import { NO_NOTES, type Notes } from './notes.ts'
import { changesBetween, type ProtocolChange, type Standings, standingsOf } from './standing.ts'
import { type Gathered, gatherFolders, leadersOf, type ProtocolSet, setAt } from './versions.ts'

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
  /** Signatures that verified, and suspensions by command; without it no signature counts. */
  notes?: NotesSource
}

/** What was read of a folder, and by what it shows that it has changed. */
interface Cached {
  fingerprint: string | undefined
  /** What was in its files. */
  text: string | undefined
  result: FolderResult | undefined
}

/**
 * The protocols of a folder, kept up to date: files that change, what the database knows besides
 * them, and dates that pass. A folder that breaks never takes down the others; a file caught
 * half-written is read again before it counts; a database that does not answer changes nothing.
 */
export class ProtocolRegistry {
  readonly #dir: string
  readonly #log: Pick<Logger, 'warn' | 'info' | 'error'>
  readonly #clock: () => Date
  readonly #pollMilliseconds: number
  readonly #folders = new Map<string, Cached>()
  readonly #listeners = new Set<ChangeListener>()
  readonly #notes: KeptNotes
  #gathered: Gathered
  #gatheredWith: Notes = NO_NOTES
  #set: ProtocolSet
  #standings: Standings
  #timer: NodeJS.Timeout | undefined

  /**
   * Loads a folder and what is known besides it. The registry does not watch until told to.
   * @throws Error where the folder cannot be listed, or the suspensions cannot be read
   */
  static async open(
    dir: string,
    log: Pick<Logger, 'warn' | 'info' | 'error'>,
    settings: Settings = {},
  ): Promise<ProtocolRegistry> {
    const registry = new ProtocolRegistry(dir, log, settings)
    await registry.#notes.open(registry.#set)
    registry.#settle()
    registry.#standings = standingsOf(registry.#set, registry.#clock())
    registry.#report()
    return registry
  }

  private constructor(
    dir: string,
    log: Pick<Logger, 'warn' | 'info' | 'error'>,
    { clock = () => new Date(), pollMilliseconds = POLL_MILLISECONDS, notes }: Settings,
  ) {
    this.#dir = dir
    this.#log = log
    this.#clock = clock
    this.#pollMilliseconds = Math.min(pollMilliseconds, 500)
    this.#notes = new KeptNotes(notes, log)
    this.#readFolders(listFolders(dir), true)
    this.#gathered = this.#gather()
    this.#set = setAt(this.#gathered, clock())
    this.#standings = standingsOf(this.#set, clock())
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
    if (this.#readFolders(this.#listFolders(), true)) this.#settle(true)
    const noted = await this.#notes.refresh(this.#set)
    return this.#tell(noted)
  }

  /** Looks at the folder and the database again and again, until closed. */
  watch(): this {
    this.#timer ??= setInterval(() => this.#poll(), this.#pollMilliseconds).unref()
    return this
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#notes.close()
  }

  /** Files count at once; what is asked of the database or of a party's address, when it answers. */
  #poll(): void {
    const failed = (error: unknown) => {
      this.#log.error('the protocols cannot be looked at', { error: (error as Error).message })
    }
    try {
      const read = this.#readFolders(this.#listFolders(), false)
      this.#tell(read).catch(failed)
      this.#notes.poll(this.#set, () => this.#tell(true).catch(failed))
    } catch (error) {
      failed(error)
    }
  }

  async #tell(anew: boolean): Promise<boolean> {
    this.#settle(anew)
    const standings = standingsOf(this.#set, this.#clock())
    const changes = changesBetween(this.#standings, standings)
    this.#standings = standings
    if (!changes.length) return false
    this.#report(changes.map(change => change.id))
    const change = { set: this.#set, changes }
    await Promise.all([...this.#listeners].map(listener => listener(change)))
    return true
  }

  /** Puts together what was read; the same set where nothing changed, time included. */
  #settle(anew = true): void {
    const regather = anew || this.#notes.now() !== this.#gatheredWith
    if (regather) this.#gathered = this.#gather()
    const next = setAt(this.#gathered, this.#clock())
    if (regather || leadersOf(next) !== leadersOf(this.#set)) this.#set = next
  }

  #gather(): Gathered {
    this.#gatheredWith = this.#notes.now()
    const results = [...this.#folders.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return gatherFolders(
      results.map(([, { result }]) => result),
      this.#gatheredWith,
    )
  }

  /** Reads the folders that changed; tells whether any did. */
  #readFolders(folders: readonly string[], anew: boolean): boolean {
    const gone = [...this.#folders.keys()].filter(folder => !folders.includes(folder))
    for (const folder of gone) this.#folders.delete(folder)
    const changed = folders.map(folder => this.#readFolder(folder, anew)).includes(true)
    return changed || gone.length > 0
  }

  /** A protocols folder that goes away takes every protocol with it. */
  #listFolders(): string[] {
    try {
      return listFolders(this.#dir)
    } catch {
      return []
    }
  }

  /** Reads one folder where its files changed; tells whether it was read. */
  #readFolder(folder: string, anew: boolean): boolean {
    const known = this.#folders.get(folder)
    const fingerprint = this.#fingerprint(folder)
    if (!anew && known?.fingerprint !== undefined && known.fingerprint === fingerprint) return false
    const files = readFolder(this.#dir, folder)
    const text = JSON.stringify(files)
    if (known && known.text === text) {
      this.#folders.set(folder, { ...known, fingerprint })
      return false
    }
    const result = parseFolder(files)
    const broke = isUnreadable(result) && known?.result && !isUnreadable(known.result)
    if (broke && !anew && known.fingerprint !== undefined) {
      // Perhaps half-written: keep the old one, and believe it if it is still so at the next look.
      this.#folders.set(folder, { ...known, fingerprint: undefined })
      return false
    }
    this.#folders.set(folder, { fingerprint, text, result })
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
      // What is only unwise is for who reads the lint, not for every start of the gateway.
      const { protocol, folder, code, path, severity } = finding
      const unwise = severity === 'warning' && !code.startsWith('signature-')
      if (unwise || (ids && !ids.includes(protocol))) continue
      const fact = { protocol, folder, code, path }
      if (severity === 'refused') this.#log.warn('a protocol document is not valid', fact)
      if (code.startsWith('signature-')) this.#log.warn('a signature does not count', fact)
    }
  }
}

/** Whether a file of it is no JSON, as one that is half-written. */
function isUnreadable(result: FolderResult | undefined): boolean {
  if (!result) return false
  return !('loaded' in result) || result.loaded.findings.some(({ code }) => code === 'not-json')
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true })
  } catch {
    return undefined
  }
}
