import { extname } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { layOutBars } from '../console/chart.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import type { Made } from '../report/party-reports.ts'
import {
  type LayOut,
  markdownOf,
  REPORT_FORMATS,
  type ReportFormat,
  renderReport,
} from '../report/render/index.ts'
import type { Open, Opened } from './party.ts'
import { checkedSet } from './protocol/checked.ts'
import { writeOut } from './protocol/report.ts'

/** How a report is given out; without any: as Markdown, for a terminal. */
export interface Output {
  format?: ReportFormat | 'markdown' | 'json'
  out?: string
  json?: boolean
}

/** Who asks, where a command does. */
export const OPERATOR = { role: 'operator' } as const

const FORMATS = [...REPORT_FORMATS, 'markdown', 'json'] as const
const DAY = /^\d{4}-\d\d-\d\d$/
const LABELS = 8
const NO_TERMINAL = 'this is no text for a terminal: name a file with --out'

const layOut: LayOut = columns => layOutBars(columns, Math.ceil(columns.length / LABELS))

/** Adds the options of how a report is given out. */
export function withOutput(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'by the name of the file if absent, else markdown').choices(
        FORMATS,
      ),
    )
    .option('--out <file>', 'write it there instead of to standard output')
    .option('--json', 'print JSON')
}

/** The format that is asked for, by its name or by that of the file. */
export function formatOf({ format, out, json }: Output): NonNullable<Output['format']> {
  if (json) return 'json'
  const extension = extname(out ?? '')
    .slice(1)
    .toLowerCase()
  return format ?? FORMATS.find(it => it === extension) ?? 'markdown'
}

/** Makes a report over the store and gives it out. @throws Error where it cannot be made or written */
export async function giveOut(
  open: Open,
  command: Command,
  output: Output,
  at: Date,
  make: (store: Opened, set: ProtocolSet) => Promise<Made>,
): Promise<void> {
  const format = formatOf(output)
  const isBinary = format === 'pdf' || format === 'xlsx'
  if (isBinary && output.out === undefined && process.stdout.isTTY) throw new Error(NO_TERMINAL)
  const store = await open()
  try {
    const content = await contentOf(await make(store, await checkedSet(store, at)), format)
    if (output.out !== undefined) {
      writeOut(output.out, content)
      command.configureOutput().writeOut?.(`Wrote ${output.out}\n`)
    } else if (typeof content === 'string') command.configureOutput().writeOut?.(content)
    else process.stdout.write(content)
  } finally {
    await store.close()
  }
}

async function contentOf(
  { report, data }: Made,
  format: NonNullable<Output['format']>,
): Promise<string | Buffer> {
  if (format === 'json') return `${JSON.stringify(data)}\n`
  if (format === 'markdown') return markdownOf(report)
  return (await renderReport(report, format, layOut)).content
}

/** A calendar day of an option. @throws InvalidArgumentError */
export function parseDay(text: string): string {
  const at = new Date(`${text}T00:00:00Z`)
  const isDay = DAY.test(text) && !Number.isNaN(at.getTime())
  if (isDay && at.toISOString().slice(0, 10) === text) return text
  throw new InvalidArgumentError('give a day, such as 2026-11-01.')
}
