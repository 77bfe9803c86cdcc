import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import type { KeyStore } from '../keys/key-store.ts'
import { type NoteSigner, noteSigner } from './note.ts'

const LOG_KEY = 'sign:log'

/** The key that signs checkpoints, made at first use; `origin` is its name and the log's. */
export async function loadLogSigner(keys: KeyStore, origin: string): Promise<NoteSigner> {
  const der = await keys.secret(LOG_KEY, generatePrivateKey)
  return noteSigner(origin, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
}

/** The text to publish, with which anyone can verify the log's checkpoints. */
export async function loadLogVerifierKey(keys: KeyStore, origin: string): Promise<string> {
  return (await loadLogSigner(keys, origin)).verifierKey
}

function generatePrivateKey(): Buffer {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' })
}
