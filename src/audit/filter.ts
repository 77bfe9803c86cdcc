import { refuse } from '../errors.ts'
import { isId } from '../ids.ts'
import type { EntryFilter } from './query.ts'
import { ENTRY_ACTIONS, type EntryAction } from './types.ts'

const NAME = /^[A-Za-z0-9._-]{1,64}$/

const TEXTS = {
  protocol: value => NAME.test(value),
  party: value => NAME.test(value),
  recipient: value => NAME.test(value),
  type: value => /^[a-z0-9.-]{1,64}$/.test(value),
  action: value => ENTRY_ACTIONS.includes(value as EntryAction),
  decision: value => value === 'allowed' || value === 'refused',
  code: value => NAME.test(value),
  messageId: value => (['msg', 'fb', 'del', 'req'] as const).some(kind => isId(kind, value)),
  actor: value => /^[a-z][a-z-]{0,39}$/.test(value),
} as const satisfies Record<string, (value: string) => boolean>

/** The names of the filters, as the interface and the command call them. */
export const FILTER_NAMES = ['from', 'until', ...Object.keys(TEXTS)] as readonly string[]

/**
 * Reads a filter of entries from parameters, which are untrusted. Times are RFC 3339 in UTC, or a date
 * for its first instant: `from` is included, `until` is not.
 * @param others names that are not for the filter
 * @throws Refusal HB-208 for a name that is not known, a value of another form, or until before from
 */
export function readEntryFilter(
  given: Readonly<Record<string, string>>,
  others: readonly string[] = [],
): EntryFilter {
  const known = [...FILTER_NAMES, ...others]
  if (!Object.keys(given).every(name => known.includes(name)))
    throw refuse('HB-208', '', `query parameters: ${known.join(', ')}`)
  const filter: Record<string, string | Date> = {}
  for (const [name, value] of Object.entries(given)) {
    if (others.includes(name)) continue
    const read = name === 'from' || name === 'until' ? readTime(value) : readText(name, value)
    if (read === undefined) throw refuse('HB-208', '', `query parameter ${name}`)
    filter[name] = read
  }
  const { from, until } = filter as EntryFilter
  if (from && until && from >= until)
    throw refuse('HB-208', '', 'query parameter until: after from')
  return filter as EntryFilter
}

/** The names of what a filter asks for, never its values: for evidence of who looked. */
export function filterNames(filter: EntryFilter): string[] {
  return FILTER_NAMES.filter(name => filter[name as keyof EntryFilter] !== undefined)
}

function readText(name: string, value: string): string | undefined {
  return TEXTS[name as keyof typeof TEXTS](value) ? value : undefined
}

const TIME = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/

function readTime(value: string): Date | undefined {
  const day = TIME.exec(value)?.[1]
  const time = day === undefined ? undefined : new Date(value)
  // 31 February would become a day of March.
  return time?.getTime() && time.toISOString().startsWith(day ?? '-') ? time : undefined
}
