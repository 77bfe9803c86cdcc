import {
  createPopulation,
  type Population,
  type SyntheticTenant,
} from '../../src/sandbox/population.ts'
import { REGION } from '../../src/sandbox/region.ts'

/** Who lives where, and whom of them VDAB knows. Everybody is synthetic. */
export interface Crowd {
  /** Tenants of each housing company, all of whom are sent. */
  sizes: readonly number[]
  /** People of VDAB's client file that is prepared; absent: its whole share. */
  clients?: number
  /** Whether VDAB says whom it reaches with difficulty or not at all: that comes over weeks, not with a list. */
  feedback?: boolean
}

const SEED = 'bench'

/** Tenants of the housing companies of a region, in proportion to their homes. */
export function sizesOfRegion(tenants: number): number[] {
  const [first = 0, second = 0] = REGION.housingCompanies.map(({ homes }) =>
    Math.round((tenants * homes) / REGION.homes),
  )
  return [first, second, tenants - first - second]
}

/** Tenants in so many housing companies of one size. */
export function equalSizes(tenants: number, companies: number): number[] {
  const upTo = (n: number) => Math.round((tenants * n) / companies)
  return Array.from({ length: companies }, (_, i) => upTo(i + 1) - upTo(i))
}

/** The tenants of each company. */
export function tenantsOf({ sizes }: Crowd): SyntheticTenant[][] {
  const { tenants } = populationOf(sizes)
  let from = 0
  return sizes.map(size => {
    from += size
    return tenants.slice(from - size, from)
  })
}

/** VDAB's client file: the share of the tenants who are clients, and clients who are no tenants. */
export function clientFileOf({ sizes, clients, feedback }: Crowd): Population {
  const { seed, tenants, otherClients } = populationOf(sizes)
  const registered = tenants.filter(tenant => tenant.registered)
  const known = clients === undefined ? registered : spread(registered, clients)
  return {
    seed,
    tenants: feedback ? known : known.map(tenant => ({ ...tenant, reachability: 'reached' })),
    otherClients: clients === undefined ? otherClients : [],
  }
}

/** Some of them, of every company as many. */
function spread<T>(all: readonly T[], wanted: number): T[] {
  const step = Math.max(1, all.length / wanted)
  return all.filter((_, i) => Math.floor(i / step) > Math.floor((i - 1) / step))
}

function populationOf(sizes: readonly number[]): Population {
  return createPopulation(
    SEED,
    sizes.reduce((sum, size) => sum + size, 0),
  )
}
