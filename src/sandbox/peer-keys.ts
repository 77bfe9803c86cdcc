import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JWK } from 'jose'
import type { DecryptionKeys } from '../client/envelope.ts'
import { generateEncryptionKeyPair, generateKeyPair, type KeyPair, toJwks } from '../client/keys.ts'

/** The keys of a sandbox peer, and the files that hold them. */
export interface PeerKeys extends KeyPair {
  /** The public ones, for `huisbrug party add --jwks`. */
  jwksFile: string
  /** The pair, for `huisbrug protocol sign --key`. */
  keysFile: string
  /** Private, to open envelopes with. */
  encryptionKeys: DecryptionKeys
}

/** Reads a peer's keys from its own folder, or makes them at the first start (mode 600). */
export async function loadPeerKeys(folder: string): Promise<PeerKeys> {
  const file = join(folder, 'keys.json')
  const encryptionFile = join(folder, 'encryption-keys.json')
  const jwksFile = join(folder, 'jwks.json')
  if (!existsSync(file)) writeWhole(file, await generateKeyPair())
  const pair = JSON.parse(readFileSync(file, 'utf8')) as KeyPair
  let encryptionKeys = readWhole<{ keys: JWK[] }>(encryptionFile)?.keys ?? []
  if (encryptionKeys.length === 0 || !existsSync(jwksFile)) {
    const encryption = await generateEncryptionKeyPair()
    encryptionKeys = [encryption.privateKey, ...encryptionKeys]
    // The private one first: what is handed over can be opened.
    writeWhole(encryptionFile, { keys: encryptionKeys })
    writeWhole(jwksFile, toJwks(pair, encryption))
  }
  return { ...pair, jwksFile, keysFile: file, encryptionKeys }
}

/** Writes a JSON file, mode 600, so that a kill leaves the old one or the new one. */
export function writeWhole(file: string, content: unknown): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, {
    mode: 0o600,
    flush: true,
  })
  renameSync(`${file}.new`, file)
}

/** Reads a JSON file that `writeWhole` wrote; undefined where there is none. */
export function readWhole<T>(file: string): T | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined
}
