import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { Logger } from '../log.ts'

/**
 * The key-encryption key, 32 bytes: from HUISBRUG_MASTER_KEY, from HUISBRUG_MASTER_KEY_FILE, or
 * generated once in the data folder (mode 600, with a warning).
 * @throws Error where the file does not hold 32 bytes in base64url
 */
export function loadMasterKey(config: Config, log: Logger): Buffer {
  if (config.masterKey) return decodeKey(config.masterKey, 'HUISBRUG_MASTER_KEY')
  if (config.masterKeyFile) return readKeyFile(config.masterKeyFile)
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
