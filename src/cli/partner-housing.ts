import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { Annex1 } from '../client/annex-1.ts'
import type { Accepted, Progress, RefusedItem, TenanciesEnded } from '../client/types.ts'
import { ProfileError } from './partner-profile.ts'
import {
  onceADay,
  type Partner,
  type PartnerReport,
  parseDay,
  partnerCommand,
  protocolOf,
  type RunOptions,
  runPartner,
  today,
} from './partner-run.ts'

type ProgressOptions = RunOptions & { status: Progress['status']; on?: string }
type EndedOptions = RunOptions & { protocol?: string; on?: string; file?: string }
type Ended = TenanciesEnded['items'][number]

const MESSAGE_SIZE = 1_000

/** `huisbrug partner progress|tenancy-ended|annex-1|close-period`: what a housing company tells. */
export function addHousing(partner: Command): void {
  partnerCommand(partner, 'progress <feedbackId>', 'say what was done with a feedback')
    .addOption(
      new Option('--status <status>', 'what was done')
        .choices(['taken-up', 'closed'])
        .makeOptionMandatory(),
    )
    .option('--on <day>', 'on which day (today)', parseDay)
    .action((id: string, options: ProgressOptions, command: Command) =>
      runPartner(command, options, it => progress(it, id, options)),
    )
  addTenancyEnded(partner)
  partnerCommand(
    partner,
    'annex-1 [file.json]',
    'report Annex 1; without a file: what was reported',
  ).action((file: string | undefined, options: RunOptions, command: Command) =>
    runPartner(command, options, it => (file === undefined ? listAnnex1(it) : annex1(it, file))),
  )
  partnerCommand(
    partner,
    'close-period <month>',
    'nothing more is asked for this month (YYYY-MM): its one number may go out',
  )
    .option('--protocol <id>', 'under this protocol (default: of the profile)')
    .action((period: string, options: RunOptions & { protocol?: string }, command: Command) =>
      runPartner(command, options, async ({ client, profile }) => {
        const json = await client.closePeriod(protocolOf(profile, options.protocol), period)
        return { json, text: [`${json.protocol} ${json.period}: ${json.state}`] }
      }),
    )
}

async function progress(
  { client }: Partner,
  feedbackId: string,
  { status, on = today() }: ProgressOptions,
): Promise<PartnerReport> {
  const idempotencyKey = `${feedbackId}.${status}.${on}`
  const json = await client.progress(feedbackId, { status, on }, { idempotencyKey })
  return { json, text: [`${feedbackId} is ${status} on ${on}: ${json.messageId}`] }
}

function addTenancyEnded(partner: Command): void {
  partnerCommand(partner, 'tenancy-ended [tenantRefs...]', 'say which tenancies ended, and when')
    .option('--on <day>', 'on which day', parseDay)
    .option('--file <file>', 'a file instead, a line each: tenantRef;YYYY-MM-DD')
    .option('--protocol <id>', 'under this protocol (default: of the profile)')
    .action((refs: string[], options: EndedOptions, command: Command) => {
      const { file, on } = options
      if (refs.length > 0 === (file !== undefined))
        command.error('error: give references with --on, or else a --file', { exitCode: 2 })
      if (refs.length > 0 && on === undefined)
        command.error('error: --on is needed: the day on which these tenancies ended', {
          exitCode: 2,
        })
      return runPartner(command, options, it => {
        const items = refs.map(tenantRef => ({ tenantRef, endedOn: on ?? '' }))
        return endTenancies(it, file === undefined ? items : readEnded(file), options)
      })
    })
}

/** All lines are read before anything is sent. @throws ProfileError naming each line that is wrong */
function readEnded(file: string): Ended[] {
  const all = readText(file)
    .split(/\r?\n/)
    .map((line, index) => ({ number: index + 1, line: line.trim() }))
    .filter(({ line }) => line !== '')
  const read = all.map(({ number, line }) => ({ number, item: endedOf(line) }))
  const wrong = read.filter(({ item }) => !item).map(({ number }) => number)
  // A first line may tell what the columns are.
  if (wrong[0] === all[0]?.number) wrong.shift()
  if (wrong.length > 0)
    throw new ProfileError(
      `${file}: nothing was sent; no tenantRef;YYYY-MM-DD in line ${wrong.slice(0, 10).join(', ')}` +
        (wrong.length > 10 ? ` and ${wrong.length - 10} more` : ''),
    )
  return read.flatMap(({ item }) => item ?? [])
}

function endedOf(line: string): Ended | undefined {
  const [, tenantRef, endedOn] = /^"?([\w.-]{1,64})"?[;,\t]"?(\d{4}-\d\d-\d\d)"?$/.exec(line) ?? []
  return tenantRef && endedOn ? { tenantRef, endedOn } : undefined
}

async function endTenancies(
  { client, profile }: Partner,
  items: readonly Ended[],
  options: EndedOptions,
): Promise<PartnerReport> {
  const protocol = protocolOf(profile, options.protocol)
  const replies: Accepted[] = []
  for (let start = 0; start < items.length; start += MESSAGE_SIZE) {
    const body = { protocol, items: items.slice(start, start + MESSAGE_SIZE) }
    const idempotencyKey = onceADay(profile, '/v1/tenancies/ended', body)
    replies.push(await client.tenanciesEnded(body, { idempotencyKey }))
  }
  const refused = replies.flatMap(reply => reply.refused)
  const accepted = replies.reduce((sum, reply) => sum + reply.accepted, 0)
  return {
    json: { accepted, refused, messages: replies.map(({ messageId }) => messageId) },
    text: [`${accepted} taken, ${refused.length} refused`, ...refused.map(describeRefused)],
    ...(refused.length > 0 && { exit: 1 as const }),
  }
}

function describeRefused({ index, tenantRef, code, rule, remedy }: RefusedItem): string {
  return `  ${tenantRef ?? `item ${index}`}  ${code}  ${rule}: ${remedy}`
}

/** Reports Annex 1 as the housing company. @throws ProfileError where the file is no JSON */
export async function annex1({ client, profile }: Partner, file: string): Promise<PartnerReport> {
  const report = parseJson(file, readText(file)) as Annex1
  const idempotencyKey = onceADay(profile, '/v1/reports/annex-1', report)
  const json = await client.reportAnnex1(report, { idempotencyKey })
  return {
    json,
    text: [
      `Annex 1 of ${report.referenceDate} is taken: ${json.messageId}`,
      ...json.warnings.map(({ pointer, text }) => `warning  ${pointer}  ${text}`),
    ],
  }
}

async function listAnnex1({ client }: Partner): Promise<PartnerReport> {
  const json = await client.annex1Reports()
  const text = json.items.map(({ messageId, reportedAt, report, replacedBy }) => {
    const newer = replacedBy === undefined ? '' : `, replaced by ${replacedBy}`
    return `${report.referenceDate}  ${messageId}  reported ${reportedAt}${newer}`
  })
  return { json, text: text.length > 0 ? text : ['Nothing was reported yet.'] }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new ProfileError(`${file} cannot be read`)
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ProfileError(`${file} is not JSON`)
  }
}
