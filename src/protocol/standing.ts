import type { ErrorCode } from '../errors.ts'
import { statusAt } from './lifecycle.ts'
import type { ProtocolSet } from './load.ts'
import { frameworkOf } from './lookup.ts'

/** Where one protocol stands at one moment. */
export interface Standing {
  id: string
  version: string
  /** Empty where the document cannot be read. */
  digest: string
  /** In force, or the code of the first obstacle. */
  status: 'in-force' | ErrorCode
}

export type Standings = ReadonlyMap<string, Standing>

/** What happened to a protocol between two looks. */
export interface ProtocolChange {
  id: string
  event: 'in-force' | 'suspended' | 'resumed' | 'broken' | 'changed' | 'removed'
  before: Standing | undefined
  after: Standing | undefined
}

/** Where every protocol stands at an instant, by id; an accession as it is without its framework. */
export function standingsOf(set: ProtocolSet, at: Date): Standings {
  const standings = new Map<string, Standing>()
  for (const id of set.broken.keys()) {
    standings.set(id, { id, version: '', digest: '', status: 'HB-317' })
  }
  for (const protocol of set.protocols.values()) {
    const { id, version, digest } = protocol
    const status = statusAt(protocol, at, frameworkOf(set, protocol))
    standings.set(id, { id, version, digest, status: status === 'in-force' ? status : status.code })
  }
  return standings
}

/** The protocols whose document or status differs, in alphabetical order. */
export function changesBetween(before: Standings, after: Standings): ProtocolChange[] {
  const ids = [...new Set([...before.keys(), ...after.keys()])].sort()
  return ids.flatMap(id => {
    const [old, now] = [before.get(id), after.get(id)]
    const same = old?.digest === now?.digest && old?.status === now?.status
    return same ? [] : [{ id, event: eventOf(old, now), before: old, after: now }]
  })
}

function eventOf(old: Standing | undefined, now: Standing | undefined): ProtocolChange['event'] {
  if (!now) return 'removed'
  if (now.status === old?.status) return 'changed'
  if (now.status === 'HB-317') return 'broken'
  if (now.status === 'HB-307') return 'suspended'
  if (now.status !== 'in-force') return 'changed'
  return old?.status === 'HB-307' ? 'resumed' : 'in-force'
}
