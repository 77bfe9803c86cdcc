import { parseNationalNumber } from '../../pseudonym/national-number.ts'
import { draws } from '../draw.ts'
import type { Population } from '../population.ts'
import { NUMBERS_PER_CLASS, syntheticNumber } from '../synthetic-number.ts'
import { outcomeOf, SandboxMisuse, USUAL } from './scenario.ts'

/** A person of the list. Nobody like this exists. */
export interface Person {
  insz: string
  tenantRef: string
  tenantGround: 'art-6.1-1-a' | 'art-6.1-1-b'
}

const MOST_OWN = 10_000

/**
 * The synthetic people that may come in: those of the seed, and those whom the partner declared to be
 * synthetic. Another valid number may be of a real person.
 */
export class People {
  readonly seed: string
  readonly list: readonly Person[]
  readonly #places: ReadonlyMap<string, number>

  constructor(seed: string, size: number, own: readonly string[] = []) {
    this.seed = seed
    const start = Math.floor((draws(seed, 'offset', 0)[0] ?? 0) * NUMBERS_PER_CLASS)
    const made = Array.from({ length: size }, (_, i) => syntheticNumber('working-age', i, start))
    this.list = [...new Set([...made, ...own])].map(toPerson)
    this.#places = new Map(this.list.map(({ insz }, place) => [insz, place]))
  }

  /** Where the first number in a body is that is valid and of nobody here (JSON pointer); undefined where none is. */
  strangerIn(body: unknown, today: string): string | undefined {
    return findStranger(body, '', text => {
      const number = parseNationalNumber(text, today)
      return number !== undefined && !this.#places.has(number)
    })
  }

  /** The same people as VDAB's client file: all of them, so that every row of theirs can be opened. */
  asClients(): Population {
    const tenants = this.list.map((person, index) => ({
      ...person,
      index,
      company: '',
      inTargetGroup: true,
      registered: true,
      reachability: 'reached' as const,
    }))
    return { seed: this.seed, tenants, otherClients: [] }
  }

  /** For the partner's own software: `insz,tenantRef,tenantGround`. */
  toCsv(): string {
    const rows = this.list.map(one => `${one.insz},${one.tenantRef},${one.tenantGround}`)
    return csv(['insz,tenantRef,tenantGround', ...rows])
  }

  /** What a mixed scenario says of each person, to compare with what came. */
  outcomesCsv(): string {
    const rows = this.list.map(({ insz }, index) => {
      const { found, reachability } = outcomeOf(USUAL, this.seed, index)
      return `${insz},${found ? 'found' : 'not-found'},${found ? reachability : ''}`
    })
    return csv(['insz,result,reachability', ...rows])
  }

  /** The numbers of those who are in the client file of a partner that plays VDAB. */
  clientsCsv(): string {
    const clients = this.list.filter((_, index) => outcomeOf(USUAL, this.seed, index).found)
    return csv(['insz', ...clients.map(({ insz }) => insz)])
  }
}

/**
 * Numbers that a partner declares to be synthetic: one a line, other columns after a comma or
 * semicolon are left out, and so are lines without a number.
 * @throws SandboxMisuse where there is none, or more than 10,000
 */
export function readOwnNumbers(text: string, today: string): string[] {
  const cells = text.split(/\r?\n/).map(line => (line.split(/[,;\t]/)[0] ?? '').trim())
  const numbers = cells.flatMap(
    cell => parseNationalNumber(cell.replace(/^"|"$/g, ''), today) ?? [],
  )
  if (numbers.length >= 1 && numbers.length <= MOST_OWN) return numbers
  throw new SandboxMisuse('the file of own numbers holds 1 to 10,000 valid numbers, one a line')
}

function toPerson(insz: string, index: number): Person {
  const tenantRef = `H-${String(index + 1).padStart(4, '0')}`
  return { insz, tenantRef, tenantGround: index % 3 === 2 ? 'art-6.1-1-b' : 'art-6.1-1-a' }
}

function findStranger(
  value: unknown,
  pointer: string,
  isStranger: (text: string) => boolean,
): string | undefined {
  if (typeof value === 'string') return isStranger(value) ? pointer : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, member] of Object.entries(value)) {
    const found = findStranger(member, `${pointer}/${name}`, isStranger)
    if (found !== undefined) return found
  }
  return undefined
}

function csv(lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n`
}
