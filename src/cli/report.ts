import { Command, InvalidArgumentError } from 'commander'
import { breachReport } from '../report/breach-report.ts'
import { registerReport } from '../report/register-report.ts'
import { makeBreach, makeRegister } from '../report/supervision.ts'
import type { Open } from './party.ts'
import { formatOf, giveOut, OPERATOR, type Output, withOutput } from './report-output.ts'
import { addPartyReports } from './report-party.ts'

interface Options extends Output {
  protocol?: string
}

type Period = Options & {
  from: Date
  until: Date
  party?: string
  recipient?: string
  type?: string
}

/**
 * `huisbrug report processing-register|breach|annex-1|dashboard|evaluation`: in plain Dutch as Markdown, page,
 * PDF, CSV or workbook, or as JSON. Each leaves an entry `report.made`; where that cannot be written nothing
 * is given out.
 */
export function reportCommand(open: Open, now: () => Date = () => new Date()): Command {
  const report = new Command('report').description(
    'reports: for the supervision, and of a housing company',
  )
  addRegister(report, open, now)
  addBreach(report, open, now)
  addPartyReports(report, open, now)
  return report
}

function addRegister(report: Command, open: Open, now: () => Date): void {
  withOutput(report.command('processing-register'))
    .description('the record of processing activities (art. 30 GDPR), from the protocol documents')
    .option('--protocol <id>', 'of this protocol, or of this accession and its framework')
    .action((options: Options, command: Command) => {
      const at = now()
      const asked = { by: OPERATOR, at, format: formatOf(options), protocol: options.protocol }
      return giveOut(open, command, options, at, async ({ pool }, set) => {
        const data = await makeRegister(pool, set, asked)
        return { report: registerReport(data), data }
      })
    })
}

function addBreach(report: Command, open: Open, now: () => Date): void {
  withOutput(report.command('breach'))
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
    .action((options: Period, command: Command) => {
      const { json: _, out: __, format: ___, ...filter } = options
      if (filter.from >= filter.until) command.error('error: --from has to be before --until')
      const at = now()
      const asked = { by: OPERATOR, at, format: formatOf(options), ...filter }
      return giveOut(open, command, options, at, async ({ pool }, set) => {
        const data = await makeBreach(pool, set, asked)
        return { report: breachReport(data), data }
      })
    })
}

const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/

function parseTime(text: string): Date {
  const at = new Date(text)
  if (TIME.test(text) && !Number.isNaN(at.getTime())) return at
  throw new InvalidArgumentError('give a day, such as 2026-11-01, or a time with its zone.')
}
