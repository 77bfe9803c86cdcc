import { resolve } from 'node:path'
import { envSchema } from 'env-schema'
import * as attention from './config-attention.ts'
import { toCommand } from './config-command.ts'
import * as outbound from './config-outbound.ts'
import * as partner from './config-partner.ts'
import * as people from './config-people.ts'
import * as tls from './config-tls.ts'
import * as witness from './config-witness.ts'

export { FOUR_EYES, type FourEyes } from './config-people.ts'

export const ROLES = ['api', 'worker', 'sequencer', 'evaluator', 'console'] as const
export type Role = (typeof ROLES)[number]

/** What the environment says, checked and typed; see docs/operations.md for each setting. */
interface Environment
  extends people.PeopleEnvironment,
    outbound.OutboundEnvironment,
    witness.WitnessEnvironment,
    attention.AttentionEnvironment,
    tls.TlsEnvironment {
  HUISBRUG_HOST: string
  HUISBRUG_DATA_DIR: string
  HUISBRUG_DATABASE_URL?: string
  HUISBRUG_READ_DATABASE_URL?: string
  HUISBRUG_QUEUE_URL?: string
  HUISBRUG_PROTOCOLS_DIR: string
  HUISBRUG_MASTER_KEY?: string
  HUISBRUG_MASTER_KEY_FILE?: string
  HUISBRUG_KEY_COMMAND?: string
  HUISBRUG_NEW_MASTER_KEY?: string
  HUISBRUG_NEW_MASTER_KEY_FILE?: string
  HUISBRUG_NEW_KEY_COMMAND?: string
  HUISBRUG_LOG_KEY_COMMAND?: string
  HUISBRUG_KEY_TIMEOUT_SECONDS: number
  HUISBRUG_KEY_REMEMBER_SECONDS: number
  HUISBRUG_EVALUATOR_URL?: string
  HUISBRUG_EVALUATOR_SECRET?: string
  HUISBRUG_EVALUATOR_SECRET_FILE?: string
  HUISBRUG_EVALUATOR_TIMEOUT_SECONDS: number
  HUISBRUG_EVALUATOR_PER_DAY: number
  HUISBRUG_EVALUATOR_TAKES_KEYS: boolean
  HUISBRUG_ROLES: string
  HUISBRUG_LOG_LEVEL: string
  HUISBRUG_LOG_ORIGIN: string
  HUISBRUG_EVIDENCE_MINUTES: number
  HUISBRUG_PSEUDONYM_THREADS: number
  HUISBRUG_PARTY_PER_SECOND: number
  HUISBRUG_PARTY_BURST: number
  HUISBRUG_ADDRESS_PER_SECOND: number
  HUISBRUG_ADDRESS_BURST: number
  HUISBRUG_TRUSTED_PROXIES: string
  HUISBRUG_BODIES_MIB: number
  HUISBRUG_MAX_WAITING_ROWS: number
  HUISBRUG_MAX_WAITING_HAND_OVERS: number
  HUISBRUG_PROBE_MINUTES: number
  HUISBRUG_PROBE_LATE_SECONDS: number
  HUISBRUG_TRUSTED_ISSUERS?: string
  HUISBRUG_CLIENT_CERT_HEADER?: string
}

// What goes to the key service says who is asked about when: in the clear on this machine only.
const SERVICE_URL =
  '^(https://[^/?#@]+|http://(localhost|127\\.[0-9]+\\.[0-9]+\\.[0-9]+|\\[::1\\])(:[0-9]+)?)(/[^?#]*)?$'

