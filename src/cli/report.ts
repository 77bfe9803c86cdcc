import { Command, InvalidArgumentError } from 'commander'
import type { ProtocolSet } from '../protocol/load.ts'
import { breachReport } from '../report/breach-report.ts'
import { registerReport } from '../report/register-report.ts'
import { markdownOf } from '../report/render/index.ts'
import { makeBreach, makeRegister } from '../report/supervision.ts'
import type { Open, Opened } from './party.ts'
import { checkedSet } from './protocol/checked.ts'

interface Options {
  protocol?: string
  party?: string
  recipient?: string
  type?: string
  json?: boolean
}

type Period = Options & { from: Date; until: Date }

/**
 * `huisbrug report processing-register|breach`: what a supervisor asks for, as Markdown in plain Dutch or
 * JSON. Each leaves an entry `report.made`; where that cannot be written nothing is printed.
 */
export function reportCommand(open: Open, now: () => Date = () => new Date()): Command {
  const report = new Command('report').description('reports for the supervision')
  report
    .command('processing-register')
    .description('the record of processing activities (art. 30 GDPR), from the protocol documents')
    .option('--protocol <id>', 'of this protocol, or of this accession and its framework')
    .option('--json', 'print JSON')
    .action((options: Options, command: Command) =>
      run(open, command, now(), options, async ({ pool }, set, at) => {
        const made = await makeRegister(pool, set, { by: OPERATOR, at, protocol: options.protocol })
        return { json: made, text: markdownOf(registerReport(made)) }
      }),
    )
  report
    .command('breach')
    .description('what went to whom in a period, for the notification of a breach (art. 33 GDPR)')
    .requiredOption(
      '--from <time>',
      'from this time on: 2026-11-01 or 2026-11-01T08:00:00Z',
      parseTime,
    )
    .requiredOption('--until <time>', 'until this time, not included', parseTime)
    .option('--protocol <id>', 'under this protocol')
    .option('--party <party>', 'sent by this party')
    .option('--recipient <party>', 'to this party')
    .option('--type <type>', 'messages of this type')
    .option('--json', 'print JSON')
    .action((options: Period, command: Command) => {
      const { json: _, ...filter } = options
      if (filter.from >= filter.until) command.error('error: --from has to be before --until')
      return run(open, command, now(), options, async ({ pool }, set, at) => {
        const made = await makeBreach(pool, set, { by: OPERATOR, at, ...filter })
        return { json: made, text: markdownOf(breachReport(made)) }
      })
    })
  return report
}

const OPERATOR = { role: 'operator' } as const
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/

function parseTime(text: string): Date {
  const at = new Date(text)
  if (TIME.test(text) && !Number.isNaN(at.getTime())) return at
  throw new InvalidArgumentError('give a day, such as 2026-11-01, or a time with its zone.')
}

async function run(
  open: Open,
  command: Command,
  at: Date,
  { json }: Options,
  work: (store: Opened, set: ProtocolSet, at: Date) => Promise<{ json: object; text: string }>,
): Promise<void> {
  const store = await open()
  try {
    const made = await work(store, await checkedSet(store, at), at)
    command.configureOutput().writeOut?.(json ? `${JSON.stringify(made.json)}\n` : made.text)
  } finally {
    await store.close()
  }
}
