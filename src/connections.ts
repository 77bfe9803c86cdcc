import type { ServerResponse } from 'node:http'
import { BlockList, isIPv6, type Server, type Socket } from 'node:net'
import { ipKeyGenerator } from 'express-rate-limit'

// What one household or office gets, as for calls.
const IPV6_PREFIX = 56
// The names that express knows for proxies.
const NAMED: Record<string, string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** Ends connections of an address that has too many; trusted proxies bring those of others. */
export function limitPerAddress(
  server: Pick<Server, 'on'>,
  { most, trusted }: { most: number; trusted: readonly string[] },
): void {
  const proxies = listOf(trusted)
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    if (proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) return
    const key = ipKeyGenerator(address, IPV6_PREFIX)
    const count = (open.get(key) ?? 0) + 1
    if (count > most) {
      socket.destroy()
      return
    }
    open.set(key, count)
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1
      if (left > 0) open.set(key, left)
      else open.delete(key)
    })
  })
}

function listOf(trusted: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of trusted.flatMap(name => NAMED[name] ?? [name])) {
    const [address = '', prefix] = entry.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix) list.addSubnet(address, Number(prefix), family)
    else list.addAddress(address, family)
  }
  return list
}

/**
 * Cuts off who asks and does not read: a reply of which something waits, and of which less than
 * `bytes` were taken in `everyMs`. Without it such a reader would hold memory, or a cursor, for good.
 */
export function cutSlowReader(
  response: ServerResponse,
  { everyMs, bytes }: { everyMs: number; bytes: number },
): void {
  const { socket } = response
  if (!socket) return
  const taken = () => socket.bytesWritten - socket.writableLength
  let before = taken()
  const timer = setInterval(() => {
    const now = taken()
    const waits = response.writableLength > 0 || socket.writableLength > 0
    if (waits && now - before < bytes) socket.destroy()
    before = now
  }, everyMs)
  timer.unref()
  response.once('close', () => clearInterval(timer))
}
