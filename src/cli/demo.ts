import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import { childEnvironment, readProcessConfig } from '../config.ts'
import { findEmbedded } from '../db/embedded.ts'
import { DEFAULT_POPULATION, DEFAULT_SEED } from '../sandbox/population.ts'
import { parsePopulation } from './sandbox.ts'

interface DemoCommandOptions {
  exit?: boolean
  json?: boolean
  population: number
  seed: string
  data?: string
  port?: number
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const INTERRUPTED = 130

/** `huisbrug demo`: the main job on a whole region of synthetic tenants, with everything it needs. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('run a region of synthetic tenants through the gateway and look at what happened')
    .option('--exit', 'end by itself instead of staying up')
    .option('--json', 'print the figures as JSON on the last line')
    .option('--population <n>', 'how many tenants', parsePopulation, DEFAULT_POPULATION)
    .option('--seed <seed>', 'which synthetic population', DEFAULT_SEED)
    .option('--data <folder>', 'its own folder (default: demo in the data folder)')
    .option(
      '--port <port>',
      'port of the gateway (default: the one of the last run, or 8080)',
      port,
    )
    .action(async (given: DemoCommandOptions) => {
      process.exitCode = await run(given)
    })
}

async function run(given: DemoCommandOptions): Promise<number> {
  const config = readProcessConfig()
  const stop = new AbortController()
  for (const signal of SIGNALS) process.on(signal, () => stop.abort())
  process.on('disconnect', () => stop.abort())
  process.channel?.unref()
  if (process.connected === false) stop.abort()
  const { runDemo } = await import('../sandbox/demo.ts')
  try {
    return await runDemo({
      exit: given.exit ?? false,
      json: given.json ?? false,
      population: given.population,
      seed: given.seed,
      dataDir: resolve(given.data ?? join(config.dataDir, 'demo')),
      protocolsDir: sampleProtocols(),
      ...(given.port !== undefined && { port: given.port }),
      databaseUrl: config.databaseUrl,
      queueUrl: config.queueUrl,
      environmentWith: childEnvironment,
      findDatabaseUrl: findEmbedded,
      stdout: process.stdout,
      stderr: process.stderr,
      signal: stop.signal,
    })
  } catch (error) {
    if (stop.signal.aborted) return INTERRUPTED
    throw error
  }
}

/** The samples that come with the program: in the repository, or beside dist/ in the package. */
function sampleProtocols(): string {
  return fileURLToPath(new URL('../../protocols', import.meta.url))
}

function port(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number
  throw new InvalidArgumentError('give a port from 1 to 65535')
}