const schema = {
  type: 'object',
  properties: {
    HUISBRUG_PORT: { type: 'integer', minimum: 0, maximum: 65535, default: 8080 },
    HUISBRUG_HOST: { type: 'string', default: '127.0.0.1' },
    HUISBRUG_PUBLIC_URL: { type: 'string', pattern: '^https?://[^?#]+$' },
    HUISBRUG_DATA_DIR: { type: 'string', minLength: 1, default: './data' },
    HUISBRUG_DATABASE_URL: { type: 'string', pattern: '^postgres(ql)?://' },
    HUISBRUG_READ_DATABASE_URL: { type: 'string', pattern: '^postgres(ql)?://' },
    HUISBRUG_QUEUE_URL: {
      type: 'string',
      pattern: '^((rediss?|postgres(ql)?)://|rediss?\\+cluster://([^@]*@)?[^@,/]+(,[^@,/]+)*$)',
    },
    HUISBRUG_PROTOCOLS_DIR: { type: 'string', minLength: 1, default: './protocols' },
    HUISBRUG_MASTER_KEY: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' },
    HUISBRUG_MASTER_KEY_FILE: { type: 'string', minLength: 1 },
    HUISBRUG_KEY_COMMAND: { type: 'string', minLength: 1 },
    HUISBRUG_NEW_MASTER_KEY: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' },
    HUISBRUG_NEW_MASTER_KEY_FILE: { type: 'string', minLength: 1 },
    HUISBRUG_NEW_KEY_COMMAND: { type: 'string', minLength: 1 },
    HUISBRUG_LOG_KEY_COMMAND: { type: 'string', minLength: 1 },
    HUISBRUG_KEY_TIMEOUT_SECONDS: { type: 'number', minimum: 0.1, maximum: 60, default: 5 },
    HUISBRUG_KEY_REMEMBER_SECONDS: { type: 'number', minimum: 0, maximum: 3600, default: 60 },
    HUISBRUG_EVALUATOR_URL: { type: 'string', pattern: SERVICE_URL },
    HUISBRUG_EVALUATOR_SECRET: { type: 'string', pattern: '^[A-Za-z0-9_-]{43,}$' },
    HUISBRUG_EVALUATOR_SECRET_FILE: { type: 'string', minLength: 1 },
    HUISBRUG_EVALUATOR_TIMEOUT_SECONDS: { type: 'number', minimum: 0.1, maximum: 60, default: 10 },
    HUISBRUG_EVALUATOR_PER_DAY: { type: 'integer', minimum: 1, default: 2_000_000 },
    HUISBRUG_EVALUATOR_TAKES_KEYS: { type: 'boolean', default: false },
    HUISBRUG_ROLES: {
      type: 'string',
      pattern: `^(${ROLES.join('|')})(,(${ROLES.join('|')}))*$`,
      default: ROLES.join(','),
    },
    HUISBRUG_LOG_LEVEL: { enum: ['error', 'warn', 'info', 'debug'], default: 'info' },
    HUISBRUG_LOG_ORIGIN: {
      type: 'string',
      pattern: '^[A-Za-z0-9./-]{1,128}$',
      default: 'huisbrug.example/log',
    },
    HUISBRUG_EVIDENCE_MINUTES: { type: 'number', minimum: 0.01, maximum: 1440, default: 15 },
    HUISBRUG_PSEUDONYM_THREADS: { type: 'integer', minimum: 1, maximum: 64, default: 2 },
    HUISBRUG_PARTY_PER_SECOND: { type: 'number', minimum: 0.1, maximum: 1e6, default: 100 },
    HUISBRUG_PARTY_BURST: { type: 'integer', minimum: 1, maximum: 1e6, default: 1_000 },
    HUISBRUG_ADDRESS_PER_SECOND: { type: 'number', minimum: 0.1, maximum: 1e6, default: 5 },
    HUISBRUG_ADDRESS_BURST: { type: 'integer', minimum: 1, maximum: 1e6, default: 100 },
    HUISBRUG_TRUSTED_PROXIES: {
      type: 'string',
      pattern: '^[a-zA-Z0-9.:/, ]+$',
      default: 'loopback',
    },
    HUISBRUG_BODIES_MIB: { type: 'integer', minimum: 8, maximum: 4096, default: 32 },
    HUISBRUG_MAX_WAITING_ROWS: { type: 'integer', minimum: 1, default: 2_000_000 },
    HUISBRUG_MAX_WAITING_HAND_OVERS: { type: 'integer', minimum: 1, default: 20_000 },
    HUISBRUG_PROBE_MINUTES: { type: 'number', minimum: 0, maximum: 1440, default: 60 },
    HUISBRUG_PROBE_LATE_SECONDS: { type: 'number', minimum: 1, maximum: 3600, default: 120 },
    HUISBRUG_TRUSTED_ISSUERS: { type: 'string', minLength: 1 },
    HUISBRUG_CLIENT_CERT_HEADER: { type: 'string', pattern: '^[A-Za-z0-9-]{1,64}$' },
    ...people.PEOPLE_SCHEMA,
    ...tls.TLS_SCHEMA,
    ...witness.WITNESS_SCHEMA,
    ...attention.ATTENTION_SCHEMA,
    ...outbound.OUTBOUND_SCHEMA,
    HUISBRUG_ALLOW_LOOPBACK: { type: 'boolean', default: false },
  },
} as const

/** The name of every setting. */
export const SETTINGS: readonly string[] = Object.keys(schema.properties)

/** Where one key-encryption key is; all absent: none is named. */
export interface KeySource {
  key: string | undefined
  file: string | undefined
  /** A program and its arguments. */
  command: readonly string[] | undefined
}

/**
 * Where the keys of the pseudonyms are: `here`, in this process's database; `elsewhere`, at a key
 * service that it calls; `service`, where this process is that service and nothing else.
 */
