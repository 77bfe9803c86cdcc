import { BlockList, isIP } from 'node:net'
import { refuse } from '../errors.ts'
import { isInNetworks } from './networks.ts'

const MAX_LENGTH = 2048

// Not public, after the IANA special-purpose address registries; 168.63.129.16 is a cloud's own
// service on an ordinary address.
const CLOSED_V4 = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  CLOSED_V4.addSubnet(network, prefix, 'ipv4')
}

// Of IPv6 only global unicast is open, without what carries an IPv4 address or is set apart in it.
const GLOBAL_V6 = new BlockList()
GLOBAL_V6.addSubnet('2000::', 3, 'ipv6')
const CLOSED_V6 = new BlockList()
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const) {
  CLOSED_V6.addSubnet(network, prefix, 'ipv6')
}

// One list per family: a list with IPv4 rules also takes the IPv6 forms that carry such an address.
const LOOPBACK_V4 = new BlockList()
LOOPBACK_V4.addSubnet('127.0.0.0', 8, 'ipv4')
const LOOPBACK_V6 = new BlockList()
LOOPBACK_V6.addAddress('::1', 'ipv6')

/** Whether an address, in the form that the resolver or `URL` gives, is of a public network. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return !CLOSED_V4.check(address, 'ipv4')
  if (version !== 6 || address.includes('%')) return false
  return GLOBAL_V6.check(address, 'ipv6') && !CLOSED_V6.check(address, 'ipv6')
}

/** Whether an address is this host's own; an IPv4 address inside an IPv6 one never counts. */
export function isLoopbackAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return LOOPBACK_V4.check(address, 'ipv4')
  return version === 6 && LOOPBACK_V6.check(address, 'ipv6')
}

/** What may be called beside public addresses. */
export interface Reach {
  /** This host itself, there by plain http too: for the sandbox, the demo and tests only. */
  allowLoopback?: boolean
  /** Private networks (CIDR) that the operator opened for this one party. */
  networks?: readonly string[] | undefined
}

/** Whether an address, in the form that the resolver or `URL` gives, may be connected to. */
export function isAllowedAddress(address: string, reach: Reach): boolean {
  if (isPublicAddress(address) || isInNetworks(address, reach.networks ?? [])) return true
  return (reach.allowLoopback ?? false) && isLoopbackAddress(address)
}

/**
 * Checks, without looking a name up, that a peer may be called at this address: https, public or in a
 * network that is allowed for it, port 443 or from 1024 on, no user name, no fragment. What a name
 * resolves to is checked when the connection is made.
 * @throws Refusal HB-512 at `pointer`, which never repeats the address
 */
export function assertAllowedUrl(text: string, options: Reach & { pointer?: string } = {}): URL {
  const fault = findFault(text, options)
  if (fault) throw refuse('HB-512', options.pointer ?? '/url', `outbound: ${fault}`)
  return new URL(text)
}

// The parser of URLs drops tabs and line ends, and takes a backslash for a slash: what it reads is not
// what people see.
const DECEPTIVE = /[\s\p{Cc}\p{Cf}\\]/u

function findFault(text: string, reach: Reach): string | undefined {
  if (text.length > MAX_LENGTH || DECEPTIVE.test(text) || !URL.canParse(text)) return 'not a URL'
  const url = new URL(text)
  const host = hostOf(url)
  const local = (reach.allowLoopback ?? false) && isLocalHost(host)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) return 'https only'
  if (url.username || url.password || /^[a-z]+:\/\/[^/?#]*@/i.test(text)) {
    return 'no user name or password'
  }
  if (url.hash || text.includes('#')) return 'no fragment'
  if (local) return undefined
  if (!isOpenHost(host, reach.networks ?? [])) return 'public addresses only'
  return isOpenPort(url.port) ? undefined : 'port 443 or from 1024 on'
}

/** The host of a URL without the brackets of an IPv6 address and without a final dot. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}

/** Whether a host names this machine: `localhost`, a name under it, or a loopback address. */
export function isLocalHost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host)
}

function isOpenHost(host: string, networks: readonly string[]): boolean {
  if (isIP(host)) return isAllowedAddress(host, { networks })
  if (isLocalHost(host) || host.split('.').includes('')) return false
  // A name without a dot, or under one of these, is of an inner network by definition.
  const inner = !host.includes('.') || /\.(local|internal|home\.arpa|onion)$/.test(host)
  return !inner || networks.length > 0
}

// Under 1024 are services that are not the web: a request to these may be taken for one of theirs.
function isOpenPort(port: string): boolean {
  return port === '' || Number(port) >= 1024
}
