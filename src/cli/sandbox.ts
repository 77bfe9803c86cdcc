import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { readProcessConfig } from '../config.ts'
import { createLogger } from '../log.ts'
import { runUntilSignal } from '../run.ts'
import type { BackOffice } from '../sandbox/back-office.ts'
import { connectToParent } from '../sandbox/parent.ts'
import { DEFAULT_POPULATION, DEFAULT_SEED, MAX_POPULATION } from '../sandbox/population.ts'
import { addPartnerCommand } from './sandbox-partner.ts'

interface PeerCommandOptions {
  gateway?: string
  data: string
  port: number
  seed: string
  population: number
}

interface BackOfficeCommandOptions extends PeerCommandOptions {
  companies?: string[]
  send?: boolean
}

/**
 * `huisbrug sandbox`: a whole counterpart for a partner's own software; `sandbox vdab|back-office`: one side that
 * speaks the outside contract, for a gateway that is there. All people synthetic.
 */
export function sandboxCommand(): Command {
  const sandbox = new Command('sandbox').description('a counterpart to try your software with')
  addPartnerCommand(sandbox)
  sandbox.addHelpText(
    'after',
    '\nWithout a name: partner. Its options: huisbrug sandbox partner --help',
  )
  peer(sandbox, 'vdab', 'a VDAB with a synthetic client file: matches, answers, gives feedback')
    .option('--party <id>', 'its party id', 'vdab')
    .requiredOption('--log-key <key>', "the audit log's verifier key, of: huisbrug audit key")
    .action(runVdab)
  peer(sandbox, 'back-office', 'back offices of housing companies with synthetic tenants')
    .option('--companies <ids>', 'party ids, with commas (default: all of the region)', parseIds)
    .option('--send', 'send the tenants of this month and close the month')
    .action(runBackOffice)
  return sandbox
}

function peer(sandbox: Command, name: string, description: string): Command {
  return sandbox
    .command(name)
    .description(description)
    .option('--gateway <url>', 'public URL of the gateway (default: HUISBRUG_PUBLIC_URL)')
    .option(
      '--data <folder>',
      'where it keeps its keys and what it sent and received',
      `./data/${name}`,
    )
    .option('--port <port>', 'port to listen on; 0 for any', parsePort, 0)
    .option('--seed <seed>', 'which synthetic population', DEFAULT_SEED)
    .option('--population <n>', 'how many tenants', parsePopulation, DEFAULT_POPULATION)
}

interface VdabCommandOptions extends PeerCommandOptions {
  party: string
  logKey: string
}

async function runVdab(options: VdabCommandOptions): Promise<void> {
  const { gateway = readProcessConfig().publicUrl, data, party, logKey } = options
  const { port, seed, population } = options
  const parent = connectToParent(() => {})
  await runUntilSignal(createLogger('info'), async () => {
    const common = { gateway, logKey, dataDir: data, port, seed, population, partyId: party }
    const { startVdab } = await import('../sandbox/vdab.ts')
    const vdab = await startVdab({ ...common, onStatus: parent.report })
    parent.listening(vdab.url, vdab.status())
    const address = `--base-url ${vdab.url} --token-url ${vdab.url}/oauth/token`
    const keys = `--jwks ${join(data, 'jwks.json')}`
    tell(parent.isThere, `VDAB (sandbox) listens. Register it with: party add ${keys} ${address}`)
    return vdab
  })
}

async function runBackOffice(options: BackOfficeCommandOptions): Promise<void> {
  const { gateway = readProcessConfig().publicUrl, data, companies, send } = options
  const { port, seed, population } = options
  let office: BackOffice | undefined
  const parent = connectToParent(command => {
    if (command === 'send') office?.send().catch(sayFailure)
  })
  await runUntilSignal(createLogger('info'), async () => {
    const common = { gateway, dataDir: data, port, seed, population }
    const { startBackOffice } = await import('../sandbox/back-office.ts')
    const started = await startBackOffice({
      ...common,
      ...(companies && { companies }),
      onStatus: parent.report,
    })
    office = started
    parent.listening(started.url, started.status())
    const keys = `--jwks ${join(data, '<party>', 'jwks.json')}`
    tell(parent.isThere, `Back offices (sandbox) listen. Register each with: party add ${keys}`)
    if (send) {
      started.send().then(() => tell(parent.isThere, JSON.stringify(started.status())), sayFailure)
    }
    return started
  })
}

function tell(hasParent: boolean, line: string): void {
  if (!hasParent) process.stdout.write(`${line}\n`)
}

function sayFailure(error: Error): void {
  process.stderr.write(`sending failed: ${error.message}\n`)
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('give a port from 0 to 65535')
}

/** Reads a population size from the command line. */
export function parsePopulation(text: string): number {
  const size = Number(text)
  if (Number.isInteger(size) && size >= 1 && size <= MAX_POPULATION) return size
  throw new InvalidArgumentError(`give a whole number from 1 to ${MAX_POPULATION}`)
}

function parseIds(text: string): string[] {
  const ids = text.split(',').map(id => id.trim())
  if (ids.every(id => /^[A-Za-z0-9._-]{1,64}$/.test(id))) return ids
  throw new InvalidArgumentError('give party ids with commas between them')
}
