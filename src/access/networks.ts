import { BlockList, isIP } from 'node:net'

const MOST = 16

// What an operator may open for a party (RFC 1918, RFC 6598, RFC 4193). Not this host, not link-local
// addresses, nothing that a private network cannot be.
const PRIVATE = [
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['fc00::', 7, 'ipv6'],
] as const

// Services of clouds, which give the rights of the machine to whoever asks, at private addresses.
const NEVER = new Set(['100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'])

/**
 * Reads private networks in CIDR notation; an address alone is a network of one.
 * @returns each in its one form, sorted, or a sentence for the operator that says what is wrong
 */
export function parseNetworks(texts: readonly string[]): string[] | { fault: string } {
  const networks = new Set<string>()
  for (const text of texts) {
    const network = parseNetwork(text)
    if (typeof network !== 'string') return network
    networks.add(network)
  }
  if (networks.size > MOST) return { fault: `there are at most ${MOST} networks` }
  return [...networks].sort()
}

function parseNetwork(text: string): string | { fault: string } {
  const [given = '', bits, ...rest] = text.trim().split('/')
  const version = isIP(given)
  const most = version === 4 ? 32 : 128
  const prefix = bits === undefined ? most : /^[0-9]{1,3}$/.test(bits) ? Number(bits) : -1
  if (!version || given.includes('%') || rest.length > 0 || prefix < 0 || prefix > most) {
    return { fault: 'a network is an address and a prefix, such as 10.1.2.0/24 or fd12:3456::/48' }
  }
  const address = version === 4 ? given : canonical(given)
  const hosts = BigInt(most - prefix)
  if ((toNumber(address) >> hosts) << hosts !== toNumber(address)) {
    return { fault: 'a network begins at its first address: the bits after the prefix are zero' }
  }
  const inside = PRIVATE.some(([first, least, family]) => {
    const fits = family === (version === 4 ? 'ipv4' : 'ipv6') && prefix >= least
    return fits && listOf([`${first}/${least}`], family).check(address, family)
  })
  if (inside) return `${address}/${prefix}`
  return { fault: `only private networks can be allowed: ${PRIVATE.map(it => it[0]).join(', ')}` }
}

/** Whether an address, in the form that the resolver or `URL` gives, is in one of these networks. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const version = isIP(address)
  if (networks.length === 0 || version === 0 || address.includes('%')) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (NEVER.has(version === 4 ? address : canonical(address))) return false
  return listOf(networks, family).check(address, family)
}

// One family at a time: a list with IPv4 rules also takes the IPv6 forms that carry such an address.
function listOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    if (isIP(address) === (family === 'ipv4' ? 4 : 6)) {
      list.addSubnet(address, Number(prefix), family)
    }
  }
  return list
}

/** The one form of an IPv6 address (RFC 5952). */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}

function toNumber(address: string): bigint {
  if (isIP(address) === 4) {
    return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  }
  const [head = '', tail = ''] = address.split('::')
  const [before, after] = [head, tail].map(half => half.split(':').filter(Boolean))
  const given = (before?.length ?? 0) + (after?.length ?? 0)
  const groups = [...(before ?? []), ...Array<string>(8 - given).fill('0'), ...(after ?? [])]
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n)
}
