import { readdirSync } from 'node:fs'

// As one reads them: numbers to pseudonyms, messages in, messages out, the log, all together, beside others.
export const ORDER: readonly string[] = [
  'pseudonymise',
  'blind-batch',
  'intake-1000',
  'intake-1',
  'handover-postgres',
  'handover-redis',
  'sequence',
  'verify',
  'audit-query',
  'decide',
  'region',
  'flanders',
  'vs-ordinary-per-tenant',
  'vs-ordinary-batch',
  'memory',
  'intake-log',
  'fairness',
  'pages',
  'register',
]

/** The parts of a revision, in order: every file of bench/parts is one, named after its file. */
export function partNames(folder = new URL('parts/', import.meta.url)): string[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.ts'))
    .map(file => file.slice(0, -'.ts'.length))
    .sort((one, other) => placeOf(one) - placeOf(other) || one.localeCompare(other))
}

/** Place of a figure in the order of parts; what is not listed comes last. */
export function placeOf(name: string): number {
  const place = ORDER.indexOf(partOf(name))
  return place < 0 ? ORDER.length : place
}

/** The part that a figure is of. */
export function partOf(figure: string): string {
  const [part = figure] = figure.split(',')
  return part
}
