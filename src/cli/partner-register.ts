import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import type { FeedbackOptions } from './partner-feedback.ts'
import type { PrepareCommandOptions } from './partner-prepare.ts'
import {
  interruptible,
  type Partner,
  type PartnerReport,
  parseCount,
  partnerCommand,
  type RunOptions,
  runPartner,
} from './partner-run.ts'

const LOG_KEY = "verifier key of the gateway's audit log (default: of the profile)"

/** `huisbrug partner feedback <file>`: whom the employment service reaches with difficulty or not at all. */
export function addFeedback(partner: Command): void {
  partnerCommand(
    partner,
    'feedback <file>',
    'whom you cannot reach: a line each, national number;hard-to-reach or not-reached;YYYY-MM-DD',
  )
    .option('--protocol <id>', 'under this protocol (default: of the profile)')
    .option('--log-key <key...>', LOG_KEY)
    .action((file: string, options: FeedbackOptions, command: Command) =>
      runPartner(command, options, async it =>
        (await import('./partner-feedback.ts')).sendFeedback(it, file, options),
      ),
    )
}

/** `huisbrug partner register prepare|status`: pseudonyms of an own register, by blind evaluation. */
export function addRegister(partner: Command): void {
  const register = partner.command('register').description('your register, prepared blindly')
  partnerCommand(
    register,
    'status',
    'the domains, whether they wait for you, and your quota',
  ).action((options: RunOptions, command: Command) => runPartner(command, options, showDomains))
  partnerCommand(
    register,
    'prepare <file>',
    'evaluate everybody in a file blindly: a line each, national number;own reference; - for standard input',
  )
    .option('--domain <domain...>', 'these domains only (every one that is not closed)')
    .option('--log-key <key...>', LOG_KEY)
    .option('--no-ready', 'do not report that the register is ready')
    .option('--batch <n>', 'people per request, 1 to 5000', parseCount(5_000), 1_000)
    .action((file: string, options: PrepareCommandOptions, command: Command) =>
      interruptible(stop => {
        // The patience of the kit: a run of hours goes on when a gateway is away for a minute.
        const retry = { sleep: (ms: number) => delay(ms, undefined, { signal: stop }) }
        return runPartner(
          command,
          options,
          async it => (await import('./partner-prepare.ts')).prepare(it, file, options, stop),
          retry,
        )
      }),
    )
}

async function showDomains({ client }: Partner): Promise<PartnerReport> {
  const json = await client.domains()
  const text = json.items.map(({ domain, state, quotaLeft, published }) => {
    const key = published ? 'key published' : 'key not published yet'
    return `${domain}  ${state}  ${quotaLeft} evaluations left  ${key}`
  })
  return { json, text: text.length > 0 ? text : ['There is no domain for you.'] }
}
