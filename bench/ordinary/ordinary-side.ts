import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { processorSeconds } from '../system/processes.ts'
import type { Contestant } from './contest.ts'
import { COMPANIES } from './product-side.ts'
import { type BenchRedis, startRedis } from './redis.ts'
import type { Hashing, OrdinarySettings } from './settings.ts'
import { type Stage, sendSet } from './stage.ts'
import { startOrdinary } from './start.ts'
import { tokenFor } from './token.ts'

/** As many as the product has by default. */
const THREADS = 2

/** Which of the ordinary ones. */
export interface Variant {
  name: string
  hashing: Hashing
  jobs: OrdinarySettings['jobs']
}

/** An ordinary program with a Redis of its own. */
export async function ordinarySide(
  stage: Stage,
  { name, hashing, jobs }: Variant,
  nodeArgs: readonly string[] = [],
): Promise<Contestant> {
  const { options, receiver } = stage
  const folder = join(stage.folder, `${hashing}-${jobs}`)
  mkdirSync(folder)
  const redis = await startRedis(folder)
  options.atEnd(() => redis.close())
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  const { baseUrl, tokenUrl } = receiver
  const settings = { hashing, jobs, threads: THREADS, redisUrl: redis.url, baseUrl, tokenUrl }
  const tokenKey = await exportJWK(publicKey)
  const { running, url } = await startOrdinary(folder, { ...settings, tokenKey }, nodeArgs)
  options.atEnd(() => running.stop())
  const senders = await Promise.all(
    Array.from({ length: COMPANIES }, async (_, i) => {
      const party = `company-${i}`
      return { party, token: await tokenFor(party, privateKey) }
    }),
  )
  return {
    name,
    seconds: () => ({ program: running.seconds(), Redis: secondsOf(redis) }),
    run: set => sendSet(stage, { url, senders }, set),
  }
}

function secondsOf({ process }: BenchRedis): number {
  return process.pid === undefined ? Number.NaN : processorSeconds(process.pid)
}
