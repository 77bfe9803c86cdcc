import { KINDS } from '../../attention/kinds.ts'
import { type AttentionLine, listAttention } from '../../attention/list.ts'
import { sentenceOf } from '../../attention/message.ts'
import { channelsOf } from '../../attention/note.ts'
import type { ConsoleDeps } from '../deps.ts'
import { format } from '../format.ts'
import { language } from '../language.ts'
import type { Drawing, Page } from '../page.ts'
import { texts } from '../texts/index.ts'
import type { Tone } from '../tone.ts'

const MOST = 100
const TONES = { alarm: 'bad', warning: 'warn' } as const

/** /console/aandacht: what is worth waking someone for. Of all parties, so not for the officer of one. */
export const attentionPage: Page = {
  method: 'get',
  path: '/aandacht',
  operation: 'overview:read',
  nav: 'attention',
  answer: draw,
}

async function draw({ pool, config }: ConsoleDeps): Promise<Drawing> {
  const text = texts().attention
  const lines = (await listAttention(pool, MOST)).map(toLine)
  const set = config.attention ? channelsOf(config.attention) : []
  const ways = new Intl.ListFormat(language()).format(set.map(channel => text.channels[channel]))
  const now = lines.filter(({ endedAt }) => endedAt === null)
  const tone: Tone = now.some(it => it.tone === 'bad') ? 'bad' : now.length > 0 ? 'warn' : 'good'
  return {
    view: 'attention',
    title: text.title,
    model: { now, over: lines.filter(({ endedAt }) => endedAt !== null), tone, ways },
  }
}

function toLine(line: AttentionLine) {
  const text = texts().attention
  const told = line.notices.map(({ channel, sentAt }) => {
    const way = text.channels[channel]
    return sentAt ? text.sent(way, format.moment(sentAt)) : text.unsent(way)
  })
  return {
    ...line,
    sentence: sentenceOf({ ...line, ended: line.endedAt !== null }, language()),
    path: KINDS[line.kind].path,
    tone: TONES[line.severity],
    told: told.length > 0 ? told : [line.endedAt ? text.neverTold : text.notTold],
  }
}
