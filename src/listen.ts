import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import gracefulShutdown from 'http-graceful-shutdown'
import type { Config } from './config.ts'

// With what is closed after it, a process ends within ten seconds.
const DRAIN_MS = 7_000
// An idle one costs some 20 KB: more wait at the system, or are turned away by it.
const MAX_CONNECTIONS = 2_000

export interface Listening {
  url: string
  /** Takes no new requests, and waits for those that run. */
  shutdown: () => Promise<void>
}

/**
 * Listens on the configured address, with bounds on how long a request may take to arrive.
 * @throws Error of the system where it cannot, such as EADDRINUSE
 */
export async function listen(
  app: RequestListener,
  { port, host }: Pick<Config, 'port' | 'host'>,
): Promise<Listening> {
  const server = createServer(app)
  server.headersTimeout = 20_000
  server.requestTimeout = 60_000
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  const shutdown = gracefulShutdown(server, { signals: '', timeout: DRAIN_MS, forceExit: false })
  return { url: `http://${host}:${taken}`, shutdown }
}
