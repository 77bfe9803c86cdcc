import { Command } from 'commander'
import { PartyStore } from '../access/party.ts'
import { Disclosures } from '../audit/disclosure.ts'
import { PublishedCheckpoints } from '../audit/published.ts'
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
import { checkVouching } from '../health-witness.ts'
import { createLogger } from '../log.ts'
import { readCoreLimit } from '../no-dumps.ts'
import { ProtocolRegistry } from '../protocol/registry.ts'
import { createWakeUps } from '../queue/queue.ts'
import type { Open, Opened } from './party.ts'

/** `huisbrug doctor`: looks at everything that should be well; exit 1 where something is not. */
export function doctorCommand(open: Open): Command {
  return new Command('doctor')
    .description('look at the store, the evidence, conservation and what is stuck')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const store = await open()
      try {
        const checks = await examine(store)
        const ok = isHealthy(checks)
        process.stdout.write(json ? `${JSON.stringify({ ok, checks })}\n` : describe(checks))
        if (!ok) process.exitCode = 1
      } finally {
        await store.close()
      }
    })
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

function describe(checks: HealthCheck[]): string {
  return checks
    .map(({ name, ok, detail, remedy }) => {
      const line = `${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(20)} ${detail}\n`
      return ok || !remedy ? line : `${line}     ${remedy}\n`
    })
    .join('')
}
