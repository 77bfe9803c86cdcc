import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { PARTY_KINDS } from '../access/operations.ts'
import { PartyStore } from '../access/party.ts'
import {
  type Party,
  type PartyDraft,
  PartyError,
  type PartyView,
  type Retries,
} from '../access/party-types.ts'
import type { Config } from '../config.ts'
import type { Pool } from '../db/pool.ts'
import { createOutbound, jwksFetcher } from '../delivery/outbound.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { ServiceClient } from '../keys/service-client.ts'
import type { Logger } from '../log.ts'
import type { PseudonymKeys } from '../pseudonym/evaluator.ts'
import { addPartyKeys } from './party-keys.ts'

/** What a command needs of the program: opened when it runs, closed when it is done. */
export interface Opened {
  /** Of the database; absent where a test opens less. */
  databaseUrl?: string
  pool: Pool
  keys: KeyStore
  /** Where the keys of the pseudonyms live. */
  evaluator: PseudonymKeys
  /** The key service, where they live there. */
  keyService?: ServiceClient | undefined
  config: Config
  log: Logger
  close(): Promise<void>
}

export type Open = () => Promise<Opened>

interface Report {
  json: object
  lines: string[]
  warnings?: string[]
}

/**
 * `huisbrug party keys|add|list|show|rotate|disable`. A change that is refused rejects with a PartyError,
 * whose message is the reason; with `--json` it is printed as `{ refused, reason }` too.
 */
export function partyCommand(open: Open): Command {
  const party = new Command('party').description('organisations that may exchange')
  addPartyKeys(party)
  addCommand(party, open)
  simple(party, 'list', 'list all parties').action(run(open, listParties))
  simple(party, 'show <id>', 'show a party, its keys and its webhook').action(run(open, showParty))
  simple(party, 'rotate <id>', 'give a party new keys; the old ones count on for a while')
    .requiredOption('--jwks <file|url>', 'its public keys: a JWK set, or the address of one')
    .option('--overlap <hours>', 'how long the old keys still count', parseHours, 24)
    .action(run(open, rotateParty))
  simple(party, 'retries <id> <schedule>', 'when what does not reach a party is tried again')
    .usage('<id> <seconds>,<tries>,<hours> | usual')
    .action(run(open, setRetries))
  simple(party, 'disable <id>', 'shut a party out at once').action(run(open, disableParty))
  return party
}

const RETRIES_HELP =
  'first delay in seconds, tries in all, hours from first to last; 2,30,75 unless told'

function addCommand(party: Command, open: Open): void {
  simple(party, 'add', 'register a party')
    .requiredOption('--id <id>', 'party id, also its OAuth client id')
    .addOption(new Option('--kind <kind>', 'what it is').choices(PARTY_KINDS).makeOptionMandatory())
    .requiredOption('--name <name>', 'name for people')
    .requiredOption('--kbo <number>', 'enterprise number')
    .requiredOption('--jwks <file|url>', 'its public keys: a JWK set, or the address of one')
    .option('--webhook <url>', 'where it receives events; its secret is shown once')
    .option('--base-url <url>', 'where the gateway calls it')
    .option('--token-url <url>', 'where the gateway gets a token for that')
    .option('--retries <schedule>', RETRIES_HELP, parseRetries)
    .action(run(open, addParty))
}

function simple(party: Command, name: string, description: string): Command {
  return party.command(name).description(description).option('--json', 'print JSON')
}

interface Options extends Record<string, unknown> {
  json?: boolean
}

type Work = (store: PartyStore, id: string, options: Options, second: string) => Promise<Report>

// Commander passes the arguments, then the options, then the command.
function run(open: Open, work: Work): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command
    const { json, ...options } = command.opts<Options>()
    const out = command.configureOutput()
    try {
      const report = await withStore(open, store =>
        work(store, String(args[0]), options, String(args[1])),
      )
      for (const warning of report.warnings ?? []) out.writeErr?.(`Warning: ${warning}\n`)
      out.writeOut?.(json ? toLine(report.json) : `${report.lines.join('\n')}\n`)
    } catch (error) {
      if (json && error instanceof PartyError) {
        out.writeOut?.(toLine({ refused: error.code, reason: error.message }))
      }
      throw error
    }
  }
}

async function withStore<T>(open: Open, work: (store: PartyStore) => Promise<T>): Promise<T> {
  const { pool, keys, config, log, close } = await open()
  const outbound = createOutbound({ allowLoopback: config.allowLoopback, log })
  try {
    const fetchJwks = jwksFetcher(outbound)
    return await work(
      new PartyStore({ pool, keys, log, fetchJwks, allowLoopback: config.allowLoopback }),
    )
  } finally {
    outbound.close()
    await close()
  }
}

