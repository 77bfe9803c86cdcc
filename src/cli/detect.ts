import { Command, InvalidArgumentError } from 'commander'
import type { Checked } from '../sheet/check.ts'
import { groundOf } from '../sheet/ground.ts'
import type { Role } from '../sheet/headers.ts'
import { parseColumns } from '../sheet/mapping.ts'
import { resultRows } from '../sheet/result.ts'
import { MAX_BATCH, type Outcome } from '../sheet/send.ts'
import { type Agreement, agreementOf } from './detect-agreement.ts'
import { askOnTerminal, assertConfirmed, type Confirm } from './detect-confirm.ts'
import { resultFileOf, writeResult } from './detect-result.ts'
import { sendSheet } from './detect-send.ts'
import { type CheckedSheet, checkSheet } from './detect-sheet.ts'
import { codeWords, describeCheck, describeSent } from './detect-words.ts'
import { withPartner } from './partner-profile.ts'
import {
  interruptible,
  type Partner,
  type PartnerReport,
  parseCount,
  parseDay,
  type RunOptions,
  runPartner,
} from './partner-run.ts'

export interface DetectOptions extends RunOptions {
  sheet?: string
  columns?: Partial<Record<Role, string>>
  ground?: ReturnType<typeof groundOf>
  restoreZeros?: boolean
  protocol?: string
  purpose?: string
  targetGroup?: { id: string; version: string }
  referenceDate?: string
  batch?: number
  out?: string
  check?: boolean
  yes?: boolean
  again?: boolean
  blind?: boolean
}

/** What the command takes from outside; a terminal and the clock where left out. */
export interface DetectDeps {
  now?(): Date
  confirm?: Confirm
}

/**
 * `huisbrug detect <file>`: sends the tenants of a spreadsheet in detection requests. Every row that
 * cannot be sent is told, with its line and the reason, before anything is sent; a result file beside the
 * spreadsheet says of each row what became of it. A second run of the same month sends only what was not
 * accepted. Exits with 1 where a row was not accepted.
 */
export function detectCommand(deps: DetectDeps = {}): Command {
  const { now = () => new Date(), confirm = askOnTerminal } = deps
  return withPartner(new Command('detect'))
    .description('send the tenants of a spreadsheet (.xlsx or CSV); see docs/spreadsheet.md')
    .argument(
      '<file>',
      'the spreadsheet, with a national number, a reference and a ground in a row',
    )
    .option('--sheet <name>', 'the sheet that is meant, by name or number')
    .option('--columns <list>', 'insz=A,ref=B,ground=C: by letter or title', readColumns)
    .option('--ground <ground>', 'a or b: the ground for all rows', readGround)
    .option('--restore-zeros', 'put back zeros that Excel took away in front of national numbers')
    .option('--protocol <id>', 'the protocol (default: of the profile, or the only one)')
    .option('--purpose <id>', 'the purpose (default: the first that the protocol lists)')
    .option('--target-group <id@version>', 'default: the one of the protocol', readTargetGroup)
    .option('--reference-date <day>', 'when they were tenants in the group (today)', parseDay)
    .option('--batch <n>', 'tenants in one request', parseCount(MAX_BATCH))
    .option('--out <file>', 'the result file (default: beside the spreadsheet)')
    .option('--blind', 'make pseudonyms here: no national number leaves this machine (docs/kit.md)')
    .option('--check', 'only check: nothing is sent, no gateway is asked')
    .option('--yes', 'the columns are right: send without a question')
    .option('--again', 'forget what was accepted before, and send all rows')
    .option('--json', 'print JSON')
    .action(async (file: string, options: DetectOptions, command: Command) => {
      const at = now()
      const out = (text: string) => options.json || command.configureOutput().writeOut?.(text)
      const sheet = await checkSheet(file, options, at)
      const before = resultRows(sheet.checked, new Map(), codeWords)
      const result = await writeResult(resultFileOf(file, options.out), before)
      out(describeCheck(sheet, result))
      if (options.check) return reportCheck(command, options, sheet, result)
      // Patient: who sends thousands of tenants would rather wait than start again.
      return runPartner(
        command,
        options,
        partner => detect({ partner, options, sheet, result, at, out, confirm }),
        {},
      )
    })
}

