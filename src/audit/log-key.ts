import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import type { Queryable } from '../db/pool.ts'
import type { KeyStore } from '../keys/key-store.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { type NoteSigner, noteSigner, signNote, verifierKeyOf } from './note.ts'

const LOG_KEY = 'sign:log'

/** A key that signs checkpoints, here or elsewhere. */
export interface LogSigner extends Omit<NoteSigner, 'sign'> {
  sign(text: string): Buffer | Promise<Buffer>
}

/**
 * Number of the log that the database holds: 1, and one more each time a person accepted an older database
 * or another key (`huisbrug audit recover`).
 */
export async function readLogNumber(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ number: number }>(
    'SELECT coalesce(max(number), 1) AS number FROM audit_recovery',
  )
  return rows[0]!.number
}

/** Origin of a log by its number: that of the settings, and with `/<number>` from the second on. */
export function originOf(origin: string, number: number): string {
  return number === 1 ? origin : `${origin}/${number}`
}

/** The number of the log with this name, or undefined where it is of another origin. */
export function numberOf(origin: string, name: string): number | undefined {
  if (name === origin) return 1
  const rest = name.startsWith(`${origin}/`) ? name.slice(origin.length + 1) : ''
  return /^([2-9]|[1-9]\d{1,8})$/.test(rest) ? Number(rest) : undefined
}

/**
 * The key in the database that signs checkpoints, made at first use; its name is the origin of the log as
 * it is numbered now.
 */
export async function loadLogSigner(keys: KeyStore, origin: string): Promise<NoteSigner> {
  return localSigner(keys, originOf(origin, await readLogNumber(keys.db)))
}

/** The key that signs checkpoints, wherever it is. */
export async function openLogSigner(keys: KeyStore, origin: string): Promise<LogSigner> {
  const { log } = keys.keyring
  if (!log) return loadLogSigner(keys, origin)
  const name = originOf(origin, await readLogNumber(keys.db))
  return { ...verifierKeyOf(name, await log.publicKey()), name, sign: text => log.sign(text) }
}

/** The text to publish, with which anyone can verify the log's checkpoints. */
export async function loadLogVerifierKey(keys: KeyStore, origin: string): Promise<string> {
  return (await openLogSigner(keys, origin)).verifierKey
}

/**
 * The verifier keys of the log as it is numbered now and of those before, of which it holds the beginning:
 * the present one first.
 */
export async function loadLogVerifierKeys(keys: KeyStore, origin: string): Promise<string[]> {
  const number = await readLogNumber(keys.db)
  const own = await publicKeys(keys)
  const numbers = Array.from({ length: number }, (_, before) => number - before)
  return numbers.flatMap(n => own.map(key => verifierKeyOf(originOf(origin, n), key).verifierKey))
}

/** Public keys (32 bytes) that this installation signed with, the present one first. */
export async function publicKeys(keys: KeyStore): Promise<Buffer[]> {
  const { log } = keys.keyring
  // Without a command the key is made here; with one there is one here only from before.
  const here = !log || (await keys.find(LOG_KEY)) ? await localSigner(keys, 'any') : undefined
  const local = here ? [publicKeyOf(here.verifierKey)] : []
  return log ? [await log.publicKey(), ...local] : local
}

/** Signs a checkpoint; the signer's name is its origin. */
export async function signLogCheckpoint(
  signer: LogSigner,
  size: number,
  root: Buffer,
): Promise<string> {
  const text = formatCheckpoint({ origin: signer.name, size, root })
  const signature = await signer.sign(text)
  return signNote(text, [{ ...signer, sign: () => signature }])
}

async function localSigner(keys: KeyStore, name: string): Promise<NoteSigner> {
  const der = await keys.secret(LOG_KEY, generatePrivateKey)
  return noteSigner(name, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
}

// A verifier key ends in base64 of the kind of key, one byte, and the key.
function publicKeyOf(verifierKey: string): Buffer {
  const [, , ...encoded] = verifierKey.split('+')
  return Buffer.from(encoded.join('+'), 'base64').subarray(1)
}

function generatePrivateKey(): Buffer {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' })
}
