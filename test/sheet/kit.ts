import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { CommanderError } from 'commander'
import { checkRows } from '../../src/sheet/check.ts'
import { readCsv } from '../../src/sheet/csv.ts'
import { guessMapping } from '../../src/sheet/mapping.ts'
import { type Cell, textCell } from '../../src/sheet/table.ts'
import type { TestGateway } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'

export const TODAY = '2026-11-21'

/** A folder of its own with a settings file of Woonboog in it. */
export function workFolder(gateway?: Pick<TestGateway, 'url' | 'keys'>, url = gateway?.url) {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-sheet-'))
  const path = (name: string) => join(folder, name)
  if (gateway) {
    writeFileSync(path('keys.json'), JSON.stringify(gateway.keys.woonboog.privateKey))
    const settings = { gateway: url, party: 'woonboog', keyFile: 'keys.json' }
    writeFileSync(path('profile.json'), JSON.stringify(settings))
  }
  return { folder, path, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Runs a command in this process. */
export async function run(command: Command, ...args: string[]) {
  const outcome = { exit: 0, out: '', err: '' }
  const before = process.exitCode
  process.exitCode = undefined
  const write = (text: string) => {
    outcome.out += text
  }
  command.exitOverride().configureOutput({ writeOut: write, writeErr: () => {} })
  await command.parseAsync(args, { from: 'user' }).catch((error: Error) => {
    outcome.exit = error instanceof CommanderError ? 2 : 1
    outcome.err = error.message
  })
  if (outcome.exit === 0) outcome.exit = Number(process.exitCode ?? 0)
  process.exitCode = before
  return outcome
}

/** A result file as its rows, without the titles. */
export function readResult(text: Uint8Array): string[][] {
  return readCsv(text)
    .rows.slice(1)
    .map(row => row.map(it => it.text))
}

/** Rows of text cells checked under known titles. */
export function check(rows: (string | Cell)[][], options: { restoreZeros?: boolean } = {}) {
  const cells = [['INSZ', 'Kenmerk', 'Grond'], ...rows].map(row =>
    row.map(it => (typeof it === 'string' ? textCell(it) : it)),
  )
  const mapping = guessMapping({ rows: cells }, {}, TODAY)
  return checkRows({ rows: cells }, mapping, { today: TODAY, ...options })
}

/** A number of somebody born from 2000 on, with a zero in front. */
export const YOUNG = youngNumber('050101', 1)

function youngNumber(born: string, serial: number): string {
  const base = `${born}${String(serial).padStart(3, '0')}`
  return `${base}${String(97 - ((2_000_000_000 + Number(base)) % 97)).padStart(2, '0')}`
}

/** The display form, 85.07.30-033.28. */
export function dotted(number: string): string {
  return number.replace(/^(..)(..)(..)(...)(..)$/, '$1.$2.$3-$4.$5')
}

const good = (index: number): [string, string, string] => [
  syntheticNumber(index),
  `WB-${index}`,
  'a',
]

/**
 * Each fault as it stands in a CSV file, among good rows: what makes of a good row one with that fault.
 * `row-wide` has a separator too many.
 */
export const FAULTY: Readonly<Record<string, (index: number) => string[]>> = {
  'number-missing': index => ['', `WB-${index}`, 'a'],
  'number-scientific': index => ['8,50101E+10', `WB-${index}`, 'a'],
  'number-zeros': index => [youngNumber('050202', 1 + (index % 900)).slice(1), `WB-${index}`, 'a'],
  'number-characters': index => [`${syntheticNumber(index)}?`, `WB-${index}`, 'a'],
  'number-length': index => [syntheticNumber(index).slice(2), `WB-${index}`, 'a'],
  'number-check': index => [offByOne(syntheticNumber(index)), `WB-${index}`, 'a'],
  'number-birth': index => [impossible(index), `WB-${index}`, 'a'],
  'number-twice': index => [dotted(syntheticNumber(0)), `WB-${index}`, 'a'],
  'reference-missing': index => [syntheticNumber(index), '', 'a'],
  'reference-characters': index => [syntheticNumber(index), `WB ${index}`, 'a'],
  'reference-length': index => [syntheticNumber(index), `WB-${index}-${'x'.repeat(64)}`, 'a'],
  'reference-scientific': index => [syntheticNumber(index), '1,23E+10', 'a'],
  'reference-number': index => [syntheticNumber(index), `WB-${syntheticNumber(index)}`, 'a'],
  'reference-twice': index => [syntheticNumber(index), 'WB-0', 'a'],
  'ground-missing': index => [syntheticNumber(index), `WB-${index}`, ''],
  'ground-unknown': index => [syntheticNumber(index), `WB-${index}`, 'koper'],
  formula: index => ['=A2', `WB-${index}`, 'a'],
  'formula-error': index => ['#N/B', `WB-${index}`, 'a'],
  'row-wide': index => [...good(index).slice(0, 2), 'Janssens', 'Jan', 'a'],
  'row-other': () => ['', 'Totaal: 300', ''],
}

function offByOne(number: string): string {
  const check = (Number(number.slice(9)) % 97) + 1
  return number.slice(0, 9) + String(check === Number(number.slice(9)) ? 1 : check).padStart(2, '0')
}

// The 31st of February, with check digits that fit.
function impossible(index: number): string {
  const base = `850231${String(1 + (index % 900)).padStart(3, '0')}`
  return `${base}${String(97 - (Number(base) % 97)).padStart(2, '0')}`
}

/** `count` good rows of different people, in the order of the titles. */
export function goodRows(first: number, count: number): [string, string, string][] {
  return Array.from({ length: count }, (_, index) => good(first + index))
}
