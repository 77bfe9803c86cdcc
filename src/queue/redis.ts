import { Cluster, Redis, type RedisOptions } from 'ioredis'

/** Where a Redis is: one server, or some nodes of a cluster, of which the others are learnt. */
export interface RedisPlace {
  isCluster: boolean
  /** Whether all of it goes by TLS. */
  isEncrypted: boolean
  /** One address per host, `redis://…` or `rediss://…`, each with the user and password. */
  urls: [string, ...string[]]
}

/** Whether a queue URL names a Redis. */
export function isRedis(url: string): boolean {
  return /^rediss?(\+cluster)?:/.test(url)
}

/**
 * Reads `redis://host:6379/0`, `rediss://…` for TLS, or for a cluster `redis+cluster://user:word@a:6379,b:6379`.
 * @throws Error where it names no host, or one that is no address
 */
export function readRedisUrl(url: string): RedisPlace {
  const [, scheme, cluster, rest] = /^(rediss?)(\+cluster)?:\/\/(.*)$/.exec(url) ?? []
  const isEncrypted = scheme === 'rediss'
  if (!scheme || !rest) throw new Error('the queue URL names no Redis')
  if (!cluster) return { isCluster: false, isEncrypted, urls: [url] }
  const at = rest.lastIndexOf('@') + 1
  const [first, ...others] = rest
    .slice(at)
    .replace(/\/.*$/, '')
    .split(',')
    .map(host => `${scheme}://${rest.slice(0, at)}${host}`)
  if (!first || ![first, ...others].every(one => URL.canParse(one) && new URL(one).hostname))
    throw new Error('a host of the Redis cluster is no host:port')
  return { isCluster: true, isEncrypted, urls: [first, ...others] }
}

/** How a connection behaves, to one server or to each node. */
export type RedisManner = Pick<
  RedisOptions,
  'connectTimeout' | 'commandTimeout' | 'reconnectOnError'
> & { maxRetriesPerRequest: number | null; enableOfflineQueue?: boolean }

interface ClusterParts {
  options: RedisManner
  /** Milliseconds until it connects again, or null to give up. */
  again: (times: number) => number | null
}

/** Opens a cluster, by any of the nodes that are named; to be disconnected. */
export function openCluster({ urls }: RedisPlace, { options, again }: ClusterParts): Cluster {
  const nodes = urls.map(url => {
    const { hostname, port } = new URL(url)
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) }
  })
  const { username, password, protocol } = new URL(urls[0])
  const { enableOfflineQueue = true, ...redisOptions } = options
  const cluster = new Cluster(nodes, {
    clusterRetryStrategy: again,
    enableOfflineQueue,
    // Names stay names: a certificate is for them.
    ...(protocol === 'rediss:' && { dnsLookup: (address, tell) => tell(null, address) }),
    redisOptions: {
      ...redisOptions,
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' && { tls: {} }),
    },
  })
  cluster.on('error', () => {})
  return cluster
}

/**
 * What a Redis says of its memory, for the check of the settings: of a cluster each primary.
 * @throws Error where it does not answer in time, or a cluster does not serve
 */
export async function askMemory(url: string, patienceMs: number): Promise<string[]> {
  const place = readRedisUrl(url)
  const options = {
    connectTimeout: patienceMs,
    commandTimeout: patienceMs,
    maxRetriesPerRequest: 0,
  }
  const redis = place.isCluster
    ? openCluster(place, { options, again: () => null })
    : new Redis(url, { ...options, lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => {})
  try {
    if (!(redis instanceof Cluster)) {
      await redis.connect()
      return [await redis.info('memory')]
    }
    await redis.cluster('INFO')
    return await Promise.all(redis.nodes('master').map(node => node.info('memory')))
  } finally {
    redis.disconnect()
  }
}