export type KeyPlacement = 'here' | 'elsewhere' | 'service'

export interface EvaluatorSettings {
  placement: KeyPlacement
  /** Address of the key service, without a slash at the end; for `elsewhere` only. */
  url: string | undefined
  /** What both sides know, base64url, or the file that holds it. */
  secret: string | undefined
  secretFile: string | undefined
  timeoutMs: number
  /** Most elements that a key service evaluates per key and UTC day. */
  perDay: number
  /** Whether a key service takes keys that were made elsewhere: only while they move. */
  takesKeys: boolean
}

/** How much may come in; see docs/adr/0018-limits.md. */
export interface LimitSettings {
  /** Calls of one party, over all processes. */
  party: { perSecond: number; burst: number }
  /** What one source address may do without a token, in this process. */
  address: { perSecond: number; burst: number }
  /** Addresses, subnets or `loopback`: what these say of where a call comes from is believed. */
  trustedProxies: string[]
  /** Bytes of bodies in hand at once, in this process. */
  bodies: number
  /** What may wait for one recipient before nothing more is taken in for it. */
  waiting: { rows: number; handOvers: number }
}

/** The settings of one process. Durations are milliseconds unless the name says otherwise. */
export interface Config {
  port: number
  host: string
  publicUrl: string
  /** Where health and figures are also told, in the clear; absent: nowhere else. */
  healthPort: number | undefined
  /** Absent: a proxy ends TLS. */
  tls: tls.TlsSettings | undefined
  dataDir: string
  databaseUrl: string | undefined
  /** A replica of it, for what may be some seconds old. */
  readDatabaseUrl: string | undefined
  queueUrl: string | undefined
  protocolsDir: string
  masterKey: KeySource
  /** The key that secrets are being wrapped anew under. */
  newMasterKey: KeySource
  /** A program and its arguments that hold the key of the audit log; absent: it is in the database. */
  logKeyCommand: readonly string[] | undefined
  keyTimeoutMs: number
  keyRememberMs: number
  evaluator: EvaluatorSettings
  roles: ReadonlySet<Role>
  logLevel: 'error' | 'warn' | 'info' | 'debug'
  /** The origin line of the audit log's checkpoints and the name of its key. */
  logOrigin: string
  /** How old evidence may be that has no place in the log before nothing is disclosed any more. */
  evidenceMs: number
  pseudonymThreads: number
  limits: LimitSettings
  /** How often a synthetic message goes the whole way, 0 for never, and after how long it is late. */
  probe: { everyMs: number; lateMs: number }
  witness: witness.WitnessSettings
  attention: attention.AttentionSettings
  /** What a second person has to approve before it is done. */
  fourEyes: ReadonlySet<people.FourEyes>
  people: people.PeopleSettings
  /** Whose access tokens count beside the gateway's own: a JSON list, or the path of one. */
  trustedIssuers: string | undefined
  /** The header in which a trusted proxy passes on the client's certificate. */
  clientCertHeader: string | undefined
  outbound: outbound.OutboundSettings
  /** Peers may be on loopback and plain http: for the sandbox, the demo and tests only. */
  allowLoopback: boolean
}

/**
 * Reads the settings from an environment. Pure: pass `process.env` or a literal.
 * @throws Error naming the setting and the rule it breaks (env-schema), never a value.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const own = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name.startsWith('HUISBRUG_') && value),
  )
  return toConfig(envSchema<Environment>({ schema, data: own, dotenv: false, env: false }))
}

/** The settings of this process's own environment: the only place that reads it. */
export function readProcessConfig(overrides: Record<string, string> = {}): Config {
  return readConfig({ ...process.env, ...overrides })
}

/** The settings of a party's own commands, which need none of the gateway's. */
export const readPartnerSettings = () => partner.partnerOf(process.env)

/** The environment for a program that this one starts: its own, with these settings instead. */
export function childEnvironment(
  overrides: Record<string, string>,
): Record<string, string | undefined> {
  return { ...process.env, ...overrides }
}

/** The environment for a program that is not ours: this process's own, without any setting of Huisbrug. */
export function foreignEnvironment(): Record<string, string | undefined> {
  const entries = Object.entries(process.env)
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith('HUISBRUG_')))
}

