import { Disclosures } from './audit/disclosure.ts'
import { PublishedCheckpoints } from './audit/published.ts'
import { recordEntry } from './audit/record.ts'
import { startSequencer } from './audit/sequencer.ts'
import type { Config } from './config.ts'
import { readHealth } from './health.ts'
import { createKeyHealthApp, createKeyServiceApp } from './http/key-service.ts'
import { readServiceSecret } from './keys/service-secret.ts'
import { type Listening, listen, serveHealth } from './listen.ts'
import type { Logger } from './log.ts'
import { Metrics } from './metrics.ts'
import { type Store, startStore } from './parts.ts'
import { KeyService } from './pseudonym/key-service.ts'
import { assertPlacement } from './pseudonym/placement.ts'
import { PseudonymPool } from './pseudonym/pool.ts'

/** A running key service. */
export interface RunningKeyService {
  url: string
  close(): Promise<void>
}

/**
 * Starts the key service that the configuration describes: the keys of the pseudonyms on a database of
 * their own, for the processes that bear its secret. It reads no protocols and knows no parties.
 * @throws Error where the database is a gateway's, or the secret is none
 */
export async function startKeyService(
  config: Config,
  log: Logger,
  clock: () => Date = () => new Date(),
): Promise<RunningKeyService> {
  const secret = readServiceSecret(config.evaluator)
  const store = await startStore(config, log)
  const { pool, keys } = store
  const pseudonyms = new PseudonymPool({ threads: config.pseudonymThreads })
  const running: { close(): Promise<void> }[] = [store, pseudonyms]
  try {
    await assertPlacement(pool, 'service')
    const published = new PublishedCheckpoints(config.dataDir)
    const parts = { pool, keys, config, log, clock, published }
    const disclosures = new Disclosures(parts)
    const metrics = new Metrics()
    if (config.roles.has('sequencer')) running.push(startSequencer({ ...parts, metrics }))
    const service = new KeyService({
      ...parts,
      pseudonyms,
      perDay: config.evaluator.perDay,
      onUse: (domain, decision, elements) =>
        metrics.evaluated('gateway', domain, decision, elements),
    })
    await note(store, 'program.started', clock())
    const doors = {
      service,
      secret,
      takesKeys: config.evaluator.takesKeys,
      log,
      clock,
      health: () => readHealth({ pool, clock, keys, disclosures }),
      assertOpen: () => disclosures.assertOpen(),
      figures: () => metrics.expose(),
    }
    const server = await listen(createKeyServiceApp(doors), config, { log })
    running.push(await serveHealth(createKeyHealthApp(doors), config, log))
    if (config.evaluator.takesKeys)
      log.warn('keys that were made elsewhere are taken; turn that off')
    log.info('huisbrug is ready', { roles: [...config.roles], keyService: true })
    return { url: server.url, close: () => closeAll(store, running, clock, server) }
  } catch (error) {
    await closeAll(store, running, clock)
    throw error
  }
}

async function closeAll(
  store: Store,
  running: { close(): Promise<void> }[],
  clock: () => Date,
  server?: Listening,
): Promise<void> {
  await server?.shutdown()
  if (server) await note(store, 'program.stopped', clock()).catch(() => {})
  // The store goes last; before it the sequencer, which logs what was recorded.
  for (const part of running.reverse()) await part.close()
}

function note(
  { pool, config }: Store,
  action: 'program.started' | 'program.stopped',
  at: Date,
): Promise<unknown> {
  const details = { roles: [...config.roles], version: process.version }
  return recordEntry(pool, { action, at, actor: { role: 'gateway' }, details })
}
