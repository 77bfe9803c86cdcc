import type { Command } from 'commander'
import type { Webhook } from '../client/types.ts'
import { type PartnerReport, partnerCommand, type RunOptions, runPartner } from './partner-run.ts'

/** `huisbrug partner webhook show|set|test|rotate|remove`: where the gateway sends events. */
export function addWebhook(partner: Command): void {
  const webhook = partner.command('webhook').description('where the gateway sends events')
  partnerCommand(webhook, 'show', 'address, state and figures').action(
    (options: RunOptions, command: Command) =>
      runPartner(command, options, async ({ client }) => reportOf(await client.getWebhook())),
  )
  partnerCommand(webhook, 'set <url>', 'send events there; prints its secret once')
    .option('--event <type...>', 'these types only (all)')
    .action((url: string, options: RunOptions & { event?: string[] }, command: Command) =>
      runPartner(command, options, async ({ client }) => {
        const { event: events } = options
        return reportOf(await client.setWebhook({ url, ...(events && { events }) }))
      }),
    )
  partnerCommand(webhook, 'test', 'have a test event sent').action(
    (options: RunOptions, command: Command) =>
      runPartner(command, options, async ({ client }) => {
        const json = await client.testWebhook()
        return { json, text: [`A test event is on its way: ${json.deliveryId}`] }
      }),
  )
  partnerCommand(
    webhook,
    'rotate',
    'another secret; the former one signs beside it for a while',
  ).action((options: RunOptions, command: Command) =>
    runPartner(command, options, async ({ client }) => reportOf(await client.rotateWebhook())),
  )
  partnerCommand(webhook, 'remove', 'send no more: events wait in the inbox').action(
    (options: RunOptions, command: Command) =>
      runPartner(command, options, async ({ client }) => {
        await client.deleteWebhook()
        return { json: { removed: true }, text: ['Removed: events wait in the inbox from now on'] }
      }),
  )
}

function reportOf(webhook: Webhook): PartnerReport {
  const { url, events, secret, formerSecretUntil, state, statistics } = webhook
  return {
    json: webhook,
    text: [
      `${url}  ${state ?? ''}`.trimEnd(),
      `  events: ${events?.join(', ') ?? 'all'}`,
      ...(statistics ? [`  delivered ${statistics.delivered}, failed ${statistics.failed}`] : []),
      ...(secret === undefined ? [] : [`  secret: ${secret}`, '  Keep it now: it is shown once.']),
      ...(formerSecretUntil ? [`  the former secret signs too until ${formerSecretUntil}`] : []),
    ],
  }
}
