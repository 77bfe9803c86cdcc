import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publishedKey } from '../client/published-key.ts'
import { RegisterStore } from '../client/register-store.ts'
import type { Domain, FeedbackItem, Reachability } from '../client/types.ts'
import { parseNationalNumber } from '../pseudonym/national-number.ts'
import { currentOf } from './partner-blind.ts'
import { logKeysOf, ProfileError } from './partner-profile.ts'
import {
  onceADay,
  type Partner,
  type PartnerReport,
  protocolOf,
  type RunOptions,
  today,
} from './partner-run.ts'

export type FeedbackOptions = RunOptions & { protocol?: string; logKey?: string[] }

/** A line of the file: whose national number it holds is looked up in the prepared register alone. */
interface Line {
  number: number
  insz: string
  reachability: Reachability
  establishedOn: string
}

/** A line that was not taken, and why. */
interface NotTaken {
  line: number
  code: string
  remedy: string
}

const MESSAGE_SIZE = 1_000
const MOST_NAMED = 10
const NOT_PREPARED =
  'Prepare the register with this person first: huisbrug partner register prepare'
const WORDS: Readonly<Record<string, Reachability>> = {
  'hard-to-reach': 'hard-to-reach',
  'moeilijk bereikbaar': 'hard-to-reach',
  'not-reached': 'not-reached',
  'niet bereikt': 'not-reached',
}

/**
 * Says whom the employment service reaches with difficulty or not at all, by the pseudonyms of its prepared
 * register. The whole file is read before anything is sent.
 * @throws ProfileError naming the lines that are wrong
 */
export async function sendFeedback(
  { client, profile }: Partner,
  file: string,
  options: FeedbackOptions,
): Promise<PartnerReport> {
  const protocol = protocolOf(profile, options.protocol)
  const lines = readLines(file)
  const item = currentOf((await client.domains()).items, protocol)
  if (!item) throw new Error(`no key of ${protocol} is current: prepare the register first`)
  const publicKey = publishedKey(item, logKeysOf(profile, options.logKey))
  const tags = tagsOf(join(profile.dataDir, 'register'), item, publicKey, lines)
  const known = lines.filter(({ number }) => tags.has(number))
  const notTaken: NotTaken[] = lines
    .filter(({ number }) => !tags.has(number))
    .map(({ number }) => ({ line: number, code: 'not-prepared', remedy: NOT_PREPARED }))
  const messages: string[] = []
  for (let start = 0; start < known.length; start += MESSAGE_SIZE) {
    const part = known.slice(start, start + MESSAGE_SIZE)
    const items = part.map(line => itemOf(line, tags))
    const body = { protocol, domain: item.domain, items }
    const idempotencyKey = onceADay(profile, '/v1/feedback', body)
    const { messageId, refused } = await client.feedback(body, { idempotencyKey })
    messages.push(messageId)
    for (const { index, code, remedy } of refused)
      notTaken.push({ line: part[index]?.number ?? 0, code, remedy })
  }
  return reportOf(lines.length - notTaken.length, notTaken, messages)
}

function reportOf(accepted: number, notTaken: NotTaken[], messages: string[]): PartnerReport {
  return {
    json: { accepted, notTaken, messages },
    text: [
      `${accepted} taken, ${notTaken.length} not`,
      ...notTaken.map(({ line, code, remedy }) => `  line ${line}  ${code}  ${remedy}`),
    ],
    ...(notTaken.length > 0 && { exit: 1 as const }),
  }
}

function itemOf({ number, reachability, establishedOn }: Line, tags: Tags): FeedbackItem {
  return { tag: tags.get(number) ?? '', reachability, establishedOn }
}

/** By the number of the line. */
type Tags = ReadonlyMap<number, string>

function tagsOf(folder: string, { domain }: Domain, publicKey: Buffer, lines: Line[]): Tags {
  const store = new RegisterStore(folder)
  try {
    store.openDomain(domain, publicKey)
    const found = lines.flatMap(({ number, insz }) => {
      const person = store.findByNumber(domain, insz)
      return person ? [[number, person.tag.toString('base64url')] as const] : []
    })
    return new Map(found)
  } finally {
    store.close()
  }
}

function readLines(file: string): Line[] {
  const texts = readText(file).split(/\r?\n/)
  const filled = texts.flatMap((text, index) => (text.trim() === '' ? [] : [{ text, index }]))
  // A first line may tell what the columns are.
  const [first] = filled
  if (first && !/\d/.test(first.text)) filled.shift()
  const read = filled.map(({ text, index }) => ({ number: index + 1, line: lineOf(text, index) }))
  const wrong = read.filter(({ line }) => !line).map(({ number }) => number)
  if (wrong.length === 0) return read.flatMap(({ line }) => line ?? [])
  throw new ProfileError(
    `${file}: nothing was sent; no national number;hard-to-reach or not-reached;YYYY-MM-DD in line ` +
      wrong.slice(0, MOST_NAMED).join(', ') +
      (wrong.length > MOST_NAMED ? ` and ${wrong.length - MOST_NAMED} more` : ''),
  )
}

function lineOf(text: string, index: number): Line | undefined {
  const cells = text.split(/[;,\t]/).map(cell => cell.trim().replace(/^"(.*)"$/, '$1'))
  const [given = '', word = '', establishedOn = ''] = cells
  const insz = parseNationalNumber(given, today())
  const reachability = WORDS[word.toLowerCase()]
  const isDay = /^\d{4}-\d\d-\d\d$/.test(establishedOn)
  if (insz === undefined || reachability === undefined || !isDay) return undefined
  return { number: index + 1, insz, reachability, establishedOn }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch {
    throw new ProfileError(`${file} cannot be read`)
  }
}
