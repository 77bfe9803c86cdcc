import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { readProcessConfig } from '../../config.ts'
import type { LoadedProtocol, Protocol } from '../../protocol/document.ts'
import { loadProtocols, type ProtocolSet, parseFolder } from '../../protocol/load.ts'

export { lines, writeOut } from '../output.ts'

/** Options that every protocol command takes. */
export interface Options {
  json?: boolean
  out?: string
}

/** What a command has to say, for scripts and for people. */
export interface Report {
  json: object
  text: string
  /** Exit 1: what was asked for was done, and the answer is bad. */
  bad?: boolean
}

/** A command with --json. */
export function simple(protocol: Command, name: string, description: string): Command {
  return protocol.command(name).description(description).option('--json', 'print JSON')
}

/** Prints a report; a bad one makes the program exit 1. */
export function print(command: Command, { json }: Options, report: Report): void {
  const out = command.configureOutput()
  out.writeOut?.(json ? `${JSON.stringify(report.json)}\n` : report.text)
  if (report.bad) process.exitCode = 1
}

/** The documents of HUISBRUG_PROTOCOLS_DIR as they are on disk; no database is asked. */
export function open(): ProtocolSet {
  const dir = readProcessConfig().protocolsDir
  try {
    return loadProtocols(dir)
  } catch {
    throw new Error(`the protocols folder ${dir} cannot be read (HUISBRUG_PROTOCOLS_DIR)`)
  }
}

/** Ids of which nothing can be read. */
export function onlyBroken(set: ProtocolSet): string[] {
  return [...set.broken.keys()].filter(id => !set.protocols.has(id))
}

/** @throws Error naming the ids that there are */
export function assertKnown(set: ProtocolSet, id: string): void {
  if (set.protocols.has(id) || set.broken.has(id)) return
  const known = [...set.protocols.keys(), ...onlyBroken(set)].toSorted().join(', ')
  throw new Error(`there is no protocol ${id}; there are: ${known || 'none'}`)
}

/** @throws Error where the document cannot be read */
export function readable(set: ProtocolSet, id: string): LoadedProtocol {
  assertKnown(set, id)
  const protocol = set.protocols.get(id)
  if (protocol) return protocol
  throw new Error(`${id} cannot be read as a protocol document; see huisbrug protocol lint ${id}`)
}

/** A document by its id in the folder, or else from a file. */
export function find(set: ProtocolSet, place: string): LoadedProtocol<Protocol> {
  if (set.protocols.has(place) || set.broken.has(place)) return readable(set, place)
  const result = parseFolder({ folder: place, protocol: readFile(place), signatures: undefined })
  if (result && 'loaded' in result) return result.loaded
  const first = result?.findings[0]
  throw new Error(`${place} is no protocol document: ${first?.path}: ${first?.text}`)
}

/** @throws Error where there is no such file, naming what it could have been */
export function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new Error(`${path} is neither the id of a protocol nor a file that can be read`)
  }
}

/** `1 document`, `2 documents` */
export function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`
}
