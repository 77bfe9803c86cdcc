import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Piscina } from 'piscina'
import type { Hashing } from './settings.ts'
import type { VoprfTask } from './voprf-thread.ts'

/** Turns national numbers into pseudonyms of 16 bytes, base64url, in their order. */
export interface Pseudonyms {
  of(numbers: readonly string[]): Promise<string[]> | string[]
  close(): Promise<void>
}

/** A message is cut into parts of so many people, that the threads share. */
const PART = 250

/** A keyed hash here, or a VOPRF in threads. */
export function createPseudonyms(
  hashing: Hashing,
  threads: number,
  seed = randomBytes(64),
): Pseudonyms {
  return hashing === 'keyed-hash'
    ? keyedHashes(createSecretKey(seed))
    : voprf(seed, hashing === 'voprf' ? 1 : 2, threads)
}

function keyedHashes(key: KeyObject): Pseudonyms {
  const one = (number: string) =>
    createHmac('sha256', key).update(number).digest().subarray(0, 16).toString('base64url')
  return { of: numbers => numbers.map(one), close: async () => {} }
}

function voprf(seed: Buffer, evaluations: 1 | 2, threads: number): Pseudonyms {
  const pool = new Piscina<VoprfTask, string[]>({
    filename: new URL('voprf-thread.ts', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
  })
  return {
    of: async numbers => {
      const parts: Promise<string[]>[] = []
      for (let start = 0; start < numbers.length; start += PART) {
        const task = { seed, evaluations, numbers: numbers.slice(start, start + PART) }
        parts.push(pool.run(task, { name: 'evaluate' }))
      }
      return (await Promise.all(parts)).flat()
    },
    close: async () => {
      // V8 ends the whole process where a thread is ended that still loads libsodium.
      while (pool.idleThreads < threads) await sleep(10)
      await pool.close()
    },
  }
}
