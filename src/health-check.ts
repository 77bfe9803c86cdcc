import type { Disclosures } from './audit/disclosure.ts'
import type { Config } from './config.ts'
import type { Context } from './context.ts'
import type { Queryable } from './db/pool.ts'
import type { Reading } from './db/reading.ts'
import type { KeyStore } from './keys/key-store.ts'
import type { PseudonymKeys } from './pseudonym/evaluator.ts'

/** One thing that was looked at. */
export interface HealthCheck {
  name: string
  ok: boolean
  detail: string
  /** What to do where it is not well. */
  remedy?: string
  /** A person must look, but this process serves as well as any other: it stays ready. */
  advisory?: true
}

/** What is looked at, and the time. */
export interface HealthParts {
  pool: Queryable
  clock: () => Date
  /** Where absent, what only the protocols can tell is left out. */
  protocols?: Context['protocols']
  /** Where absent, the queue is not looked at. */
  wakeUps?: Pick<Context['wakeUps'], 'depth' | 'engine'>
  keys?: Pick<KeyStore, 'check'>
  disclosures?: Pick<Disclosures, 'read'>
  /** Where absent, a replica is not looked at. */
  reading?: Pick<Reading, 'standing'>
  /** Where the keys of the pseudonyms live, and whether that is elsewhere. */
  evaluator?: Pick<PseudonymKeys, 'check'>
  config?: Pick<Config, 'evaluator'> & Partial<Pick<Config, 'probe'>>
}

/** The first few of many, so that the line stays one. */
export function list(names: readonly string[]): string {
  const shown = names.slice(0, 4).join(', ').slice(0, 400)
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown
}
