import type { Command } from 'commander'
import { ProtocolStatements } from '../../exchange/protocol-statements.ts'
import {
  resumeProtocol,
  type SuspensionChange,
  SuspensionError,
  type SuspensionOutcome,
  suspendProtocol,
} from '../../exchange/suspension.ts'
import { assemble, type ProtocolSet, readProtocols } from '../../protocol/load.ts'
import type { Open, Opened } from '../party.ts'
import {
  count,
  lines,
  type Options,
  open as openFolder,
  print,
  type Report,
  simple,
} from './report.ts'

interface SuspensionOptions extends Options {
  reason: string
  party?: string
}

type Change = typeof suspendProtocol

/**
 * `huisbrug protocol suspend|resume <id> --reason "..." [--party P] [--json]`: stops everything under a
 * framework, a protocol or an accession within a second, in every process on the database, or lets it
 * go on. Exit 0: done; 1: refused, such as suspended already; 2: wrong use.
 */
export function addSuspendCommands(protocol: Command, open: Open): void {
  addOne(protocol, open, 'suspend <id>', 'stop everything under a document', suspendProtocol)
  addOne(protocol, open, 'resume <id>', 'let what a suspension held go on', resumeProtocol)
}

function addOne(
  protocol: Command,
  open: Open,
  name: string,
  description: string,
  change: Change,
): void {
  simple(protocol, name, description)
    .requiredOption('--reason <text>', 'why: about the protocol, never about a person')
    .option('--party <id>', 'the party on whose word; without it the operator of the gateway')
    .action(async (id: string, options: SuspensionOptions, command: Command) => {
      print(command, options, await changeReport(open, change, id, options))
    })
}

/** Suspends or resumes, and tells what that does; a refusal is a report too. */
async function changeReport(
  open: Open,
  change: Change,
  id: string,
  { reason, party }: SuspensionOptions,
): Promise<Report> {
  const store = await open()
  const by = { role: 'operator', ...(party !== undefined && { party }) }
  try {
    const set = await readSet(store, new Date())
    // Reading the documents takes time: it counts from now.
    const wanted: SuspensionChange = { id, reason: reason.trim(), by, at: new Date() }
    return outcomeReport(
      await change({ pool: store.pool, protocols: { current: () => set } }, wanted),
    )
  } catch (error) {
    if (!(error instanceof SuspensionError)) throw error
    const { code, message } = error
    return { json: { refused: code, reason: message }, text: lines([message]), bad: true }
  } finally {
    await store.close()
  }
}

/** The documents with the signatures that verified before; none is verified here. */
export async function readSet({ config, pool }: Opened, at: Date): Promise<ProtocolSet> {
  const plain = openFolder()
  const parties = { list: async () => [], findKey: async () => undefined }
  const known = new ProtocolStatements({ pool, parties, clock: () => at })
  const [statements, suspensions] = [await known.statements(plain), await known.suspensions()]
  return assemble(readProtocols(config.protocolsDir), at, { ...statements, suspensions })
}

function outcomeReport({ protocol, at, state, action, messages, told }: SuspensionOutcome): Report {
  const json = { protocol: protocol.id, version: protocol.version, state, at, messages, told }
  const what = `${protocol.id} ${protocol.version}`
  const who = told.length > 0 ? `Told: ${told.join(', ')}.` : 'No registered party is told.'
  const of = count(messages, 'message')
  if (action === 'suspended') {
    const held = `${of} on the way ${messages === 1 ? 'is' : 'are'} held until it is resumed.`
    return { json, text: lines([`Suspended ${what}: nothing moves under it.`, held, who]) }
  }
  if (state === 'suspended') {
    const why = 'Its signatures.json suspends it too: it stays suspended until that ends.'
    return { json, text: lines([`Ended the suspension of ${what} in the database.`, why]) }
  }
  const on = `${of} that ${messages === 1 ? 'was' : 'were'} held ${messages === 1 ? 'goes' : 'go'} on.`
  return { json, text: lines([`Resumed ${what}.`, on, who]) }
}