interface Run {
  partner: Partner
  options: DetectOptions
  sheet: CheckedSheet
  result: string
  at: Date
  out(text: string): unknown
  confirm: Confirm
}

async function detect(run: Run): Promise<PartnerReport> {
  const { partner, options, sheet, result, at } = run
  const { checked } = sheet
  if (checked.good.length === 0) return reportOf(checked, new Map(), result)
  const agreement = await agreementOf(partner, options)
  const referenceDate = options.referenceDate ?? at.toISOString().slice(0, 10)
  const asked = { sheet, agreement, referenceDate, partner, options }
  if (!(await assertConfirmed(asked, run.out, run.confirm)))
    return { ...reportOf(checked, new Map(), result), text: ['Nothing was sent.'], exit: 1 }
  const { outcomes, error, stopped } = await interruptible(stop => send(run, agreement, stop))
  const written = await writeResult(result, resultRows(checked, outcomes, codeWords))
  const report = reportOf(checked, outcomes, written, error)
  return stopped ? { ...report, exit: 130 } : report
}

async function send(run: Run, agreement: Agreement, stop: AbortSignal) {
  const { partner, options, sheet, at } = run
  const { maxTenants, ...head } = agreement
  const referenceDate = options.referenceDate ?? at.toISOString().slice(0, 10)
  const blind = options.blind ? await openBlind(partner, head.protocol) : undefined
  try {
    const sending = {
      partner: { ...partner, ...(blind && { client: blind.client }) },
      head: { ...head, referenceDate },
      rows: sheet.checked.good,
      batchSize: Math.min(options.batch ?? MAX_BATCH, maxTenants),
      again: options.again ?? false,
      showsProgress: !options.json,
    }
    return { ...(await sendSheet(sending, stop)), stopped: stop.aborted }
  } finally {
    blind?.close()
  }
}

// Loaded when it is meant, for the group operations are a program of their own.
async function openBlind(partner: Partner, protocol: string) {
  return (await import('./partner-blind.ts')).openBlindClient(partner, protocol)
}

function reportCheck(
  command: Command,
  options: DetectOptions,
  { checked }: CheckedSheet,
  result: string,
): void {
  const report = reportOf(checked, new Map(), result)
  if (options.json) command.configureOutput().writeOut?.(`${JSON.stringify(report.json)}\n`)
  if (checked.bad.length > 0) process.exitCode = 1
}

function reportOf(
  checked: Checked,
  outcomes: ReadonlyMap<number, Outcome>,
  file: string,
  error?: Error,
): PartnerReport {
  const kinds = checked.good.map(({ row }) => outcomes.get(row)?.kind ?? 'not-sent')
  const count = (kind: Outcome['kind']) => kinds.filter(it => it === kind).length
  const counts = {
    rows: checked.good.length + checked.bad.length,
    accepted: count('accepted'),
    earlier: count('earlier'),
    refused: count('refused'),
    faulty: checked.bad.length,
    unconfirmed: count('unconfirmed'),
    notSent: count('not-sent'),
  }
  const rows = resultRows(checked, outcomes, codeWords).filter(
    ({ outcome }) => !outcome.includes('aanvaard'),
  )
  const isAll = counts.accepted + counts.earlier === counts.rows
  return {
    json: { ...counts, result: file, ...(error && { error: error.message }), notAccepted: rows },
    text: describeSent(counts, file, error),
    ...(!isAll && { exit: 1 as const }),
  }
}

function readColumns(text: string): Partial<Record<Role, string>> {
  try {
    return parseColumns(text)
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

function readGround(text: string): NonNullable<DetectOptions['ground']> {
  const ground = groundOf(text)
  if (ground) return ground
  throw new InvalidArgumentError('give a (tenant from the start) or b (by operation of law).')
}

function readTargetGroup(text: string): { id: string; version: string } {
  const [id = '', version = '', ...rest] = text.split('@')
  if (id !== '' && version !== '' && rest.length === 0) return { id, version }
  throw new InvalidArgumentError('give it as in tenants-with-labour-potential@1.0.')
}
