import { TrustedIssuers } from './access/issuer.ts'
import { readTrustedIssuers } from './access/issuer-settings.ts'
import { AddressLimits, admitter, PartyLimits } from './access/limits.ts'
import { PeopleProvider } from './access/oidc.ts'
import { PartyStore } from './access/party.ts'
import { ReadingEvidence } from './access/reading-evidence.ts'
import { ConsoleSessions } from './access/session.ts'
import { Signing } from './access/signing.ts'
import { AccessTokens } from './access/token.ts'
import { Disclosures } from './audit/disclosure.ts'
import { PublishedCheckpoints } from './audit/published.ts'
import type { SequencerParts } from './audit/sequencer.ts'
import type { Config } from './config.ts'
import type { Context } from './context.ts'
import { findEmbedded, startEmbedded } from './db/embedded.ts'
import { migrate } from './db/migrate.ts'
import { findAppRole, openPool, type Pool } from './db/pool.ts'
import { Reading } from './db/reading.ts'
import { forServices, jwksFetcher, openOutbound } from './delivery/outbound.ts'
import { dueDestinations } from './delivery/outbox.ts'
import { PeerTokens } from './delivery/peer-token.ts'
import { ProbePeer } from './delivery/probe-peer.ts'
import { Backlog } from './exchange/backlog.ts'
import { Intake } from './exchange/intake.ts'
import { ProtocolStatements } from './exchange/protocol-statements.ts'
import { KeyStore } from './keys/key-store.ts'
import { loadKeyring } from './keys/master-key.ts'
import { ServiceClient } from './keys/service-client.ts'
import { readServiceSecret } from './keys/service-secret.ts'
import { faultOf, type Logger } from './log.ts'
import { Metrics } from './metrics.ts'
import { ProtocolRegistry } from './protocol/registry.ts'
import { DomainStore } from './pseudonym/domains.ts'
import {
  type Evaluator,
  LocalEvaluator,
  LocalKeys,
  type PseudonymKeys,
} from './pseudonym/evaluator.ts'
import { RemoteEvaluator, RemoteKeys } from './pseudonym/evaluator-remote.ts'
import { assertPlacement } from './pseudonym/placement.ts'
import { PseudonymPool } from './pseudonym/pool.ts'
import { createWakeUps } from './queue/queue.ts'
import { readWitnessedLogs } from './witness/settings.ts'

/** The context and what has to be closed with it. */
export interface Parts {
  context: Context
  sequencing: SequencerParts
  close(): Promise<void>
}

/** The database with its keys: what commands need that do not serve. */
export interface Store {
  config: Config
  log: Logger
  databaseUrl: string
  /** The role that the program works under. */
  role: string | undefined
  pool: Pool
  keys: KeyStore
  /** Where the keys of the pseudonyms live. */
  evaluator: PseudonymKeys
  /** The key service, where they live there. */
  keyService: ServiceClient | undefined
  close(): Promise<void>
}

/**
 * Opens the store for a command: beside a program that runs on the same data folder, or alone.
 * @throws Error where the master key does not fit
 */
export async function openStore(config: Config, log: Logger): Promise<Store> {
  const running = config.databaseUrl ?? findEmbedded(config.dataDir)
  return running ? connectStore(config, log, running, async () => {}) : startStore(config, log)
}

/**
 * Opens the store for the program itself: the given database or an embedded one.
 * @throws Error where the master key does not fit, or another program has the data folder
 */
export async function startStore(config: Config, log: Logger): Promise<Store> {
  if (config.databaseUrl) return connectStore(config, log, config.databaseUrl, async () => {})
  const embedded = await startEmbedded(config.dataDir, log)
  return connectStore(config, log, embedded.url, () => embedded.stop())
}

async function connectStore(
  config: Config,
  log: Logger,
  databaseUrl: string,
  stop: () => Promise<void>,
): Promise<Store> {
  try {
    const keyring = await loadKeyring(config, log)
    const keyService = openKeyService(config, log)
    await migrate(databaseUrl, log)
    const role = await findAppRole(databaseUrl)
    const pool = openPool(databaseUrl, { name: 'huisbrug', role })
    const close = async () => {
      keyService?.close()
      await pool.end()
      await stop()
    }
    const keys = new KeyStore(pool, keyring, (answers, message) =>
      answers ? log.info(message) : log.error(message),
    )
    await keys.assertFits().catch(async error => {
      await pool.end()
      throw error
    })
    const evaluator = keyService ? new RemoteKeys({ client: keyService }) : new LocalKeys(keys)
    return { config, log, databaseUrl, role, pool, keys, evaluator, keyService, close }
  } catch (error) {
    await stop()
    throw error
  }
}

function openKeyService({ evaluator }: Config, log: Logger): ServiceClient | undefined {
  const { placement, url, timeoutMs } = evaluator
  if (placement !== 'elsewhere' || !url) return undefined
  const secret = readServiceSecret(evaluator)
  const note = (answers: boolean, message: string) =>
    answers ? log.info(message) : log.error(message)
  return new ServiceClient({ url, secret, timeoutMs, note })
}

