import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, foreignEnvironment, type KeySource } from '../config.ts'
import type { Logger } from '../log.ts'
import { CommandKey } from './command-key.ts'
import { type KeyProvider, type Keyring, LocalKey } from './provider.ts'
import { SigningCommand } from './signing-command.ts'

/**
 * The key-encryption keys of this process: from HUISBRUG_MASTER_KEY, HUISBRUG_MASTER_KEY_FILE or
 * HUISBRUG_KEY_COMMAND, or generated once in the data folder (mode 600, with a warning); the next one
 * from the same settings with NEW_.
 * @throws Error where a key is no 32 bytes in base64url, or two places are named; KeyProviderError
 *   where a command does not answer
 */
export async function loadKeyring(config: Config, log: Logger): Promise<Keyring> {
  const given = await loadKey(config, config.masterKey, 'HUISBRUG_')
  const current = given ?? new LocalKey(generatedKey(config, log))
  const next = await loadKey(config, config.newMasterKey, 'HUISBRUG_NEW_')
  // The same key twice: what is left of a change that is over.
  const other = next && next.id !== current.id ? { next } : {}
  return { current, ...other, ...loadLogKey(config) }
}

// Asked when something is to be signed: what needs no signature goes on without it.
function loadLogKey({
  logKeyCommand: argv,
  keyTimeoutMs: timeoutMs,
}: Config): Pick<Keyring, 'log'> {
  if (!argv) return {}
  return { log: new SigningCommand({ argv, env: foreignEnvironment(), timeoutMs }) }
}

async function loadKey(
  { keyTimeoutMs, keyRememberMs }: Config,
  { key, file, command }: KeySource,
  prefix: string,
): Promise<KeyProvider | undefined> {
  if (command && (key || file)) {
    throw new Error(`give ${prefix}KEY_COMMAND or a key (${prefix}MASTER_KEY, _FILE), not both`)
  }
  if (key) return new LocalKey(decodeKey(key, `${prefix}MASTER_KEY`))
  if (file) return new LocalKey(readKeyFile(file))
  if (!command) return undefined
  return CommandKey.open({
    argv: command,
    env: foreignEnvironment(),
    timeoutMs: keyTimeoutMs,
    rememberMs: keyRememberMs,
  })
}

function generatedKey(config: Config, log: Logger): Buffer {
  const file = join(config.dataDir, 'master.key')
  if (!existsSync(file)) {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
    log.warn('a master key was generated in the data folder; keep a copy apart from the database')
  }
  return readKeyFile(file)
}

function readKeyFile(file: string): Buffer {
  return decodeKey(readFileSync(file, 'utf8').trim(), 'the master key file')
}

function decodeKey(text: string, origin: string): Buffer {
  const key = Buffer.from(text, 'base64url')
  if (key.length !== 32) throw new Error(`${origin} must hold 32 bytes in base64url`)
  return key
}
