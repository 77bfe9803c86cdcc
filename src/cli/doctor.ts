import { Command } from 'commander'
import { PartyStore } from '../access/party.ts'
import { Disclosures } from '../audit/disclosure.ts'
import { PublishedCheckpoints } from '../audit/published.ts'
import { childEnvironment } from '../config.ts'
import type { Context } from '../context.ts'
import { jwksFetcher, openOutbound } from '../delivery/outbound.ts'
import { ProtocolStatements } from '../exchange/protocol-statements.ts'
import {
  checkConservation,
  checkDestinations,
  checkDisclosures,
  checkEvaluator,
  checkEvidence,
  type HealthCheck,
  isHealthy,
} from '../health.ts'
import { checkNotices } from '../health-attention.ts'
import { checkFlow } from '../health-flow.ts'
import { checkParties } from '../health-parties.ts'
import { examineReplica } from '../health-replica.ts'
import { checkVouching } from '../health-witness.ts'
import { createLogger } from '../log.ts'
import { readCoreLimit } from '../no-dumps.ts'
import { ProtocolRegistry } from '../protocol/registry.ts'
import { createWakeUps } from '../queue/queue.ts'
import type { Open, Opened } from './party.ts'
import { examineConfiguration, readEnvironmentFile } from './settings/examine.ts'
import { forProduction, type SettingCheck } from './settings/finding.ts'

interface Asked {
  settings?: boolean
  production?: boolean
  envFile?: string
  json?: boolean
}

/**
 * `huisbrug doctor`: looks at the settings, and where nothing in them is wrong at everything else that should be
 * well; exit 1 where something is not.
 */
export function doctorCommand(open: Open): Command {
  return new Command('doctor')
    .description('look at the settings, the store, the evidence, conservation and what is stuck')
    .option('--settings', 'the settings alone: starts nothing, changes nothing')
    .option('--production', 'what production needs counts as wrong where it is missing')
    .option('--env-file <file>', 'with --settings: those in a file, such as huisbrug init writes')
    .option('--json', 'print JSON')
    .action(async (asked: Asked, command: Command) => {
      if (asked.envFile && !asked.settings) command.error('error: --env-file goes with --settings')
      const env = asked.envFile ? readEnvironmentFile(asked.envFile) : childEnvironment({})
      const found = await examineConfiguration(env, new Date())
      const settings = asked.production ? forProduction(found) : found
      const isOver = asked.settings || !isHealthy(settings)
      report(isOver ? settings : [...settings, ...(await examineOpened(open))], asked.json)
    })
}

function report(checks: SettingCheck[], json: boolean | undefined): void {
  const ok = isHealthy(checks)
  process.stdout.write(json ? `${JSON.stringify({ ok, checks })}\n` : describe(checks))
  if (!ok) process.exitCode = 1
}

async function examineOpened(open: Open): Promise<HealthCheck[]> {
  const store = await open()
  try {
    return await examine(store)
  } finally {
    await store.close()
  }
}

async function examine(store: Opened): Promise<HealthCheck[]> {
  const { pool, evaluator, config } = store
  const clock = () => new Date()
  const published = new PublishedCheckpoints(config.dataDir)
  const disclosures = new Disclosures({ ...store, clock, published })
  const parts = { pool, clock, evaluator, config, disclosures }
  const { examineStore } = await import('../db/doctor.ts')
  const checks: HealthCheck[] = await examineStore(store.pool, store.config.dataDir)
  if (!isHealthy(checks)) return checks
  const own = [checkEvidence(parts), checkConservation(parts), checkDestinations(parts)]
  const dumps = { name: 'core dumps', ...readCoreLimit() }
  const flow = await examineFlow(store)
  const stopped = await checkDisclosures(parts)
  return [
    ...checks,
    ...(await Promise.all(own)),
    ...stopped,
    ...(await checkVouching(parts)),
    ...(await checkParties(parts)),
    await checkNotices(parts),
    ...(await examineReplica(pool, config.readDatabaseUrl)),
    ...flow,
    ...(await checkEvaluator(parts)),
    dumps,
  ]
}

/** What moves, with the protocols and the queue as the program itself has them. */
async function examineFlow(store: Opened): Promise<HealthCheck[]> {
  const { pool, config, log, databaseUrl } = store
  const clock = () => new Date()
  const protocols = await openProtocols(store).catch(() => undefined)
  const dueDestinations = async () => []
  const queue = { databaseUrl: databaseUrl ?? '', queueUrl: config.queueUrl, log, dueDestinations }
  const wakeUps = databaseUrl ? await createWakeUps(queue).catch(() => UNREACHABLE) : undefined
  try {
    const parts = {
      pool,
      clock,
      config,
      ...(protocols && { protocols }),
      ...(wakeUps && { wakeUps }),
    }
    return await checkFlow(parts)
  } finally {
    await wakeUps?.close()
    protocols?.close()
  }
}

const UNREACHABLE = {
  engine: 'postgresql' as const,
  depth: async () => undefined,
  close: async () => {},
}

// What is wrong with a document is for `protocol lint` to say.
function openProtocols({ pool, keys, config }: Opened): Promise<Context['protocols']> {
  const log = createLogger('error')
  const { allowLoopback, protocolsDir } = config
  const clock = () => new Date()
  const fetchJwks = jwksFetcher(openOutbound(config, { log }))
  const parties = new PartyStore({ pool, keys, log, fetchJwks, allowLoopback, now: clock })
  const notes = new ProtocolStatements({ pool, parties, clock })
  return ProtocolRegistry.open(protocolsDir, log, { clock, notes })
}

function describe(checks: SettingCheck[]): string {
  return checks
    .map(({ name, ok, detail, remedy, weight }) => {
      const label = ok ? (weight === 'needed' ? 'NEED' : (weight ?? 'ok')) : 'FAIL'
      const line = `${label.padEnd(4)} ${name.padEnd(20)} ${detail}\n`
      return remedy && (weight || !ok) ? `${line}     ${remedy}\n` : line
    })
    .join('')
}