function toConfig(env: Environment): Config {
  return {
    port: env.HUISBRUG_PORT,
    host: env.HUISBRUG_HOST,
    publicUrl: tls.publicUrlOf(env),
    healthPort: env.HUISBRUG_HEALTH_PORT,
    tls: tls.tlsOf(env),
    dataDir: resolve(env.HUISBRUG_DATA_DIR),
    databaseUrl: env.HUISBRUG_DATABASE_URL,
    readDatabaseUrl: env.HUISBRUG_READ_DATABASE_URL,
    queueUrl: env.HUISBRUG_QUEUE_URL,
    protocolsDir: resolve(env.HUISBRUG_PROTOCOLS_DIR),
    masterKey: {
      key: env.HUISBRUG_MASTER_KEY,
      file: env.HUISBRUG_MASTER_KEY_FILE,
      command: toCommand('HUISBRUG_KEY_COMMAND', env.HUISBRUG_KEY_COMMAND),
    },
    newMasterKey: {
      key: env.HUISBRUG_NEW_MASTER_KEY,
      file: env.HUISBRUG_NEW_MASTER_KEY_FILE,
      command: toCommand('HUISBRUG_NEW_KEY_COMMAND', env.HUISBRUG_NEW_KEY_COMMAND),
    },
    logKeyCommand: toCommand('HUISBRUG_LOG_KEY_COMMAND', env.HUISBRUG_LOG_KEY_COMMAND),
    keyTimeoutMs: env.HUISBRUG_KEY_TIMEOUT_SECONDS * 1000,
    keyRememberMs: env.HUISBRUG_KEY_REMEMBER_SECONDS * 1000,
    evaluator: {
      placement: placementOf(env),
      url: env.HUISBRUG_EVALUATOR_URL?.replace(/\/+$/, ''),
      secret: env.HUISBRUG_EVALUATOR_SECRET,
      secretFile: env.HUISBRUG_EVALUATOR_SECRET_FILE,
      timeoutMs: env.HUISBRUG_EVALUATOR_TIMEOUT_SECONDS * 1000,
      perDay: env.HUISBRUG_EVALUATOR_PER_DAY,
      takesKeys: env.HUISBRUG_EVALUATOR_TAKES_KEYS,
    },
    roles: rolesOf(env),
    logLevel: env.HUISBRUG_LOG_LEVEL as Config['logLevel'],
    logOrigin: env.HUISBRUG_LOG_ORIGIN,
    evidenceMs: env.HUISBRUG_EVIDENCE_MINUTES * 60_000,
    pseudonymThreads: env.HUISBRUG_PSEUDONYM_THREADS,
    limits: limitsOf(env),
    probe: {
      everyMs: env.HUISBRUG_PROBE_MINUTES * 60_000,
      lateMs: env.HUISBRUG_PROBE_LATE_SECONDS * 1000,
    },
    fourEyes: people.fourEyesOf(env),
    people: people.peopleOf(env),
    trustedIssuers: env.HUISBRUG_TRUSTED_ISSUERS,
    clientCertHeader: env.HUISBRUG_CLIENT_CERT_HEADER,
    witness: witness.witnessOf(env),
    attention: attention.attentionOf(env),
    outbound: outbound.outboundOf(env),
    allowLoopback: env.HUISBRUG_ALLOW_LOOPBACK,
  }
}

function limitsOf(env: Environment): LimitSettings {
  return {
    party: { perSecond: env.HUISBRUG_PARTY_PER_SECOND, burst: env.HUISBRUG_PARTY_BURST },
    address: { perSecond: env.HUISBRUG_ADDRESS_PER_SECOND, burst: env.HUISBRUG_ADDRESS_BURST },
    trustedProxies: env.HUISBRUG_TRUSTED_PROXIES.split(',').map(it => it.trim()),
    bodies: env.HUISBRUG_BODIES_MIB * 1024 * 1024,
    waiting: {
      rows: env.HUISBRUG_MAX_WAITING_ROWS,
      handOvers: env.HUISBRUG_MAX_WAITING_HAND_OVERS,
    },
  }
}

function rolesOf(env: Environment): Set<Role> {
  return new Set(env.HUISBRUG_ROLES.split(',') as Role[])
}

function placementOf(env: Environment): KeyPlacement {
  const hasSecret = env.HUISBRUG_EVALUATOR_SECRET ?? env.HUISBRUG_EVALUATOR_SECRET_FILE
  if (env.HUISBRUG_EVALUATOR_URL) {
    if (hasSecret) return 'elsewhere'
    throw new Error(
      'HUISBRUG_EVALUATOR_URL needs the HUISBRUG_EVALUATOR_SECRET or _SECRET_FILE of that service',
    )
  }
  if (!hasSecret) return 'here'
  const roles = rolesOf(env)
  const others = [...roles].filter(role => role !== 'evaluator' && role !== 'sequencer')
  if (roles.has('evaluator') && others.length === 0) return 'service'
  throw new Error(
    'HUISBRUG_EVALUATOR_SECRET makes this process the key service: give it HUISBRUG_ROLES=' +
      'evaluator,sequencer and nothing else; to call a key service, give HUISBRUG_EVALUATOR_URL',
  )
}