type EvaluatorStore = Pick<Store, 'pool' | 'keys' | 'log'> & Partial<Pick<Store, 'keyService'>>

/** Uses the keys of pseudonyms from a command, for a few numbers; to be closed. */
export function openEvaluator(store: EvaluatorStore): {
  evaluator: Evaluator
  close(): Promise<void>
} {
  const pseudonyms = new PseudonymPool({ threads: 1 })
  return { evaluator: createEvaluator(store, pseudonyms), close: () => pseudonyms.close() }
}

function createEvaluator(store: EvaluatorStore, pseudonyms: PseudonymPool): Evaluator {
  const { pool: db, keys, keyService: client, log } = store
  if (!client) return new LocalEvaluator({ keys, pseudonyms })
  const wrong = (domain: string, what: string) =>
    log.error('the key service answered wrongly; nothing of it was used', { domain, what })
  return new RemoteEvaluator({ client, db, pseudonyms, wrong })
}

function openProvider(
  config: Config,
  { log, keys, outbound }: Pick<Context, 'log' | 'keys' | 'outbound'>,
): PeopleProvider | undefined {
  const { people, publicUrl, allowLoopback } = config
  if (!people.oidc) return undefined
  const call = forServices(outbound, config).request
  const pepper = () => keys.secret('people')
  const settings = people.oidc
  return new PeopleProvider({ settings, publicUrl, call, pepper, allowLoopback, log })
}

function openReading({ config, pool, role }: Pick<Store, 'config' | 'pool' | 'role'>): Reading {
  const { readDatabaseUrl: url } = config
  return new Reading(pool, url ? openPool(url, { name: 'huisbrug reading', role }) : undefined)
}

/** Makes every part once and ties them together; `overrides` replaces members of the context. */
export async function createParts(
  config: Config,
  log: Logger,
  overrides: Partial<Context> = {},
): Promise<Parts> {
  const store = await startStore(config, log)
  const { pool, keys, databaseUrl } = store
  await assertPlacement(pool, config.evaluator.placement).catch(async error => {
    await store.close()
    throw error
  })
  const clock = overrides.clock ?? (() => new Date())
  const { publicUrl, allowLoopback } = config
  const probePeer = new ProbePeer()
  const outbound = openOutbound(config, { log, own: () => probePeer.url })
  const fetchJwks = jwksFetcher(outbound)
  const parties = new PartyStore({ pool, keys, log, fetchJwks, allowLoopback, now: clock })
  const signing = new Signing(keys)
  const limits = {
    parties: new PartyLimits({
      pool,
      limit: config.limits.party,
      wrong: error => log.error('limits could not be read', { ...faultOf(error) }),
    }),
    addresses: new AddressLimits({ limit: config.limits.address }),
  }
  const admit = admitter(limits.parties)
  const settings = readTrustedIssuers(config)
  const issuers = new TrustedIssuers({
    settings,
    fetch: jwksFetcher(forServices(outbound, config)),
    log,
  })
  const access = { pool, parties, signing, publicUrl, log, issuers }
  const tokens = new AccessTokens({ ...access, now: clock, admit })
  const pseudonyms = new PseudonymPool({ threads: config.pseudonymThreads })
  const evaluator = createEvaluator(store, pseudonyms)
  const wakeUps = await createWakeUps({
    databaseUrl,
    queueUrl: config.queueUrl,
    log,
    dueDestinations: () => dueDestinations(pool),
  })
  const notes = new ProtocolStatements({ pool, parties, clock })
  const published = new PublishedCheckpoints(config.dataDir)
  const reading = openReading(store)
  const context: Context = {
    config,
    log,
    clock,
    pool,
    reading,
    keys,
    disclosures: new Disclosures({ pool, keys, config, published, clock, log }),
    published,
    metrics: new Metrics(),
    protocols: await ProtocolRegistry.open(config.protocolsDir, log, { clock, notes }),
    domains: new DomainStore({ pool, keys, evaluator, clock }),
    evaluator,
    pseudonyms,
    parties,
    signing,
    tokens,
    limits,
    sessions: new ConsoleSessions({ pool, now: clock, limits: config.people }),
    provider: openProvider(config, { log, keys, outbound }),
    readings: new ReadingEvidence({ pool, log, now: clock }),
    outbound,
    probePeer,
    peerTokens: new PeerTokens({ outbound, signing, publicUrl, now: clock }),
    wakeUps,
    backlog: new Backlog({ pool, most: config.limits.waiting }),
    intake: new Intake(pool),
    witnessed: readWitnessedLogs(config),
    mounts: [],
    ...overrides,
  }
  const close = async () => {
    await tokens.close()
    await context.readings.flush()
    await pseudonyms.close()
    await outbound.close()
    await reading.close()
    await store.close()
  }
  return {
    context,
    sequencing: { pool, keys, config, log, clock, published, metrics: context.metrics },
    close,
  }
}