const addParty: Work = async (store, _id, options) => {
  const { jwks, ...given } = options as unknown as Omit<PartyDraft, 'jwks'> & { jwks: string }
  const { party, webhookSecret, warnings } = await store.add({
    ...given,
    jwks: readKeySource(jwks),
  })
  const view = await store.show(party.id)
  const secret = webhookSecret ? [['secret', `${webhookSecret}  (shown this once)`] as const] : []
  return {
    json: { ...toJson(view), ...(webhookSecret && { webhookSecret }), warnings },
    lines: [`Registered ${party.id}`, ...toLines([...describe(view), ...secret])],
    warnings,
  }
}

const listParties: Work = async store => {
  const parties = await store.list()
  const rows = parties.map(
    party => [party.id, party.kind, party.kbo, stateOf(party), party.name] as const,
  )
  return {
    json: { items: parties.map(toPartyJson) },
    lines: toTable([['id', 'kind', 'KBO', 'state', 'name'], ...rows]),
  }
}

const showParty: Work = async (store, id) => {
  const view = await store.show(id)
  return { json: toJson(view), lines: [view.party.id, ...toLines(describe(view))] }
}

const rotateParty: Work = async (store, id, options) => {
  const hours = options['overlap'] as number
  const source = readKeySource(String(options['jwks']))
  const { warnings } = await store.rotate(id, source, hours * 3_600_000)
  const view = await store.show(id)
  return {
    json: { ...toJson(view), warnings },
    lines: [`New keys for ${id}`, ...toLines(describe(view))],
    warnings,
  }
}

const setRetries: Work = async (store, id, _options, schedule) => {
  const party = await store.setRetries(
    id,
    schedule === 'usual' ? undefined : parseRetries(schedule),
  )
  return { json: toPartyJson(party), lines: [`Retries of ${id}: ${describeRetries(party)}`] }
}

const disableParty: Work = async (store, id) => {
  const party = await store.disable(id)
  return {
    json: toPartyJson(party),
    lines: [`Disabled ${party.id}: it may do nothing from now on`],
  }
}

function readKeySource(place: string): PartyDraft['jwks'] {
  if (/^https?:\/\//i.test(place)) return { url: place }
  let set: unknown
  try {
    set = JSON.parse(readFileSync(place, 'utf8'))
  } catch {
    throw new PartyError('jwks', 'the key file cannot be read, or is not JSON')
  }
  if (typeof set === 'object' && set !== null && 'privateKey' in set) {
    throw new PartyError('jwks', 'this is the private key pair: give the jwks.json beside it')
  }
  return { set }
}

function parseRetries(text: string): Retries {
  const [firstSeconds, tries, hours, ...rest] = text.split(',').map(part => Number(part || 'NaN'))
  const given = [firstSeconds, tries, hours].every(value => Number.isFinite(value))
  if (!given || rest.length > 0) {
    throw new InvalidArgumentError('give seconds, tries and hours, such as 2,30,75')
  }
  return { firstSeconds, tries, hours } as Retries
}

function describeRetries({ retries }: Party): string {
  if (!retries) return 'usual'
  const { firstSeconds, tries, hours } = retries
  return `${tries} tries over ${hours} hours, the second after ${firstSeconds} s`
}

function parseHours(text: string): number {
  const hours = Number(text)
  if (text.trim() !== '' && hours >= 0 && hours <= 24 * 90) return hours
  throw new InvalidArgumentError('give a number of hours from 0 to 2160')
}

function describe(view: PartyView): (readonly [string, string])[] {
  const { party, keys, webhook } = view
  const facts: [string, string | undefined][] = [
    ['name', party.name],
    ['kind', party.kind],
    ['KBO', party.kbo],
    ['state', stateOf(party)],
    ['key set', party.jwksUrl],
    ...keys.map(({ kid, algorithms, until }): [string, string] => [
      'key',
      `${kid}  ${algorithms.join(', ')}${until ? `  until ${until.toISOString()}` : ''}`,
    ]),
    ['base URL', party.baseUrl],
    ['token URL', party.tokenUrl],
    ['retries', party.retries && describeRetries(party)],
    ['webhook', webhook?.url],
    ['events', webhook?.events?.join(', ')],
  ]
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined)
}

function stateOf(party: Party): string {
  return party.disabledAt ? `disabled since ${party.disabledAt.toISOString()}` : 'active'
}

function toPartyJson(party: Party): object {
  const { jwks, ...rest } = party
  return rest
}

function toJson(view: PartyView): object {
  return { ...toPartyJson(view.party), keys: view.keys, webhook: view.webhook }
}

function toLines(facts: (readonly [string, string])[]): string[] {
  return toTable(facts).map(line => `  ${line}`)
}

function toTable(rows: (readonly string[])[]): string[] {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function toLine(value: object): string {
  return `${JSON.stringify(value)}\n`
}
