import { Redis } from 'ioredis'
import type { Look } from './leak-scan.ts'

type Read = (redis: Redis, key: Buffer) => Promise<unknown>

// Every value of every type that Redis has, as bytes.
const READERS: Record<string, Read> = {
  string: (redis, key) => redis.getBuffer(key),
  hash: (redis, key) =>
    redis.hgetallBuffer(key).then(hash => [Object.keys(hash), Object.values(hash)]),
  list: (redis, key) => redis.lrangeBuffer(key, 0, -1),
  set: (redis, key) => redis.smembersBuffer(key),
  zset: (redis, key) => redis.zrangeBuffer(key, 0, '-1'),
  stream: (redis, key) => redis.xrangeBuffer(key, '-', '+'),
}

/**
 * Looks through all keys and values of a Redis database.
 * @returns how many keys it saw
 */
export async function scanRedis(url: string, look: Look): Promise<number> {
  const redis = new Redis(url, { maxRetriesPerRequest: 3, lazyConnect: true })
  redis.on('error', () => {})
  await redis.connect()
  let count = 0
  try {
    let cursor = '0'
    do {
      const [next, keys]: [Buffer, Buffer[]] = await redis.scanBuffer(cursor, 'COUNT', 500)
      cursor = next.toString()
      for (const key of keys) await scanKey(redis, key, look)
      count += keys.length
    } while (cursor !== '0')
    return count
  } finally {
    redis.disconnect()
  }
}

async function scanKey(redis: Redis, key: Buffer, look: Look): Promise<void> {
  const read = READERS[await redis.type(key)]
  const value = read ? await read(redis, key) : undefined
  for (const bytes of leavesOf([key, value])) {
    look('redis', (finder, found) => finder.findInBytes(bytes, found))
  }
}

function leavesOf(value: unknown): Buffer[] {
  if (Array.isArray(value)) return value.flatMap(leavesOf)
  if (Buffer.isBuffer(value)) return [value]
  return typeof value === 'string' ? [Buffer.from(value, 'latin1')] : []
}
