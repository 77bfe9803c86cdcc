import type { RequestHandler } from 'express'
import type { AddressLimits, PartyLimits } from './access/limits.ts'
import type { PeopleProvider } from './access/oidc.ts'
import type { PartyStore } from './access/party.ts'
import type { ReadingEvidence } from './access/reading-evidence.ts'
import type { ConsoleSessions } from './access/session.ts'
import type { Signing } from './access/signing.ts'
import type { AccessTokens } from './access/token.ts'
import type { Disclosures } from './audit/disclosure.ts'
import type { NoteVerifier } from './audit/note.ts'
import type { PublishedCheckpoints } from './audit/published.ts'
import type { Config } from './config.ts'
import type { Pool } from './db/pool.ts'
import type { Reading } from './db/reading.ts'
import type { Outbound } from './delivery/outbound.ts'
import type { PeerTokens } from './delivery/peer-token.ts'
import type { ProbePeer } from './delivery/probe-peer.ts'
import type { Backlog } from './exchange/backlog.ts'
import type { Intake } from './exchange/intake.ts'
import type { KeyStore } from './keys/key-store.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { ProtocolRegistry } from './protocol/registry.ts'
import type { DomainStore } from './pseudonym/domains.ts'
import type { Evaluator } from './pseudonym/evaluator.ts'
import type { PseudonymPool } from './pseudonym/pool.ts'
import type { WakeUps } from './queue/queue.ts'

/** What parts receive: made once in gateway.ts; a test overrides single members. */
export interface Context {
  config: Config
  log: Logger
  /** The time; a test may hold it. */
  clock: () => Date
  pool: Pool
  /** Where what may be some seconds old is read: a replica, where there is one. */
  reading: Reading
  keys: KeyStore
  /** Whether persons may be told about now. */
  disclosures: Disclosures
  /** The last checkpoint that was given out, outside the database. */
  published: PublishedCheckpoints
  metrics: Metrics
  protocols: ProtocolRegistry
  domains: DomainStore
  /** Uses the keys of pseudonyms, wherever they live. */
  evaluator: Evaluator
  pseudonyms: PseudonymPool
  parties: PartyStore
  signing: Signing
  tokens: AccessTokens
  limits: { parties: PartyLimits; addresses: AddressLimits }
  sessions: ConsoleSessions
  /** Where people sign in; absent: by one-time links alone. */
  provider: PeopleProvider | undefined
  /** Who read entry tiles. */
  readings: ReadingEvidence
  outbound: Outbound
  peerTokens: PeerTokens
  /** Takes the probes, where this process is a worker. */
  probePeer: ProbePeer
  wakeUps: WakeUps
  /** What waits for each recipient. */
  backlog: Backlog
  /** Stores messages, those that are ready at the same moment together. */
  intake: Intake
  /** The logs of others that this gateway is a witness for, by origin, with their keys. */
  witnessed: ReadonlyMap<string, readonly NoteVerifier[]>
  /** Other parts served on the same port, such as the console. */
  mounts: { path: string; handler: RequestHandler }[]
}
