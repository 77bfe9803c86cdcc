export const SANDBOX_ROLES = ['housing-company', 'vdab'] as const
/** What the partner's own software is. */
export type SandboxRole = (typeof SANDBOX_ROLES)[number]

/** A code of the table of refusals, for the page. */
export interface CodeText {
  code: string
  status: number
  title: string
  remedy: string
  /** Title and remedy in Dutch. */
  nl: { title: string; remedy: string }
}

export interface SandboxOptions {
  role: SandboxRole
  /** The sandbox's own folder. */
  dataDir: string
  /** The sample protocols. */
  protocolsDir: string
  /** Party id of the partner. */
  party: string
  name: string
  /** The port that is wanted; another free one where it is taken, unless it must be this one. */
  port: number
  mustHavePort: boolean
  seed: string
  /** How many synthetic people. */
  people: number
  /** Numbers that the partner declared to be synthetic. */
  ownNumbers: readonly string[]
  /** The partner's public keys, as a JWK set; absent: a key is made. */
  jwks?: { keys: object[] }
  /** Where the partner's software takes events (housing company). */
  webhook?: string
  /** Where the partner's software takes calls (VDAB). */
  baseUrl: string
  tokenUrl: string
  /** Answers per person in place of one number a month. */
  perPerson: boolean
  scenario: string
  afterDays: number
  slowMs: number
  codes: readonly CodeText[]
  /** The environment of the programs that it starts: nothing of another gateway. */
  environment: Record<string, string | undefined>
}

/** What the partner's software has to know. */
export interface SandboxSettings {
  role: SandboxRole
  /** Public URL of the gateway; also the audience of what is signed. */
  gateway: string
  tokenUrl: string
  party: string
  /** Private key pair, where it was made here. */
  keyFile?: string
  encryptionKeysFile?: string
  /** Settings file for `huisbrug … --profile`. */
  profile: string
  /** Verifier key of the audit log, to pin. */
  logKey: string
  protocol: string
  purpose: string
  targetGroup: { id: string; version: string }
  answers: 'counts' | 'person'
  /** National numbers to use: tenants, or clients of VDAB. */
  peopleFile: string
  outcomesFile?: string
  webhook?: string
  webhookSecret?: string
  /** Where the gateway calls VDAB. */
  baseUrl?: string
  seed: string
  /** What arrived, and what can be chosen. */
  page: string
  docs: string
}
