import { hash } from 'node:crypto'
import type { Reachability } from '../client/types.ts'
import { draws, shuffledIndexes } from './draw.ts'
import { REGION, SHARES } from './region.ts'
import { NUMBERS_PER_CLASS, syntheticNumber } from './synthetic-number.ts'

/** One synthetic person who rents a social home. Nobody like this exists. */
export interface SyntheticTenant {
  index: number
  insz: string
  tenantRef: string
  /** Party id of the housing company. */
  company: string
  tenantGround: 'art-6.1-1-a' | 'art-6.1-1-b'
  /** In the target group of the protocol, and so sent. */
  inTargetGroup: boolean
  /** In VDAB's client file. */
  registered: boolean
  /** How VDAB reaches this person, were it in its client file. Fictitious. */
  reachability: 'reached' | Reachability
}

export interface Population {
  seed: string
  tenants: SyntheticTenant[]
  /** National numbers in VDAB's client file of people who are no social tenants. Fictitious. */
  otherClients: string[]
}

export const DEFAULT_SEED = 'kempen'
/** Every second home has two tenants, so that the mean is 1.5. */
export const DEFAULT_POPULATION = tenantsOfHomes(REGION.homes)
/** Beyond this, numbers of tenants and of other clients would meet. */
export const MAX_POPULATION = 5_000_000

/**
 * The synthetic population: pure, the same for the same seed. The first N tenants of a larger
 * population are the population of N. Beyond the homes of the region it goes through them again.
 * @throws RangeError where size is not a whole number from 1 to 5,000,000
 */
export function createPopulation(
  seed: string = DEFAULT_SEED,
  size: number = DEFAULT_POPULATION,
): Population {
  if (!Number.isInteger(size) || size < 1 || size > MAX_POPULATION) {
    throw new RangeError(`the population is a whole number from 1 to ${MAX_POPULATION}`)
  }
  const companyOfHome = assignHomes(seed)
  const offset = Math.floor((draws(seed, 'offset', 0)[0] ?? 0) * NUMBERS_PER_CLASS)
  const label = seedLabel(seed)
  const tenants = Array.from({ length: size }, (_, index) => {
    const home = placeOf(index)
    const company = companyOfHome[home.position % REGION.homes] ?? ''
    return createTenant(seed, label, index, offset, { ...home, company })
  })
  return { seed, tenants, otherClients: createOtherClients(size, offset) }
}

/** Everybody in VDAB's client file: registered tenants and others, with how it reaches them. */
export function clientFile(
  population: Population,
): { insz: string; reachability: SyntheticTenant['reachability'] }[] {
  const registered = population.tenants.filter(tenant => tenant.registered)
  const others = population.otherClients.map(insz => ({ insz, reachability: 'reached' as const }))
  return [...registered, ...others].map(({ insz, reachability }) => ({ insz, reachability }))
}

function createTenant(
  seed: string,
  label: string,
  index: number,
  offset: number,
  home: { company: string; isSecond: boolean },
): SyntheticTenant {
  const [member = 0, registration = 0, reach = 0] = draws(seed, 'tenant', index)
  const inTargetGroup = member < SHARES.targetGroup
  const numberClass = inTargetGroup ? 'working-age' : 'any-age'
  return {
    index,
    insz: syntheticNumber(numberClass, index, offset),
    tenantRef: `t-${label}-${String(index).padStart(6, '0')}`,
    company: home.company,
    tenantGround: home.isSecond ? 'art-6.1-1-b' : 'art-6.1-1-a',
    inTargetGroup,
    registered: registration < SHARES.registered,
    reachability: reachabilityOf(reach),
  }
}

function reachabilityOf(draw: number): SyntheticTenant['reachability'] {
  if (draw < SHARES.hardToReach) return 'hard-to-reach'
  return draw < SHARES.hardToReach + SHARES.notReached ? 'not-reached' : 'reached'
}

// Numbers of others start where no tenant of any population comes.
function createOtherClients(size: number, offset: number): string[] {
  const count = Math.round(size * SHARES.otherClients)
  return Array.from({ length: count }, (_, i) =>
    syntheticNumber('any-age', MAX_POPULATION + i, offset),
  )
}

/** The housing company of each home, homes in the order that the seed fixes. */
function assignHomes(seed: string): string[] {
  const byHome = REGION.housingCompanies.flatMap(({ id, homes }) => Array<string>(homes).fill(id))
  return Array.from(shuffledIndexes(seed, 'homes', REGION.homes), home => byHome[home] ?? '')
}

/** Which home a tenant lives in: homes have one and two tenants in turn, three per pair. */
function placeOf(index: number): { position: number; isSecond: boolean } {
  const inPair = index % 3
  return { position: 2 * Math.floor(index / 3) + (inPair > 0 ? 1 : 0), isSecond: inPair === 2 }
}

function tenantsOfHomes(homes: number): number {
  return 3 * Math.floor(homes / 2) + (homes % 2)
}

// A tenant reference with a long seed of digits could happen to hold a valid national number.
function seedLabel(seed: string): string {
  const digits = seed.replace(/\D/g, '').length
  if (/^[A-Za-z0-9]{1,16}$/.test(seed) && digits <= 3) return seed
  const bytes = hash('sha256', `huisbrug sandbox|${seed}`, 'buffer').subarray(0, 8)
  return Array.from(bytes, byte => String.fromCharCode(97 + (byte % 26))).join('')
}
