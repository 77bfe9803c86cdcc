import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { assertAllowedUrl } from '../access/peer-url.ts'
import { type CosignatureVerifier, cosignatureVerifier } from '../audit/cosignature.ts'
import { type NoteVerifier, noteVerifier } from '../audit/note.ts'
import type { Config } from '../config.ts'

/** A witness that is asked. */
export interface KnownWitness extends CosignatureVerifier {
  /** Where it takes checkpoints, without the /add-checkpoint. */
  url: string
  /** Private networks in which that may be. */
  networks?: readonly string[]
}

/** Whom to ask for cosignatures, and what to do without. */
export interface WitnessPolicy {
  /** How many a published checkpoint should have. */
  required: number
  whenMissing: 'publish' | 'wait'
  /** How long a witness may take. */
  timeoutMs: number
  witnesses: readonly KnownWitness[]
}

interface PolicyFile {
  required: number
  whenMissing: 'publish' | 'wait'
  timeoutSeconds?: number
  witnesses: { name?: string; verifierKey: string; url: string }[]
}

interface LogsFile {
  logs: { origin: string; verifierKeys: string[] }[]
}

const TEXT = { type: 'string', minLength: 1, maxLength: 512 } as const
const object = (required: string[], properties: object) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})

const POLICY = object(['required', 'whenMissing', 'witnesses'], {
  required: { type: 'integer', minimum: 1, maximum: 32 },
  whenMissing: { enum: ['publish', 'wait'] },
  timeoutSeconds: { type: 'number', minimum: 0.1, maximum: 30 },
  witnesses: {
    type: 'array',
    minItems: 1,
    maxItems: 32,
    items: object(['verifierKey', 'url'], { name: TEXT, verifierKey: TEXT, url: TEXT }),
  },
})

const LOGS = object(['logs'], {
  logs: {
    type: 'array',
    minItems: 1,
    maxItems: 1000,
    items: object(['origin', 'verifierKeys'], {
      origin: TEXT,
      verifierKeys: { type: 'array', minItems: 1, maxItems: 8, items: TEXT },
    }),
  },
})

const ajv = new Ajv2020({ allErrors: true })
const isPolicy = ajv.compile<PolicyFile>(POLICY)
const isLogs = ajv.compile<LogsFile>(LOGS)

/**
 * The witnesses of HUISBRUG_WITNESSES_FILE, or undefined where there is no such setting.
 * @throws Error naming the setting, the place in the file and the rule
 */
export function readWitnessPolicy(
  config: Pick<Config, 'witness' | 'allowLoopback'> & {
    outbound?: Pick<Config['outbound'], 'serviceNetworks'>
  },
): WitnessPolicy | undefined {
  const setting = 'HUISBRUG_WITNESSES_FILE'
  if (!config.witness.askFile) return undefined
  const file = readFile(setting, config.witness.askFile, isPolicy)
  const networks = config.outbound?.serviceNetworks ?? []
  const witnesses = file.witnesses.map(({ name, verifierKey, url }, i) => {
    const place = `${setting}: /witnesses/${i}`
    const key = attempt(`${place}/verifierKey`, 'no witness key', () =>
      cosignatureVerifier(verifierKey),
    )
    if (name !== undefined && name !== key.name)
      throw new Error(`${place}/name is not the name in its verifierKey`)
    attempt(`${place}/url`, 'must be an https address that is publicly reachable', () =>
      assertAllowedUrl(url, { allowLoopback: config.allowLoopback, networks }),
    )
    return { ...key, url: url.replace(/\/+$/, ''), networks }
  })
  if (new Set(witnesses.map(it => it.name)).size < witnesses.length)
    throw new Error(`${setting}: /witnesses names one witness twice`)
  if (file.required > witnesses.length)
    throw new Error(`${setting}: /required is more than there are witnesses`)
  const { required, whenMissing, timeoutSeconds = 5 } = file
  return { required, whenMissing, timeoutMs: timeoutSeconds * 1000, witnesses }
}

/**
 * The logs of HUISBRUG_WITNESS_FOR_FILE by origin, none where there is no such setting.
 * @throws Error naming the setting, the place in the file and the rule
 */
export function readWitnessedLogs(
  config: Pick<Config, 'witness'>,
): ReadonlyMap<string, readonly NoteVerifier[]> {
  const setting = 'HUISBRUG_WITNESS_FOR_FILE'
  if (!config.witness.forFile) return new Map()
  const { logs } = readFile(setting, config.witness.forFile, isLogs)
  const known = new Map<string, readonly NoteVerifier[]>()
  logs.forEach(({ origin, verifierKeys }, i) => {
    const place = `${setting}: /logs/${i}`
    if (known.has(origin)) throw new Error(`${place}/origin is there twice`)
    const keys = verifierKeys.map((text, k) =>
      attempt(`${place}/verifierKeys/${k}`, 'no key of a log', () => noteVerifier(text)),
    )
    if (keys.some(key => key.name !== origin))
      throw new Error(`${place}/verifierKeys holds a key with another name than the origin`)
    known.set(origin, keys)
  })
  return known
}

function readFile<T>(setting: string, path: string, fits: ValidateFunction<T>): T {
  const text = attempt(setting, 'the file cannot be read', () => readFileSync(path, 'utf8'))
  const content: unknown = attempt(setting, 'the file is not JSON', () => JSON.parse(text))
  if (fits(content)) return content
  const faults = (fits.errors ?? []).map(it => `${it.instancePath || '/'} ${it.message}`)
  throw new Error(`${setting}: ${faults.slice(0, 4).join('; ')}`)
}

function attempt<T>(place: string, fault: string, work: () => T): T {
  try {
    return work()
  } catch {
    throw new Error(`${place}: ${fault}`)
  }
}
