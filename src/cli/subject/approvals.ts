import type { Command } from 'commander'
import { decideApproval, listApprovals, type WaitingApproval } from '../../subject/approval.ts'
import type { Open, Opened } from '../party.ts'
import { operator, refused } from './run.ts'

interface Options {
  reason?: string
  json?: boolean
}

interface Told {
  json: object
  lines: string[]
}

/** `huisbrug subject approvals list|give|refuse`: what waits for a second person, where four eyes are set. */
export function addApprovals(subject: Command, open: Open): void {
  const approvals = subject.command('approvals').description('what waits for a second person')
  approvals
    .command('list', { isDefault: true })
    .description('list what waits, the oldest first')
    .option('--json', 'print JSON')
    .action((options: Options, command: Command) => run(open, command, options, list))
  for (const [name, decision, told] of [
    ['give', 'given', 'Goedgekeurd. Wie het vroeg, kan het nu opnieuw doen.'],
    ['refuse', 'refused', 'Niet goedgekeurd.'],
  ] as const) {
    approvals
      .command(`${name} <id>`)
      .description(`${name === 'give' ? 'approve' : 'refuse'} what another person asked`)
      .option('--reason <text>', 'why; never about a person')
      .option('--json', 'print JSON')
      .action((id: string, options: Options, command: Command) =>
        run(open, command, options, async ({ pool }) => {
          const { reason } = options
          const by = operator()
          const words = reason === undefined ? {} : { reason }
          await decideApproval(pool, { id, decision, ...words, by, at: new Date() })
          return { json: { id, decision }, lines: [told] }
        }),
      )
  }
}

async function run(
  open: Open,
  command: Command,
  { json }: Options,
  work: (store: Opened) => Promise<Told>,
): Promise<void> {
  const say = (text: string) => command.configureOutput().writeOut?.(`${text}\n`)
  const store = await open()
  try {
    const told = await work(store)
    say(json ? JSON.stringify(told.json) : told.lines.join('\n'))
  } catch (error) {
    throw refused(error, json ? say : undefined)
  } finally {
    await store.close()
  }
}

async function list({ pool }: Opened): Promise<Told> {
  const items = await listApprovals(pool, new Date())
  return { json: { items }, lines: items.length === 0 ? ['Er wacht niets.'] : items.map(toLine) }
}

function toLine(waiting: WaitingApproval): string {
  const { id, operation, messages = [], reason, askedRole, askedBy, askedAt } = waiting
  const what = [operation, ...messages].join(' ')
  return `${askedAt}  ${id}  ${what}, gevraagd door ${askedBy} (${askedRole}): ${reason}`
}
