import { Command } from 'commander'
import { SendError, sendNotice } from '../attention/channels.ts'
import { type AttentionLine, listAttention } from '../attention/list.ts'
import { sentenceOf } from '../attention/message.ts'
import { channelsOf } from '../attention/note.ts'
import { openOutbound } from '../delivery/outbound.ts'
import { newId } from '../ids.ts'
import type { Open, Opened } from './party.ts'

const MOST = 100

/**
 * `huisbrug attention list`: what needs attention and whether it was told; `attention test`: a test message
 * by each way that is set. A way that does not work rejects with what is wrong.
 */
export function attentionCommand(open: Open): Command {
  const attention = new Command('attention').description('what is worth waking someone for')
  attention
    .command('list')
    .description('what needs attention now, and what is over')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }, command: Command) =>
      run(open, command, async ({ pool }) => {
        const items = await listAttention(pool, MOST)
        if (options.json) return JSON.stringify({ items })
        return items.map(toLine).join('\n') || 'Nothing needs attention.'
      }),
    )
  attention
    .command('test')
    .description('send a test message by mail and webhook, whichever is set')
    .action((_options: object, command: Command) => run(open, command, test))
  return attention
}

async function run(
  open: Open,
  command: Command,
  work: (store: Opened) => Promise<string>,
): Promise<void> {
  const store = await open()
  try {
    command.configureOutput().writeOut?.(`${await work(store)}\n`)
  } finally {
    await store.close()
  }
}

function toLine(line: AttentionLine): string {
  const { severity, since, endedAt, notices } = line
  const told = notices.map(({ channel, sentAt, fault }) =>
    sentAt
      ? `${channel} ${sentAt.toISOString()}`
      : `${channel} not sent${fault ? `: ${fault}` : ''}`,
  )
  const over = endedAt ? ', over' : ''
  const sentence = sentenceOf({ ...line, ended: endedAt !== null }, 'en')
  return `${since.toISOString()}  ${severity}${over}  ${sentence} (${told.join('; ') || 'not told'})`
}

async function test({ config, log }: Opened): Promise<string> {
  const channels = channelsOf(config.attention)
  if (channels.length === 0) {
    throw new Error(
      'nothing is set: give HUISBRUG_ATTENTION_SMTP_URL or HUISBRUG_ATTENTION_WEBHOOK_URL (docs/attention.md)',
    )
  }
  const outbound = openOutbound(config, { log })
  const clock = () => new Date()
  const id = newId('ntc', clock())
  const lines: string[] = []
  try {
    for (const channel of channels) {
      await sendNotice({ config, outbound, clock, log }, channel, id, []).catch(error => {
        if (!(error instanceof SendError)) throw error
        throw new Error(`${channel}: ${error.reason}. See "Faults" in docs/attention.md.`)
      })
      lines.push(`${channel}: taken over`)
    }
  } finally {
    await outbound.close()
  }
  return lines.join('\n')
}
