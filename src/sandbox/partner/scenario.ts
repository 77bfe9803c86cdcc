import type { Reachability } from '../../client/types.ts'
import { draws } from '../draw.ts'

/** What can be chosen, by what it is about; of each kind one counts. */
export const CHOICES = {
  found: ['mixed', 'all-found', 'none-found'],
  pace: ['normal', 'slow', 'failing'],
  reach: ['hard-to-reach', 'reached'],
  protocol: ['in-force', 'suspended'],
} as const

type Kind = keyof typeof CHOICES
export type ScenarioName = (typeof CHOICES)[Kind][number]

/** How the sandbox behaves now. */
export type Scenario = { [K in Kind]: (typeof CHOICES)[K][number] } & {
  /** Days of the sandbox's clock before feedback comes, or before a company closes it. */
  afterDays: number
}

export const USUAL: Scenario = {
  found: 'mixed',
  pace: 'normal',
  reach: 'hard-to-reach',
  protocol: 'in-force',
  afterDays: 0,
}

const MOST_DAYS = 400

/** Wrong use of the sandbox: a name that it does not know, a number out of bounds. */
export class SandboxMisuse extends Error {
  override readonly name = 'SandboxMisuse'
}

/**
 * A scenario with these names in place of the ones of their kind.
 * @param names with commas, such as `all-found,slow`
 * @throws SandboxMisuse for a name that there is not, or two of one kind
 */
export function withNames(current: Scenario, names: string): Scenario {
  const chosen = names
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
    .map(name => [kindOf(name), name] as const)
  const kinds = chosen.map(([kind]) => kind)
  if (new Set(kinds).size < kinds.length)
    throw new SandboxMisuse(`two scenarios of one kind: ${names}`)
  return { ...current, ...Object.fromEntries(chosen) }
}

function kindOf(name: string): Kind {
  const kinds = Object.keys(CHOICES) as Kind[]
  const kind = kinds.find(one => (CHOICES[one] as readonly string[]).includes(name))
  if (kind) return kind
  const known = Object.values(CHOICES).flat().join(', ')
  throw new SandboxMisuse(`no such scenario: give ${known}`)
}

/**
 * A whole number of days, from what a person or program gave.
 * @throws SandboxMisuse outside 0 to 400
 */
export function readDays(given: unknown): number {
  return readNumber(given, 'days', 0, MOST_DAYS)
}

/** @throws SandboxMisuse where it is no whole number from least to most */
export function readNumber(given: unknown, name: string, least: number, most: number): number {
  const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  if (Number.isInteger(number) && Number(number) >= least && Number(number) <= most)
    return Number(number)
  throw new SandboxMisuse(`${name} is a whole number from ${least} to ${most}`)
}

/** What the simulated VDAB says of one person. */
export interface Outcome {
  found: boolean
  reachability: 'reached' | Reachability
}

/**
 * The outcome for the person at a place of the list: the same for the same seed, scenario and place.
 * Shares are fictitious: of a mixed list half are found, of those found half are hard to reach and a
 * quarter are not reached.
 */
export function outcomeOf(scenario: Scenario, seed: string, index: number): Outcome {
  const [chance = 0, reach = 0] = draws(seed, 'partner', index)
  const found = scenario.found === 'all-found' || (scenario.found === 'mixed' && chance < 0.5)
  if (!found || scenario.reach === 'reached') return { found, reachability: 'reached' }
  if (reach < 0.5) return { found, reachability: 'hard-to-reach' }
  return { found, reachability: reach < 0.75 ? 'not-reached' : 'reached' }
}
