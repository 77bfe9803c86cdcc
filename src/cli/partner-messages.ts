import { type Command, InvalidArgumentError, Option } from 'commander'
import { followMessage } from '../client/follow.ts'
import { gatewayKeys } from '../client/message-signature.ts'
import { verifyReceipt } from '../client/receipt.ts'
import type { Delivery, Envelope, MessageState } from '../client/types.ts'
import { lines, writeOut } from './output.ts'
import {
  interruptible,
  type Partner,
  type PartnerReport,
  parseLimit,
  partnerCommand,
  type RunOptions,
  runPartner,
} from './partner-run.ts'

type MessageOptions = RunOptions & { wait?: 'handed-over' | 'answered' | true; every: number }
type PageCommandOptions = RunOptions & { limit?: number; after?: string }

/** `huisbrug partner message|receipt|inbox|ack|deliveries|retry`: what became of what was sent. */
export function addMessages(partner: Command): void {
  addMessage(partner)
  partnerCommand(partner, 'receipt <messageId>', 'the signed receipt of an own message, checked')
    .option('--out <file>', 'write the receipt there too')
    .action((id: string, options: RunOptions & { out?: string }, command: Command) =>
      runPartner(command, options, it => showReceipt(it, id, options.out)),
    )
  paged(partner, 'inbox', 'events that wait in the inbox, oldest first').action(
    (options: PageCommandOptions, command: Command) =>
      runPartner(command, options, it => showInbox(it, options)),
  )
  partnerCommand(partner, 'ack <eventId>', 'take the events of the inbox up to this one').action(
    (id: string, options: RunOptions, command: Command) =>
      runPartner(command, options, async ({ client }) => {
        const json = await client.acknowledge(id)
        return { json, text: [`${json.acknowledged} taken, up to ${json.upTo}`] }
      }),
  )
  paged(partner, 'deliveries', 'hand-overs to your webhook and inbox, newest first').action(
    (options: PageCommandOptions, command: Command) =>
      runPartner(command, options, it => showDeliveries(it, options)),
  )
  partnerCommand(
    partner,
    'retry [deliveryId]',
    'have a hand-over tried again, or all parked ones',
  ).action((id: string | undefined, options: RunOptions, command: Command) =>
    runPartner(command, options, it => retry(it, id)),
  )
}

function paged(partner: Command, name: string, description: string): Command {
  return partnerCommand(partner, name, description)
    .option('--limit <n>', 'at most so many (the gateway decides)', parseLimit)
    .option('--after <id>', 'the ones after this: `next` of the page before')
}

function addMessage(partner: Command): void {
  partnerCommand(partner, 'message <messageId>', 'where an own message stands')
    .addOption(
      new Option('--wait [until]', 'follow it until it was handed over, or answered').choices([
        'handed-over',
        'answered',
      ]),
    )
    .option('--every <seconds>', 'with --wait: how often to ask', parseSeconds, 2)
    .action((id: string, options: MessageOptions, command: Command) =>
      runPartner(command, options, it =>
        options.wait ? follow(it, id, options, command) : showMessage(it, id),
      ),
    )
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (seconds >= 0.01 && seconds <= 3_600) return seconds
  throw new InvalidArgumentError('give a number of seconds, from 0.01 to 3600.')
}

async function showMessage({ client }: Partner, id: string): Promise<PartnerReport> {
  const state = await client.message(id)
  return { json: state, text: describeMessage(state) }
}

const BAD = new Set(['refused', 'parked', 'expired', 'withdrawn'])

async function follow(
  { client }: Partner,
  id: string,
  { wait, every, json }: MessageOptions,
  command: Command,
): Promise<PartnerReport> {
  const until = wait === 'answered' ? wait : 'handed-over'
  return interruptible(async signal => {
    let last: MessageState | undefined
    for await (const state of followMessage(client, id, { until, everyMs: every * 1000, signal })) {
      last = state
      const now = `${new Date().toISOString()}  ${state.state}`
      if (!json) command.configureOutput().writeErr?.(lines([now]))
    }
    const exit = signal.aborted ? 130 : BAD.has(String(last?.state)) ? 1 : undefined
    const text = last ? describeMessage(last) : []
    return { json: last ?? {}, text, ...(exit && { exit }) }
  })
}

function describeMessage(state: MessageState): string[] {
  const counts = Object.entries(state.items).map(([name, count]) => `${name} ${count}`)
  return [
    `${state.messageId}  ${state.type}  ${state.protocol ?? 'no known protocol'}  ${state.state}`,
    `  items: ${counts.join(', ')}`,
    ...state.transitions.map(({ at, state: to, code = '' }) => `  ${at}  ${to}  ${code}`.trimEnd()),
  ]
}

async function showReceipt(
  { client, profile }: Partner,
  id: string,
  out: string | undefined,
): Promise<PartnerReport> {
  const { receipt, proof } = await client.receipt(id)
  const { gateway, party: partyId } = profile
  const keys = gatewayKeys(gateway)
  const claims = await verifyReceipt(receipt, { gateway, partyId, keys, messageId: id })
  if (out !== undefined) writeOut(out, receipt)
  return {
    json: { receipt, proof, claims },
    text: [
      `${claims.messageId}  ${claims.type}  ${claims.decision} at ${new Date(claims.iat * 1000).toISOString()}`,
      '  signed by a published key of the gateway',
      `  body:  SHA-256 ${claims.digest ?? 'not named'}`,
      `  entry: ${claims.entryCommitment}, ${proof ? 'with its proof from the audit log' : 'not in the audit log yet'}`,
      ...(out === undefined ? [] : [`  wrote ${out}`]),
    ],
  }
}

async function showInbox({ client }: Partner, page: PageCommandOptions): Promise<PartnerReport> {
  const json = await client.inbox(pageOf(page))
  const last = json.items.at(-1)
  return {
    json,
    text: last
      ? [...json.items.map(describeEvent), `To take them: huisbrug partner ack ${last.id}`]
      : ['Nothing waits.'],
  }
}

function describeEvent({ id, time, type, subject = '', data }: Envelope): string {
  return `${id}  ${time}  ${type}  ${subject}  ${JSON.stringify(data)}`
}

async function showDeliveries(
  { client }: Partner,
  page: PageCommandOptions,
): Promise<PartnerReport> {
  const json = await client.deliveries(pageOf(page))
  return {
    json,
    text: json.items.length > 0 ? json.items.map(describeDelivery) : ['There are none.'],
  }
}

function describeDelivery(delivery: Delivery): string {
  const { deliveryId, event, state, attempts, reason, nextAt } = delivery
  const why = reason ? `  ${reason}` : ''
  const next = nextAt === null ? '' : `  again at ${nextAt}`
  return `${deliveryId}  ${event}  ${state}, ${attempts} tries${why}${next}`
}

async function retry({ client }: Partner, id: string | undefined): Promise<PartnerReport> {
  if (id !== undefined) {
    const json = await client.retryDelivery(id)
    return { json, text: [describeDelivery(json)] }
  }
  const json = await client.retryDeliveries()
  const gone = json.gone > 0 ? `; ${json.gone} are kept no more (HTTP 410)` : ''
  return { json, text: [`${json.retried} tried again${gone}`] }
}

function pageOf({ limit, after }: PageCommandOptions) {
  return { ...(limit !== undefined && { limit }), ...(after !== undefined && { after }) }
}
