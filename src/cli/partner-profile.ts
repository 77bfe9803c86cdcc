import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import type { JWK } from 'jose'
import { createClient, type HuisbrugClient } from '../client/client.ts'
import type { DecryptionKeys } from '../client/envelope.ts'
import type { ClientOptions } from '../client/transport.ts'
import { readPartnerSettings } from '../config.ts'
import { readSigningKey } from './protocol/signing-key.ts'

/** The settings file, looked for in the current folder. */
export const PROFILE_FILE = 'huisbrug-partner.json'

/** Who the commands of a party speak for, and to which gateway; see docs/kit.md. */
export interface PartnerProfile {
  /** Public URL of the gateway, without a slash at the end. */
  gateway: string
  party: string
  privateKey: JWK
  /** To open envelopes with; empty where the protocol asks for none. */
  encryptionKeys: DecryptionKeys
  /** Verifier keys of the gateway's audit log, as its operator gave them: pinned. */
  logKeys: readonly string[]
  /** Where tokens come from, other than the gateway. */
  tokenUrl: string | undefined
  dpop: boolean
  /** The protocol that is meant where a command names none. */
  protocol: string | undefined
  /** Absolute: where commands keep what a second run needs; not made here. */
  dataDir: string
}

/** What the command line may say instead of the profile. */
export interface PartnerOptions {
  profile?: string
  url?: string
  party?: string
  key?: string
  kid?: string
}

/** Wrong use: a setting is missing or cannot be read. A command answers it with exit code 2. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError'
}

/** Members of the settings file; paths are relative to it. */
interface ProfileFile {
  gateway?: string
  party?: string
  /** `keys.json` of `huisbrug party keys`, a JWK or PEM. */
  keyFile?: string
  kid?: string
  /** `encryption-keys.json` of `huisbrug party keys --encryption`. */
  encryptionKeysFile?: string
  logKey?: string | string[]
  tokenUrl?: string
  dpop?: boolean
  protocol?: string
  dataDir?: string
}

/** Adds the options that tell whose command this is: `--profile`, `--url`, `--party`, `--key`, `--kid`. */
export function withPartner(command: Command): Command {
  return command
    .option('--profile <file>', `settings of the party (default: ${PROFILE_FILE})`)
    .option('--url <url>', 'the gateway (default: HUISBRUG_GATEWAY_URL, or the profile)')
    .option('--party <id>', 'who you are (default: HUISBRUG_PARTY, or the profile)')
    .option('--key <file>', 'your private key, PEM (PKCS8) or JWK (HUISBRUG_PRIVATE_KEY_FILE)')
    .option('--kid <kid>', 'the kid of that key, where the file does not say')
}

/**
 * Whose command this is: an option counts first, then the environment, then the settings file. No
 * database and no secret of the gateway is asked for.
 * @throws ProfileError naming what is missing or wrong, and where to say it
 */
export async function readPartner(options: PartnerOptions): Promise<PartnerProfile> {
  const env = readPartnerSettings()
  const { file, folder } = readProfileFile(options.profile ?? env.profile)
  const keyFile = options.key ?? env.keyFile ?? inFolder(folder, file.keyFile)
  const { gateway, party } = {
    gateway: options.url ?? env.gateway ?? file.gateway,
    party: options.party ?? env.party ?? file.party,
  }
  assertUrl(need(gateway, 'gateway', '--url', 'HUISBRUG_GATEWAY_URL'))
  need(party, 'party', '--party', 'HUISBRUG_PARTY')
  need(keyFile, 'keyFile', '--key', 'HUISBRUG_PRIVATE_KEY_FILE')
  return {
    gateway: String(gateway).replace(/\/+$/, ''),
    party: String(party),
    privateKey: await readPrivateKey(String(keyFile), options.kid ?? file.kid),
    encryptionKeys: readEncryptionKeys(inFolder(folder, file.encryptionKeysFile)),
    logKeys: [file.logKey ?? []].flat(),
    tokenUrl: file.tokenUrl,
    dpop: file.dpop ?? false,
    protocol: file.protocol,
    dataDir: resolve(folder, file.dataDir ?? 'huisbrug-data'),
  }
}

/** The kit's client of a profile. */
export function partnerClient(
  profile: PartnerProfile,
  retry: NonNullable<ClientOptions['retry']> = {},
): HuisbrugClient {
  const { gateway, party: partyId, privateKey, encryptionKeys, tokenUrl, dpop } = profile
  const common = { gateway, partyId, privateKey, encryptionKeys, dpop, retry }
  return createClient({ ...common, ...(tokenUrl !== undefined && { tokenUrl }) })
}

/** The pinned keys of the audit log. @throws ProfileError where there is none */
export function logKeysOf(
  { logKeys }: PartnerProfile,
  given?: readonly string[],
): readonly string[] {
  const keys = given ?? logKeys
  if (keys.length > 0) return keys
  throw new ProfileError(
    'no logKey: ask the operator for the line that `huisbrug audit key` prints, and write it in the profile',
  )
}

const KINDS: Readonly<Record<keyof ProfileFile, readonly string[]>> = {
  gateway: ['string'],
  party: ['string'],
  keyFile: ['string'],
  kid: ['string'],
  encryptionKeysFile: ['string'],
  logKey: ['string', 'strings'],
  tokenUrl: ['string'],
  dpop: ['boolean'],
  protocol: ['string'],
  dataDir: ['string'],
}

function readProfileFile(named: string | undefined): { file: ProfileFile; folder: string } {
  const path = resolve(named ?? PROFILE_FILE)
  const folder = dirname(path)
  if (named === undefined && !existsSync(path)) return { file: {}, folder }
  const file = readJson(path)
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    throw new ProfileError(`${path} must hold one JSON object`)
  for (const [name, value] of Object.entries(file)) assertMember(path, name, value)
  return { file, folder }
}

function assertMember(path: string, name: string, value: unknown): void {
  const kinds = Object.entries(KINDS).find(([known]) => known === name)?.[1]
  if (!kinds)
    throw new ProfileError(`${path}: no setting "${name}"; there are: ${Object.keys(KINDS)}`)
  const isStrings = Array.isArray(value) && value.every(it => typeof it === 'string')
  const kind = isStrings ? 'strings' : typeof value
  if (!kinds.includes(kind) || value === '')
    throw new ProfileError(`${path}: ${name} must be ${kinds.join(' or ')}`)
}

function readEncryptionKeys(file: string | undefined): DecryptionKeys {
  if (file === undefined) return []
  const { keys } = Object(readJson(file)) as { keys?: JWK[] }
  if (Array.isArray(keys)) return keys
  throw new ProfileError(`${file} must hold a JWK set: make it with party keys --encryption`)
}

async function readPrivateKey(file: string, kid: string | undefined): Promise<JWK> {
  const { key, kid: named } = await readSigningKey(file, kid).catch((error: Error) => {
    throw new ProfileError(error.message)
  })
  return { ...(key.export({ format: 'jwk' }) as JWK), kid: named }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new ProfileError(`${file} cannot be read, or is not JSON`)
  }
}

function inFolder(folder: string, file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(folder, file)
}

function need(value: string | undefined, name: string, option: string, setting: string): string {
  if (value !== undefined) return value
  throw new ProfileError(
    `no ${name}: give ${option}, set ${setting}, or write it in ${PROFILE_FILE} ` +
      '(huisbrug partner init makes one)',
  )
}

function assertUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash
  if (!isPlain || url.username !== '')
    throw new ProfileError('the gateway must be an address such as https://gateway.example')
}
