import { Command } from 'commander'
import { recordEntry } from '../audit/record.ts'
import { closeEpoch, rotateEpoch } from '../exchange/epoch.ts'
import { GrantError } from '../exchange/quota-grant.ts'
import { listKeys, type StoredKey } from '../keys/list.ts'
import { rewrapKeys } from '../keys/rewrap.ts'
import { DomainError, DomainStore } from '../pseudonym/domains.ts'
import { assertPlacement } from '../pseudonym/placement.ts'
import { grantByCommand, parseElements } from './keys-grant.ts'
import { moveByCommand } from './keys-move.ts'
import type { Open, Opened } from './party.ts'

interface Options {
  json?: boolean
  reason?: string
  force?: boolean
  elements?: number
}

interface Report {
  json: object
  lines: string[]
}

type Work = (store: Opened, name: string, options: Options, more: string[]) => Promise<Report>

const OPERATOR = { role: 'operator' }

/**
 * `huisbrug keys list|rotate|close|rewrap|move-to-evaluator|grant`: the gateway's keys, by name; never a secret. What is
 * refused rejects with a DomainError or a GrantError, whose message says what to do; with `--json` it
 * is printed as `{ refused, reason }` too.
 */
export function keysCommand(open: Open): Command {
  const keys = new Command('keys').description(
    'keys of pseudonyms, and the key that wraps them all',
  )
  simple(keys, 'list', 'list all keys by name, never a secret').action(run(open, list))
  simple(keys, 'rotate <protocol>', 'open the next key epoch of a protocol').action(
    run(open, rotate),
  )
  simple(keys, 'close <domain>', 'destroy the key of a former epoch for good')
    .requiredOption('--reason <text>', 'why; kept as evidence, never about a person')
    .option('--force', 'withdraw what is still open under it')
    .action(run(open, close))
  simple(keys, 'rewrap', 'wrap all secrets under the new master key').action(run(open, rewrap))
  simple(keys, 'move-to-evaluator', 'move the keys of pseudonyms to the key service').action(
    run(open, moveByCommand),
  )
  simple(keys, 'grant <party> <domain>', 'let a party evaluate more, once under that key')
    .requiredOption('--reason <text>', 'why; kept, never about a person')
    .option('--elements <n>', 'how many; a tenth of its register if left out', parseElements)
    .action(run(open, grant))
  return keys
}

function simple(keys: Command, name: string, description: string): Command {
  return keys.command(name).description(description).option('--json', 'print JSON')
}

// Commander passes the arguments, then the options, then the command.
function run(open: Open, work: Work): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command
    const options = command.opts<Options>()
    const out = command.configureOutput()
    const store = await open()
    try {
      const { json, lines } = await work(store, String(args[0]), options, command.args.slice(1))
      out.writeOut?.(options.json ? `${JSON.stringify(json)}\n` : `${lines.join('\n')}\n`)
    } catch (error) {
      if (options.json && (error instanceof DomainError || error instanceof GrantError)) {
        out.writeOut?.(`${JSON.stringify({ refused: error.code, reason: error.message })}\n`)
      }
      throw error
    } finally {
      await store.close()
    }
  }
}

const list: Work = async ({ pool }) => {
  const items = await listKeys(pool)
  const rows = items.map(key => [
    key.name,
    key.kind,
    key.state,
    key.createdAt.toISOString(),
    key.wrappedBy ?? '-',
    readyWords(key),
  ])
  const head = ['name', 'kind', 'state', 'created', 'wrapped by', 'ready']
  return { json: { items }, lines: toTable([head, ...rows]) }
}

function readyWords({ kind, readyAt, readyBy }: StoredKey): string {
  if (kind !== 'domain') return ''
  return readyAt ? `${readyAt.toISOString()}${readyBy ? ` by ${readyBy}` : ''}` : 'not yet'
}

const rotate: Work = async ({ pool, keys, evaluator, config }, protocol) => {
  await assertPlacement(pool, config.evaluator.placement)
  const domains = new DomainStore({ pool, keys, evaluator })
  const opened = await rotateEpoch({ pool, domains }, protocol, { actor: OPERATOR, at: new Date() })
  const former = await domains.current(protocol)
  const next = [
    `The recipient prepares its register for ${opened.name}, and reports ready ` +
      '(POST /v1/pseudonyms/domains/ready; the kit does both). Tell it.',
    ...(former
      ? [
          `Until then requests go on under ${former}. After that it is closing: feedback and answers by ` +
            'its tags still arrive, new requests carry tags of the new epoch.',
          `Once every housing company has sent its next month: huisbrug keys close ${former} --reason "..."`,
        ]
      : ['No epoch is current: requests are refused with HB-316 until then.']),
  ]
  const { name: domain, state, openedAt } = opened
  const publicKey = Buffer.from(opened.publicKey).toString('base64url')
  return {
    json: { domain, state, publicKey, openedAt, former: former ?? null, next },
    lines: [
      `Opened ${domain}, public key ${publicKey}`,
      ...next.map((it, at) => `${at + 1}. ${it}`),
    ],
  }
}

const close: Work = async (store, name, { reason = '', force = false }) => {
  await assertPlacement(store.pool, store.config.evaluator.placement)
  const parts = { pool: store.pool, domains: new DomainStore(store) }
  const by = { actor: OPERATOR, at: new Date() }
  const closed = await closeEpoch(parts, name, { ...by, reason, force })
  const { routes, keys: destroyed, awaiting, handOvers } = closed
  return {
    json: {
      domain: name,
      state: closed.domain.state,
      routes,
      keys: destroyed,
      awaiting,
      handOvers,
    },
    lines: [
      `Closed ${name}: ${destroyed} keys destroyed, ${routes} routes removed, ` +
        `${handOvers} hand-overs withdrawn, ${awaiting} requests ended.`,
      'Backups from before still hold the wrapped key: see "Keys" in docs/operations.md.',
    ],
  }
}

const grant: Work = (store, party, { reason = '', elements }, [domain = '']) =>
  grantByCommand(store, { party, domain, elements, reason })

const rewrap: Work = async ({ pool, keys: { keyring } }) => {
  const outcome = await rewrapKeys({
    pool,
    keyring,
    record: (tx, { from, to, keys }) =>
      recordEntry(tx, {
        action: 'key.rewrapped',
        at: new Date(),
        actor: OPERATOR,
        counts: { keys },
        rule: `key ${to}`,
        reason: `from ${from}`,
      }),
  })
  const { from, to, rewrapped, verified } = outcome
  return {
    json: outcome,
    lines: [
      `Wrapped ${rewrapped} secrets anew, from ${from} to ${to}; all ${verified} open under it.`,
      'Now give every process the new key as its master key, without the former, and start it again.',
    ],
  }
}

function toTable(rows: string[][]): string[] {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map(row => row[at]?.length ?? 0))) ?? []
  return rows.map(row =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
