import { Command } from 'commander'
import { PartyStore } from '../access/party.ts'
import { type Party, type PartyDraft, PartyError, type PartyView } from '../access/party-types.ts'
import type { Config } from '../config.ts'
import type { Pool } from '../db/pool.ts'
import { jwksFetcher, openOutbound } from '../delivery/outbound.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { ServiceClient } from '../keys/service-client.ts'
import type { Logger } from '../log.ts'
import type { PseudonymKeys } from '../pseudonym/evaluator.ts'
import { addPartyKeys } from './party-keys.ts'
import {
  addOptions,
  changeOptions,
  parseRetries,
  readKeySource,
  rotateOptions,
} from './party-options.ts'
import {
  describeParties,
  describeParty,
  describeRetries,
  toLines,
  toPartyJson,
  toViewJson,
  warnOfEnding,
} from './party-view.ts'

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
 * `huisbrug party keys|add|list|show|change|rotate|retries|disable|enable`. A change that is refused
 * rejects with a PartyError, whose message is the reason; with `--json` it is printed as
 * `{ refused, reason }` too.
 */
export function partyCommand(open: Open): Command {
  const party = new Command('party').description('organisations that may exchange')
  addPartyKeys(party)
  addOptions(simple(party, 'add', 'register a party')).action(run(open, addParty))
  simple(party, 'list', 'list all parties').action(run(open, listParties))
  simple(party, 'show <id>', 'show a party, its keys and its webhook').action(run(open, showParty))
  changeOptions(
    simple(party, 'change <id>', 'change contacts, addresses or networks of a party'),
  ).action(run(open, changeParty))
  rotateOptions(
    simple(party, 'rotate <id>', 'give a party new keys; the old ones count on for a while'),
  ).action(run(open, rotateParty))
  simple(party, 'retries <id> <schedule>', 'when what does not reach a party is tried again')
    .usage('<id> <seconds>,<tries>,<hours> | usual')
    .action(run(open, setRetries))
  simple(party, 'disable <id>', 'shut a party out at once').action(run(open, disableParty))
  simple(party, 'enable <id>', 'let a party in again').action(run(open, enableParty))
  return party
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
  const outbound = openOutbound(config, { log })
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
  const { jwks, contact, allowNetwork, ...given } = options as unknown as AddOptions
  const { party, webhookSecret, warnings } = await store.add({
    ...given,
    contacts: contact,
    networks: allowNetwork,
    jwks: readKeySource(jwks),
  })
  const view = await store.show(party.id)
  const secret = webhookSecret ? [['secret', `${webhookSecret}  (shown this once)`] as const] : []
  return {
    json: { ...toViewJson(view), ...(webhookSecret && { webhookSecret }), warnings },
    lines: [`Registered ${party.id}`, ...toLines([...describeParty(view), ...secret])],
    warnings,
  }
}

type AddOptions = Omit<PartyDraft, 'jwks' | 'contacts' | 'networks'> & {
  jwks: string
  contact?: string[]
  allowNetwork?: string[]
}

const listParties: Work = async store => {
  const parties = await store.list()
  const ending = await store.endingKeys()
  const endOf = (party: Party) => ending.find(it => it.party === party.id)?.at
  return {
    json: { items: parties.map(party => ({ ...toPartyJson(party), keysEnd: endOf(party) })) },
    lines: describeParties(parties, ending),
    warnings: warnOfEnding(ending, new Date()),
  }
}

const showParty: Work = async (store, id) => {
  const view = await store.show(id)
  return { json: toViewJson(view), lines: [view.party.id, ...toLines(describeParty(view))] }
}

const changeParty: Work = async (store, id, options) => {
  const { contact, contacts, allowNetwork, networks, ...addresses } = options as ChangeOptions
  const { warnings } = await store.change(id, {
    ...addresses,
    contacts: contacts === false ? [] : contact,
    networks: networks === false ? [] : allowNetwork,
  })
  return changed(await store.show(id), `Changed ${id}`, warnings)
}

interface ChangeOptions {
  contact?: string[]
  contacts?: boolean
  allowNetwork?: string[]
  networks?: boolean
  baseUrl?: string
  tokenUrl?: string
}

const rotateParty: Work = async (store, id, options) => {
  const days = options['overlapDays'] as number | undefined
  const hours = days === undefined ? (options['overlap'] as number) : days * 24
  const source = readKeySource(String(options['jwks']))
  const expires = options['expires'] as Date | undefined
  const { warnings } = await store.rotate(id, source, hours * 3_600_000, expires)
  return changed(await store.show(id), `New keys for ${id}`, warnings)
}

function changed(view: PartyView, what: string, warnings: string[]): Report {
  return {
    json: { ...toViewJson(view), warnings },
    lines: [what, ...toLines(describeParty(view))],
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

const enableParty: Work = async (store, id) => {
  const party = await store.enable(id)
  return {
    json: toPartyJson(party),
    lines: [`Enabled ${party.id}: what waited for it goes on`],
  }
}

function toLine(value: object): string {
  return `${JSON.stringify(value)}\n`
}
