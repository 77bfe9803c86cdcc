import { resolve } from 'node:path'
import { envSchema } from 'env-schema'

export const ROLES = ['api', 'worker', 'sequencer', 'evaluator', 'console'] as const
export type Role = (typeof ROLES)[number]

/** What the environment says, checked and typed; see docs/operations.md for each setting. */
interface Environment {
  HUISBRUG_PORT: number
  HUISBRUG_HOST: string
  HUISBRUG_PUBLIC_URL?: string
  HUISBRUG_DATA_DIR: string
  HUISBRUG_DATABASE_URL?: string
  HUISBRUG_QUEUE_URL?: string
  HUISBRUG_PROTOCOLS_DIR: string
  HUISBRUG_MASTER_KEY?: string
  HUISBRUG_MASTER_KEY_FILE?: string
  HUISBRUG_KEY_COMMAND?: string
  HUISBRUG_NEW_MASTER_KEY?: string
  HUISBRUG_NEW_MASTER_KEY_FILE?: string
  HUISBRUG_NEW_KEY_COMMAND?: string
  HUISBRUG_KEY_TIMEOUT_SECONDS: number
  HUISBRUG_KEY_REMEMBER_SECONDS: number
  HUISBRUG_ROLES: string
  HUISBRUG_LOG_LEVEL: string
  HUISBRUG_LOG_ORIGIN: string
  HUISBRUG_PSEUDONYM_THREADS: number
  HUISBRUG_ALLOW_LOOPBACK: boolean
}

const schema = {
  type: 'object',
  properties: {
    HUISBRUG_PORT: { type: 'integer', minimum: 0, maximum: 65535, default: 8080 },
    HUISBRUG_HOST: { type: 'string', default: '127.0.0.1' },
    HUISBRUG_PUBLIC_URL: { type: 'string', pattern: '^https?://[^?#]+$' },
    HUISBRUG_DATA_DIR: { type: 'string', minLength: 1, default: './data' },
    HUISBRUG_DATABASE_URL: { type: 'string', pattern: '^postgres(ql)?://' },
    HUISBRUG_QUEUE_URL: { type: 'string', pattern: '^(rediss?|postgres(ql)?)://' },
    HUISBRUG_PROTOCOLS_DIR: { type: 'string', minLength: 1, default: './protocols' },
    HUISBRUG_MASTER_KEY: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' },
    HUISBRUG_MASTER_KEY_FILE: { type: 'string', minLength: 1 },
    HUISBRUG_KEY_COMMAND: { type: 'string', minLength: 1 },
    HUISBRUG_NEW_MASTER_KEY: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' },
    HUISBRUG_NEW_MASTER_KEY_FILE: { type: 'string', minLength: 1 },
    HUISBRUG_NEW_KEY_COMMAND: { type: 'string', minLength: 1 },
    HUISBRUG_KEY_TIMEOUT_SECONDS: { type: 'number', minimum: 0.1, maximum: 60, default: 5 },
    HUISBRUG_KEY_REMEMBER_SECONDS: { type: 'number', minimum: 0, maximum: 3600, default: 60 },
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
    HUISBRUG_PSEUDONYM_THREADS: { type: 'integer', minimum: 1, maximum: 64, default: 2 },
    HUISBRUG_ALLOW_LOOPBACK: { type: 'boolean', default: false },
  },
} as const

/** Where one key-encryption key is; all absent: none is named. */
export interface KeySource {
  key: string | undefined
  file: string | undefined
  /** A program and its arguments. */
  command: readonly string[] | undefined
}

/** The settings of one process. Durations are milliseconds unless the name says otherwise. */
export interface Config {
  port: number
  host: string
  publicUrl: string
  dataDir: string
  databaseUrl: string | undefined
  queueUrl: string | undefined
  protocolsDir: string
  masterKey: KeySource
  /** The key that secrets are being wrapped anew under. */
  newMasterKey: KeySource
  keyTimeoutMs: number
  keyRememberMs: number
  roles: ReadonlySet<Role>
  logLevel: 'error' | 'warn' | 'info' | 'debug'
  /** The origin line of the audit log's checkpoints and the name of its key. */
  logOrigin: string
  pseudonymThreads: number
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

// One path, or a JSON list: no shell reads it, so nothing in it is split or expanded.
function toCommand(name: string, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined
  if (!text.trimStart().startsWith('[')) return [text]
  const list = parseList(text)
  if (list) return list
  throw new Error(`${name} must be the path of a program, or a JSON list of it and its arguments`)
}

function parseList(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    const isList =
      Array.isArray(list) && list.length > 0 && list.every(it => typeof it === 'string')
    return isList ? list : undefined
  } catch {
    return undefined
  }
}

function toConfig(env: Environment): Config {
  return {
    port: env.HUISBRUG_PORT,
    host: env.HUISBRUG_HOST,
    publicUrl: (env.HUISBRUG_PUBLIC_URL ?? `http://localhost:${env.HUISBRUG_PORT}`).replace(
      /\/+$/,
      '',
    ),
    dataDir: resolve(env.HUISBRUG_DATA_DIR),
    databaseUrl: env.HUISBRUG_DATABASE_URL,
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
    keyTimeoutMs: env.HUISBRUG_KEY_TIMEOUT_SECONDS * 1000,
    keyRememberMs: env.HUISBRUG_KEY_REMEMBER_SECONDS * 1000,
    roles: new Set(env.HUISBRUG_ROLES.split(',') as Role[]),
    logLevel: env.HUISBRUG_LOG_LEVEL as Config['logLevel'],
    logOrigin: env.HUISBRUG_LOG_ORIGIN,
    pseudonymThreads: env.HUISBRUG_PSEUDONYM_THREADS,
    allowLoopback: env.HUISBRUG_ALLOW_LOOPBACK,
  }
}
