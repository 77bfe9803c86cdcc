import { isLoopbackAddress } from '../../access/peer-url.ts'
import type { Config } from '../../config.ts'
import { QuietClient } from '../../db/client.ts'
import type { RedisPlace } from '../../queue/redis.ts'
import { fine, found, type SettingCheck } from './finding.ts'

const PATIENCE_MS = 5_000
const OLDEST_MAJOR = 15
const MAX_CLOCK_MS = 2_000

/** Whether what the settings name answers: database (with TLS and clock), replica and queue. Changes nothing. */
export async function examineReach(config: Config): Promise<SettingCheck[]> {
  const database = await checkDatabase(config)
  return [...database, ...(await checkReplica(config)), await checkQueue(config)]
}

async function checkDatabase({ databaseUrl }: Config): Promise<SettingCheck[]> {
  if (!databaseUrl) {
    return [
      found('needed', 'database', {
        detail: 'an embedded one, in the data folder',
        remedy: 'Set HUISBRUG_DATABASE_URL: PostgreSQL 15 or newer, with a backup of its own.',
      }),
    ]
  }
  let client: QuietClient | undefined
  try {
    client = new QuietClient({
      connectionString: databaseUrl,
      connectionTimeoutMillis: PATIENCE_MS,
      query_timeout: PATIENCE_MS,
    })
    await client.connect()
    return await askDatabase(client, databaseUrl)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    const remedy =
      'Start it; check the address, password and certificate in HUISBRUG_DATABASE_URL, and the network.'
    return [found('wrong', 'database', { detail: message || code || 'no answer', remedy })]
  } finally {
    await client?.end().catch(() => {})
  }
}

async function askDatabase(client: QuietClient, url: string): Promise<SettingCheck[]> {
  const from = Date.now()
  const { rows } = await client.query(
    `SELECT current_setting('server_version_num')::int / 10000 AS major, clock_timestamp() AS now,
            (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS tls`,
  )
  const [{ major, now, tls }] = rows
  const until = Date.now()
  const apart = Math.round(now.getTime() - (from + until) / 2)
  const isNear = Math.abs(apart) <= MAX_CLOCK_MS + (until - from) / 2
  const clock = isNear
    ? fine('clock', `the database is ${apart} ms from this machine`)
    : found('wrong', 'clock', {
        detail: `the database is ${apart} ms from this machine`,
        remedy: 'Let both machines follow a time server (NTP).',
      })
  return [describeDatabase(major, tls === true || isLocal(url), tls), clock]
}

function describeDatabase(major: number, isSafe: boolean, tls: boolean): SettingCheck {
  const detail = `PostgreSQL ${major}, ${tls ? 'by TLS' : isSafe ? 'on this machine' : 'in the clear'}`
  if (major < OLDEST_MAJOR) {
    const remedy = `Use PostgreSQL ${OLDEST_MAJOR} or newer.`
    return found('wrong', 'database', { detail, remedy })
  }
  if (isSafe) return fine('database', detail)
  const remedy =
    'Add ?sslmode=verify-full to HUISBRUG_DATABASE_URL, unless that network is of the two alone.'
  return found('needed', 'database', { detail, remedy })
}

async function checkReplica({ readDatabaseUrl: url }: Config): Promise<SettingCheck[]> {
  if (!url) return []
  const name = 'read-database'
  const client = new QuietClient({
    connectionString: url,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
  })
  try {
    await client.connect()
    const { rows } = await client.query('SELECT pg_is_in_recovery() AS follows')
    if (rows[0].follows) return [fine(name, 'a replica answers')]
    const remedy = 'Name a streaming replica of HUISBRUG_DATABASE_URL, or leave the setting out.'
    return [found('wrong', name, { detail: 'it is no replica', remedy })]
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    const remedy = 'Start it; check HUISBRUG_READ_DATABASE_URL. Without it the primary is read.'
    return [found('wrong', name, { detail: message || code || 'no answer', remedy })]
  } finally {
    await client.end().catch(() => {})
  }
}

async function checkQueue({ queueUrl }: Config): Promise<SettingCheck> {
  if (!queueUrl?.startsWith('redis')) return fine('queue', 'in PostgreSQL')
  const { askMemory, readRedisUrl } = await import('../../queue/redis.ts')
  try {
    const memory = await askMemory(queueUrl, PATIENCE_MS)
    return describeQueue(readRedisUrl(queueUrl), memory)
  } catch (error) {
    const remedy =
      'Start it; check HUISBRUG_QUEUE_URL and the network. Without that setting PostgreSQL does.'
    return found('wrong', 'queue', { detail: (error as Error).message, remedy })
  }
}

function describeQueue({ urls, isEncrypted, isCluster }: RedisPlace, memory: string[]) {
  const policies = memory.map(text => /maxmemory_policy:(\S+)/.exec(text)?.[1] ?? 'noeviction')
  const dropping = policies.find(policy => policy !== 'noeviction')
  if (dropping) {
    const remedy = 'Set maxmemory-policy to noeviction there: a wake-up that is dropped comes late.'
    return found('needed', 'queue', { detail: `Redis drops what it holds (${dropping})`, remedy })
  }
  const detail = isCluster ? `a Redis cluster answers, ${memory.length} primaries` : 'Redis answers'
  if (isEncrypted || urls.every(isLocal)) return fine('queue', detail)
  const remedy = 'Use rediss://, unless that network is of the two alone.'
  return found('hint', 'queue', { detail: `${detail}, in the clear`, remedy })
}

function isLocal(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : ''
  return host === '' || host === 'localhost' || isLoopbackAddress(host)
}
