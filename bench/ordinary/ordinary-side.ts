import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { processorSeconds } from '../system/processes.ts'
import { startNode } from '../system/program.ts'
import type { Contestant } from './contest.ts'
import { COMPANIES } from './product-side.ts'
import { type BenchRedis, startRedis } from './redis.ts'
import { type Hashing, type OrdinarySettings, TOKEN } from './settings.ts'
import { type Stage, sendSet } from './stage.ts'

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url))
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
  const { options, folder, receiver } = stage
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  const own = join(folder, `${hashing}-${jobs}`)
  mkdirSync(own)
  const redis = await startRedis(own)
  options.atEnd(() => redis.close())
  const settings: OrdinarySettings = {
    ...{ hashing, jobs, threads: THREADS, redisUrl: redis.url },
    logFile: join(own, 'log.jsonl'),
    baseUrl: receiver.baseUrl,
    tokenUrl: receiver.tokenUrl,
    tokenKey: await exportJWK(publicKey),
  }
  const running = startNode({
    file: PROGRAM,
    args: [JSON.stringify(settings)],
    nodeArgs,
    env: { NODE_ENV: 'production' },
    logFile: join(own, 'output.txt'),
  })
  options.atEnd(() => running.stop())
  const [{ port }] = (await once(running.child, 'message')) as [{ port: number }]
  const senders = await Promise.all(
    Array.from({ length: COMPANIES }, async (_, i) => ({
      party: `company-${i}`,
      token: await tokenFor(`company-${i}`, privateKey),
    })),
  )
  const entrance = { url: `http://127.0.0.1:${port}`, senders }
  return {
    name,
    seconds: () => ({ program: running.seconds(), Redis: secondsOf(redis) }),
    run: set => sendSet(stage, entrance, set),
  }
}

async function tokenFor(party: string, key: CryptoKey): Promise<string> {
  const token = new SignJWT({ client_id: party }).setProtectedHeader({ alg: 'EdDSA' })
  const { issuer, audience } = TOKEN
  return token
    .setSubject(party)
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime('1h')
    .sign(key)
}

function secondsOf({ process }: BenchRedis): number {
  return process.pid === undefined ? Number.NaN : processorSeconds(process.pid)
}
