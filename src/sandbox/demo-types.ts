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

/** The last line of `--json`; see docs for each figure. */
export interface DemoReport {
  /** Synthetic tenants, in the target group or not. */
  population: number
  /** Those in the target group and sent this month. */
  tenants: number
  accepted: number
  refused: number
  forwarded: number
  found: number
  feedback: number
  /** Hand-overs that their recipient took. */
  delivered: number
  /** Feedback with progress reported. */
  acknowledged: number
  parked: number
  /** Tenants refused while no protocol was in force, in this run or an earlier one on this database. */
  refusedBeforeProtocol: number
  auditEntries: number
  auditVerified: boolean
  balanced: boolean
  /** Different national numbers of the population found where none may be. */
  nationalNumbersLeaked: number
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
