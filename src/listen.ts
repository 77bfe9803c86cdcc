import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import gracefulShutdown from 'http-graceful-shutdown'
import { readTls, watchTls } from './certificate-files.ts'
import type { Config } from './config.ts'
import { cutSlowReader, limitPerAddress } from './connections.ts'
import type { Logger } from './log.ts'

// With what is closed after it, a process ends within ten seconds.
const DRAIN_MS = 7_000

/** What one process takes of connections; each bound is there against who holds on to what others need. */
export interface Bounds {
  /** An idle one costs some 20 KB: more wait at the system, or are turned away by it. */
  connections: number
  connectionsPerAddress: number
  /** After so many the connection is closed, so that load spreads again over processes. */
  requestsPerConnection: number
  headerBytes: number
  headersMs: number
  requestMs: number
  /** How long a connection may be idle; a proxy must let go of it earlier. */
  idleMs: number
  /** How often slow ones are looked for: a time-out above comes so much later. */
  lookMs: number
  /** Who reads less than this of a reply in that time is cut off. */
  reading: { everyMs: number; bytes: number }
}

const BOUNDS: Bounds = {
  connections: 2_000,
  connectionsPerAddress: 250,
  requestsPerConnection: 10_000,
  headerBytes: 16 * 1024,
  headersMs: 20_000,
  requestMs: 60_000,
  idleMs: 20_000,
  lookMs: 5_000,
  reading: { everyMs: 60_000, bytes: 64 * 1024 },
}

export interface Listening {
  url: string
  /** Takes no new requests, and waits for those that run. */
  shutdown: () => Promise<void>
}

/**
 * Listens on the configured address, with TLS where the configuration names its files: then nothing
 * is answered in the clear. Connections are bounded in number, size and time.
 * @throws Error of the system where it cannot, such as EADDRINUSE, or where a file of TLS cannot be used
 */
export async function listen(
  app: RequestListener,
  config: Pick<Config, 'port' | 'host' | 'tls' | 'limits'>,
  options: { log?: Logger; bounds?: Partial<Bounds>; lookAtFilesMs?: number } = {},
): Promise<Listening> {
  const bounds = { ...BOUNDS, ...options.bounds }
  const server = open(app, config, bounds)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.port, config.host, resolve)
  })
  const unwatch = watch(server, config, options)
  const { port } = server.address() as AddressInfo
  const stop = gracefulShutdown(server, { signals: '', timeout: DRAIN_MS, forceExit: false })
  const shutdown = () => {
    unwatch()
    return stop()
  }
  return { url: `${config.tls ? 'https' : 'http'}://${config.host}:${port}`, shutdown }
}

/**
 * Health and figures on a port of their own, in the clear: for probes, which know no certificate, and for
 * roles that serve nothing else. Nothing where the configuration names no such port.
 */
export async function serveHealth(
  app: RequestListener,
  config: Pick<Config, 'healthPort' | 'host' | 'limits'>,
  log: Logger,
): Promise<{ close(): Promise<void> }> {
  const { healthPort: port } = config
  if (port === undefined) return { close: async () => {} }
  const { url, shutdown } = await listen(app, { ...config, port, tls: undefined })
  log.info('health and figures are told on a port of their own', { url })
  return { close: shutdown }
}

function open(
  app: RequestListener,
  { tls, limits }: Pick<Config, 'tls' | 'limits'>,
  bounds: Bounds,
): Server {
  const options = {
    insecureHTTPParser: false,
    requireHostHeader: true,
    maxHeaderSize: bounds.headerBytes,
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    keepAliveTimeout: bounds.idleMs,
    connectionsCheckingInterval: bounds.lookMs,
  }
  const handle: RequestListener = (request, response) => {
    cutSlowReader(response, bounds.reading)
    app(request, response)
  }
  const server = tls
    ? createTlsServer({ ...readTls(tls), ...options }, handle)
    : createServer(options, handle)
  server.maxConnections = bounds.connections
  server.maxRequestsPerSocket = bounds.requestsPerConnection
  // What is over this number would be left out in silence: the size bounds it, the door refuses.
  server.maxHeadersCount = 0
  limitPerAddress(server, { most: bounds.connectionsPerAddress, trusted: limits.trustedProxies })
  return server
}

function watch(
  server: Server,
  { tls }: Pick<Config, 'tls'>,
  { log, lookAtFilesMs }: { log?: Logger; lookAtFilesMs?: number },
): () => void {
  if (!tls || !('setSecureContext' in server)) return () => {}
  const parts = { log, everyMs: lookAtFilesMs }
  return watchTls(server as Parameters<typeof watchTls>[0], tls, parts)
}
