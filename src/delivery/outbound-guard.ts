import { promises as dns } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'

/** An address that a name has. */
export interface Found {
  address: string
  family: number
}

/** Looks a name up: every address it has. */
export type Resolve = (hostname: string) => Promise<Found[]>

export const NOT_ALLOWED = 'EADDRNOTALLOWED'
const NOT_FOUND = 'ENOTFOUND'

/** The system's resolver. */
export function lookUp(hostname: string): Promise<Found[]> {
  return dns.lookup(hostname, { all: true, order: 'verbatim' })
}

export function errorWithCode(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}

/**
 * Looks a name up once and checks what was found: one forbidden address among several refuses the name.
 * @returns at least one address, all of them allowed
 * @throws Error with code EADDRNOTALLOWED or ENOTFOUND
 */
export async function resolveAllowed(
  hostname: string,
  resolve: Resolve,
  isAllowed: (address: string) => boolean,
): Promise<[Found, ...Found[]]> {
  const family = isIP(hostname)
  const addresses = family
    ? [{ address: hostname, family }]
    : await resolve(hostname).catch(() => [])
  const [first, ...others] = addresses
  if (!first) throw errorWithCode(NOT_FOUND)
  if (!addresses.every(({ address }) => isAllowed(address))) throw errorWithCode(NOT_ALLOWED)
  return [first, ...others]
}

/**
 * For a connection to a name. The address that is checked is the address that is connected to: there is
 * no second look-up that could answer otherwise.
 */
export function guardedLookup(
  resolve: Resolve,
  isAllowed: (address: string) => boolean,
): LookupFunction {
  return (hostname, options, callback) => {
    resolveAllowed(hostname, resolve, isAllowed).then(
      addresses => {
        if (options.all) callback(null, addresses)
        else callback(null, addresses[0].address, addresses[0].family)
      },
      error => callback(error, '', 0),
    )
  }
}
