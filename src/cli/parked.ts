import { Command, InvalidArgumentError } from 'commander'
import {
  closeParked,
  listParked,
  type Parked,
  ParkedError,
  type ParkedFilter,
  type ParkedOutcome,
} from '../exchange/parked.ts'
import { type Release, releaseParked } from '../subject/release.ts'
import type { Open, Opened } from './party.ts'
import { operator, refused } from './subject/run.ts'

interface Options {
  protocol?: string
  destination?: string
  olderThan?: number
  all?: boolean
  reason?: string
  approval?: string
  json?: boolean
}

interface Report {
  json: object
  lines: string[]
}

const MOST = 1_000
const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 }

/**
 * `huisbrug parked list|resume|close`: what the gateway gave up for now and leaves to a person. What is
 * refused rejects with a ParkedError, whose message says why; with `--json` it is printed as
 * `{ refused, reason }` too.
 */
export function parkedCommand(open: Open): Command {
  const parked = new Command('parked').description('what waits for a person to resume or close it')
  filtered(parked, 'list', 'list what is parked, the longest first').action(
    (ids: string[], options: Options, command: Command) =>
      run(open, command, options, store => list(store, filterOf(ids, options))),
  )
  for (const [name, description, change] of [
    ['resume', 'let it try again, with its whole schedule anew', releaseParked],
    ['close', 'give it up for good: it is withdrawn and erased', close],
  ] as const) {
    const decision = filtered(parked, name, description)
    if (change === releaseParked)
      decision.option('--approval <id>', 'the approval of a second person, where four eyes are set')
    decision
      .requiredOption('--reason <text>', 'why; kept as evidence, never about a person')
      .option('--all', 'all that is parked')
      .action((ids: string[], options: Options, command: Command) => {
        const filter = filterOf(ids, options)
        const { reason = '' } = options
        const isBare = Object.keys(filter).length === 0
        if (isBare !== (options.all === true)) {
          command.error(
            'error: name ids, a --protocol, a --destination or --older-than; or else --all',
          )
        }
        return run(open, command, options, store =>
          decide(store, change, { ...filter, reason, approval: options.approval }),
        )
      })
  }
  return parked
}

function filtered(parked: Command, name: string, description: string): Command {
  return parked
    .command(name)
    .argument('[ids...]', 'messages (msg_…) or hand-overs (del_…)')
    .description(description)
    .option('--protocol <id>', 'of this protocol')
    .option('--destination <party>', 'on the way to this party')
    .option('--older-than <age>', 'parked for that long already, such as 30m, 12h or 3d', parseAge)
    .option('--json', 'print JSON')
}

function parseAge(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  if (count === '') throw new InvalidArgumentError('give a number of m, h or d, such as 12h.')
  return Number(count) * (UNITS[unit] ?? 0)
}

function filterOf(ids: string[], { protocol, destination, olderThan }: Options): ParkedFilter {
  return {
    ...(ids.length > 0 && { ids }),
    ...(protocol !== undefined && { protocol }),
    ...(destination !== undefined && { destination }),
    ...(olderThan !== undefined && { until: new Date(Date.now() - olderThan * 1000) }),
  }
}

async function run(
  open: Open,
  command: Command,
  { json }: Options,
  work: (store: Opened) => Promise<Report>,
): Promise<void> {
  const out = command.configureOutput()
  const store = await open()
  try {
    const report = await work(store)
    out.writeOut?.(json ? `${JSON.stringify(report.json)}\n` : `${report.lines.join('\n')}\n`)
  } catch (error) {
    if (json && error instanceof ParkedError) {
      out.writeOut?.(`${JSON.stringify({ refused: error.code, reason: error.message })}\n`)
    }
    throw refused(error, json ? text => out.writeOut?.(`${text}\n`) : undefined)
  } finally {
    await store.close()
  }
}

async function list({ pool }: Opened, filter: ParkedFilter): Promise<Report> {
  const items = await listParked(pool, filter, MOST)
  const lines = items.map(toLine)
  const more = items.length === MOST ? [`The first ${MOST} are shown.`] : []
  return {
    json: { items },
    lines: items.length === 0 ? ['Nothing is parked.'] : [...lines, ...more],
  }
}

function toLine({
  id,
  messageId,
  type,
  destination,
  items,
  reason,
  since,
  isGone,
}: Parked): string {
  const what = messageId ? `${type} ${messageId}` : 'an event of no message'
  const erased = isGone ? '; erased, so it can only be closed' : ''
  return `${since.toISOString()}  ${id}  ${what} to ${destination}, ${items} items: ${reason}${erased}`
}

const close = ({ pool }: Opened, change: Release) => closeParked(pool, change)

async function decide(
  store: Opened,
  change: typeof releaseParked | typeof close,
  what: Omit<Release, 'by' | 'at'>,
): Promise<Report> {
  const outcome = await change(store, { ...what, by: operator(), at: new Date() })
  return { json: outcome, lines: tell(change === close, outcome) }
}

function tell(isClosed: boolean, { messages, handOvers, items, gone }: ParkedOutcome): string[] {
  const done = isClosed ? 'Closed: withdrawn for good.' : 'Resumed: they go within seconds.'
  return [
    `${done} Hand-overs ${handOvers}, items ${items}, of messages ${messages}.`,
    ...(gone > 0 ? [`Left parked, for what they carry was erased: ${gone}. Close them.`] : []),
  ]
}
