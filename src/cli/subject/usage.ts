import { type Command, InvalidArgumentError } from 'commander'
import { Disclosures } from '../../audit/disclosure.ts'
import { PublishedCheckpoints } from '../../audit/published.ts'
import { ProtocolRegistry } from '../../protocol/registry.ts'
import { DomainStore } from '../../pseudonym/domains.ts'
import { type UsagePage, usageByNumber } from '../../subject/usage.ts'
import { usageLetter } from '../../subject/usage-letter.ts'
import type { Open, Opened } from '../party.ts'
import { readNumber } from './number.ts'
import { operator, refused } from './run.ts'

interface UsageOptions extends UsagePage {
  reason: string
  approval?: string
  json?: boolean
}

// One search is one entry, and one approval: a person rarely has more.
const MOST = 1_000

/**
 * `huisbrug subject usage --reason TEXT [--from] [--until] [--offset] [--approval] [--json]`: what happened
 * with data about the person whose national number comes from standard input, as a letter in plain Dutch.
 */
export function addUsage(subject: Command, open: Open): void {
  subject
    .command('usage')
    .description('what happened with data about a person; number from standard input')
    .requiredOption('--reason <text>', 'why; the person may see it')
    .option('--from <day>', 'from this day on, YYYY-MM-DD (UTC), or an instant', parseInstant)
    .option('--until <day>', 'before this day, or instant; now where left out', parseInstant)
    .option('--offset <count>', 'pass over so many of the newest', parseCount)
    .option('--approval <id>', 'the approval of a second person, where four eyes are set')
    .option('--json', 'print JSON, with the proofs')
    .action((options: UsageOptions, command: Command) => run(open, command, options))
}

async function run(open: Open, command: Command, options: UsageOptions): Promise<void> {
  const say = (text: string) => command.configureOutput().writeOut?.(`${text}\n`)
  const { json, ...question } = options
  const insz = await readNumber()
  const store = await open()
  try {
    const report = await find(store, { ...question, insz, limit: MOST })
    say(json ? JSON.stringify(report) : usageLetter(report).join('\n'))
  } catch (error) {
    throw refused(error, json ? say : undefined)
  } finally {
    await store.close()
  }
}

async function find(store: Opened, question: Parameters<typeof usageByNumber>[1]) {
  const published = new PublishedCheckpoints(store.config.dataDir)
  await new Disclosures({ ...store, published, clock: () => new Date() }).assertOpen()
  const { openEvaluator } = await import('../../parts.ts')
  const opened = openEvaluator(store)
  const { evaluator } = opened
  try {
    const protocols = await ProtocolRegistry.open(store.config.protocolsDir, store.log)
    const domains = new DomainStore({ ...store, evaluator })
    const parts = { ...store, evaluator, protocols, domains }
    return await usageByNumber(parts, question, operator(), new Date())
  } finally {
    await opened.close()
  }
}

function parseInstant(text: string): string {
  const at = /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(text) ? new Date(text) : new Date(Number.NaN)
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError('give a day, YYYY-MM-DD.')
  return at.toISOString()
}

function parseCount(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('give a whole number.')
  return Number(text)
}
