import { createHash, generateKeyPairSync } from 'node:crypto'
import { type NoteSigner, noteSigner } from '../../src/audit/note.ts'
import { sequenceOnce } from '../../src/audit/sequencer.ts'
import type { EntryDraft } from '../../src/audit/types.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { testDatabase } from '../support/database.ts'

export const ORIGIN = 'huisbrug.example/test-log'

export const TEST_MASTER_KEY = Buffer.alloc(32, 7)

/** A log in a database of its own. */
export async function testLog(options: { max?: number } = {}) {
  const db = await testDatabase(options)
  const keys = new KeyStore(db.pool, TEST_MASTER_KEY)
  const config = { logOrigin: ORIGIN }
  const parts = { pool: db.pool, keys, config, clock: () => new Date('2026-11-21T09:00:00Z') }
  return { ...db, keys, config, parts, sequence: () => sequenceOnce(parts) }
}
export type TestLog = Awaited<ReturnType<typeof testLog>>

const ULID_TAIL = '01KAJ5J7WQ7Z3M8T5V9XK2'

/** A message id that is valid and tells its number. */
export function messageId(n: number): string {
  return `msg_${ULID_TAIL}${String(n).padStart(4, '0')}`
}

/** The draft of an accepted request; synthetic throughout. */
export function acceptedDraft(n = 0, more: Partial<EntryDraft> = {}): EntryDraft {
  return {
    action: 'message.accepted',
    at: new Date(Date.UTC(2026, 10, 21, 9, 0, n)),
    actor: { role: 'housing-company', party: 'woonboog', client: 'woonboog' },
    message: { id: messageId(n), type: 'detection.request' },
    protocol: {
      id: 'wm-vdab',
      version: '1.0.0',
      digest: sha256(Buffer.of(1)).toString('base64url'),
    },
    purpose: 'detection',
    fields: ['insz', 'tenantGround', 'tenantRef'],
    counts: { accepted: 900, refused: n },
    recipient: 'vdab',
    decision: 'allowed',
    rule: 'art. 3',
    ...more,
  }
}

export function drafts(count: number, from = 0): EntryDraft[] {
  return Array.from({ length: count }, (_, i) => acceptedDraft(from + i))
}

export function testSigner(name = ORIGIN): NoteSigner {
  return noteSigner(name, generateKeyPairSync('ed25519').privateKey)
}

export function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The definition of RFC 6962, 2.1, word for word: slow, and independent of the code under test. */
export function naiveRoot(entries: Uint8Array[]): Buffer {
  if (entries.length === 0) return sha256()
  if (entries.length === 1) return sha256(Buffer.of(0), entries[0]!)
  const k = naiveSplit(entries.length)
  return sha256(Buffer.of(1), naiveRoot(entries.slice(0, k)), naiveRoot(entries.slice(k)))
}

/** PATH(m, D[n]) of RFC 6962, 2.1.1. */
export function naivePath(m: number, entries: Uint8Array[]): Buffer[] {
  if (entries.length <= 1) return []
  const k = naiveSplit(entries.length)
  const left = entries.slice(0, k)
  const right = entries.slice(k)
  return m < k
    ? [...naivePath(m, left), naiveRoot(right)]
    : [...naivePath(m - k, right), naiveRoot(left)]
}

/** PROOF(m, D[n]) of RFC 6962, 2.1.2. */
export function naiveProof(m: number, entries: Uint8Array[], complete = true): Buffer[] {
  if (m === entries.length) return complete ? [] : [naiveRoot(entries)]
  const k = naiveSplit(entries.length)
  const left = entries.slice(0, k)
  const right = entries.slice(k)
  return m <= k
    ? [...naiveProof(m, left, complete), naiveRoot(right)]
    : [...naiveProof(m - k, right, false), naiveRoot(left)]
}

function naiveSplit(n: number): number {
  return 2 ** (Math.ceil(Math.log2(n)) - 1)
}
