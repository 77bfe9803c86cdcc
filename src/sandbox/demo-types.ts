import type { BackOfficeStatus } from './back-office.ts'
import type { Bars } from './demo-bars.ts'
import type { Program, Programs } from './demo-programs.ts'
import type { DemoProtocols } from './demo-protocols.ts'
import type { Population } from './population.ts'
import type { VdabStatus } from './vdab.ts'

export interface DemoOptions {
  /** End by itself instead of staying up. */
  exit: boolean
  /** Print the JSON report as the last line of standard output. */
  json: boolean
  seed: string
  population: number
  /** The demo's own folder. */
  dataDir: string
  /** The sample protocols. */
  protocolsDir: string
  /** The gateway's port; the one of the last run, 8080 or any free one where absent. */
  port?: number
  databaseUrl?: string | undefined
  queueUrl?: string | undefined
  /** The own environment with some settings instead, for the programs it starts. */
  environmentWith(settings: Record<string, string>): Record<string, string | undefined>
  /** Where the embedded PostgreSQL of that data folder listens. */
  findDatabaseUrl(dataDir: string): string | undefined
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WriteStream
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
}

/**
 * The last line of `--json`. Counted in the gateway's database, over everything in it, unless it
 * says otherwise: a second run on the same folder goes on counting.
 */
export interface DemoReport {
  /** Synthetic tenants, in the target group or not. */
  population: number
  /** Those in the target group and sent this month, as the housing companies count. */
  tenants: number
  /** Of those, accepted by the gateway. */
  accepted: number
  /** Of those, refused while the protocol was in force. */
  refused: number
  /** Of those, in requests that VDAB took. */
  forwarded: number
  /** The sum of VDAB's answers, before rounding. */
  found: number
  /** Tenants whom VDAB reaches with difficulty or not at all. */
  feedback: number
  /** Hand-overs that their recipient took: requests by VDAB, events by housing companies. */
  delivered: number
  /** Feedback on which the housing company reported progress. */
  acknowledged: number
  /** Hand-overs that were given up. */
  parked: number
  /** Tenants refused while no protocol was in force. */
  refusedBeforeProtocol: number
  /** Entries in the audit log, as `huisbrug audit verify` counts. */
  auditEntries: number
  auditVerified: boolean
  /** Conservation, as `huisbrug doctor` finds it. */
  balanced: boolean
  /** Different national numbers of the population found where none may be. */
  nationalNumbersLeaked: number
  /** From the start of the command until all was checked. */
  seconds: number
}

/** A gateway and its peers, running. */
export interface DemoStage {
  options: DemoOptions
  bars: Bars
  gateway: string
  programs: Programs
  protocols: DemoProtocols
  population: Population
  databaseUrl: string
  /** Folder of the peers of this database. */
  peersFolder: string
  vdab: Peer<VdabStatus>
  backOffice: Peer<BackOfficeStatus>
}

/** A peer in another process, as far as it told. */
export interface Peer<Status> {
  program: Program
  url: string
  status(): Status
}
