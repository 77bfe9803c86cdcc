import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { type Checkpoint, parseCheckpoint } from '../audit/checkpoint.ts'
import { type Cosigner, cosigner } from '../audit/cosignature.ts'
import { AuditError } from '../audit/errors.ts'
import { EMPTY_ROOT } from '../audit/merkle.ts'
import { assertConsistent } from '../audit/merkle-proof.ts'
import { type NoteVerifier, openNote, splitNote } from '../audit/note.ts'
import { type AddCheckpoint, parseAddCheckpoint } from '../audit/witness-request.ts'
import { inTransaction, type Pool, type Tx } from '../db/pool.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { Logger } from '../log.ts'

const WITNESS_KEY = 'sign:witness'

/** What a witness says of a checkpoint; by the statuses of C2SP tlog-witness. */
export type Verdict =
  | { status: 200; lines: string }
  | { status: 400 | 403 | 404 | 422 }
  /** It holds another size than the log thought, or, without a size, another root for this one. */
  | { status: 409; size?: number }

/** What being a witness needs. */
export interface WitnessParts {
  pool: Pool
  keys: KeyStore
  /** The logs that are known, by origin, with their keys. */
  logs: ReadonlyMap<string, readonly NoteVerifier[]>
  /** The name of the witness's own key. */
  name: string
  log: Pick<Logger, 'error'>
  clock: () => Date
}

/** Name of the key of the witness that a gateway is, after the origin of its own log. */
export function witnessName(logOrigin: string): string {
  return `${logOrigin}/witness`
}

/** The key that cosigns, made at first use; it signs nothing else. */
export async function loadWitnessKey(keys: KeyStore, name: string): Promise<Cosigner> {
  const der = await keys.secret(WITNESS_KEY, generatePrivateKey)
  return cosigner(name, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
}

/** Makes another key, for a witness whose database went back: what it cosigned before is another's. */
export async function renewWitnessKey(keys: KeyStore): Promise<void> {
  await keys.put(WITNESS_KEY, generatePrivateKey())
}

/**
 * A request to cosign a checkpoint of another log (C2SP tlog-witness, add-checkpoint): it is cosigned only
 * where it grows from the last one that was, which is locked meanwhile and replaced before the answer goes.
 * `body` is untrusted.
 */
export async function addCheckpoint(parts: WitnessParts, body: Buffer): Promise<Verdict> {
  const asked = readRequest(body)
  if (!asked) return { status: 400 }
  const { request, checkpoint } = asked
  const keys = parts.logs.get(checkpoint.origin)
  if (!keys) return { status: 404 }
  if (!isSigned(request.note, keys)) return { status: 403 }
  if (request.old > checkpoint.size) return { status: 400 }
  const signer = await loadWitnessKey(parts.keys, parts.name)
  return inTransaction(parts.pool, async tx => {
    const at = parts.clock()
    const held = await lockState(tx, checkpoint.origin, at)
    const refused = judge(held, checkpoint, request)
    if (refused) {
      tellFork(parts, refused, held, asked)
      return refused
    }
    await keepState(tx, checkpoint, request.note, at)
    // Signed while nobody else can go on: the time says that this is the largest that was seen then.
    const { text } = splitNote(request.note)
    return { status: 200, lines: signer.cosign(text, Math.floor(at.getTime() / 1000)) }
  })
}

interface Asked {
  request: AddCheckpoint
  checkpoint: Checkpoint
}

function readRequest(body: Buffer): Asked | undefined {
  try {
    const request = parseAddCheckpoint(body)
    return { request, checkpoint: parseCheckpoint(splitNote(request.note).text) }
  } catch (error) {
    if (error instanceof AuditError) return undefined
    throw error
  }
}

function isSigned(note: string, keys: readonly NoteVerifier[]): boolean {
  try {
    return openNote(note, keys).verified.length > 0
  } catch (error) {
    if (error instanceof AuditError) return false
    throw error
  }
}

type Held = Pick<Checkpoint, 'size' | 'root'>

/** Why a checkpoint is not cosigned, or undefined where it is. */
function judge(held: Held, { size, root }: Checkpoint, request: AddCheckpoint) {
  const { old, proof } = request
  if (old !== held.size) return { status: 409, size: held.size } as const
  if (size === held.size && !root.equals(held.root)) return { status: 409 } as const
  try {
    assertConsistent({ from: old, fromRoot: held.root, to: size, toRoot: root, proof })
    return undefined
  } catch {
    return { status: 422 } as const
  }
}

/** Two signed histories of one log are evidence against it: kept in the process's log, whole. */
function tellFork(
  { log }: WitnessParts,
  { status, size }: Refused,
  held: Held,
  asked: Asked,
): void {
  if (size !== undefined) return
  const { origin } = asked.checkpoint
  const showed = { origin, held: held.size, root: held.root.toString('base64') }
  log.error('a log showed what does not grow from what was cosigned', {
    ...showed,
    status,
    note: asked.request.note,
  })
}

interface Refused {
  status: 409 | 422
  size?: number
}

async function lockState(tx: Tx, origin: string, at: Date): Promise<Held> {
  await tx.query(
    `INSERT INTO witness_state (origin, size, root, at) VALUES ($1, 0, $2, $3)
     ON CONFLICT DO NOTHING`,
    [origin, EMPTY_ROOT, at],
  )
  const { rows } = await tx.query<Held>(
    'SELECT size, root FROM witness_state WHERE origin = $1 FOR UPDATE',
    [origin],
  )
  return rows[0]!
}

async function keepState(tx: Tx, checkpoint: Checkpoint, note: string, at: Date): Promise<void> {
  const { origin, size, root } = checkpoint
  await tx.query(
    'UPDATE witness_state SET size = $2, root = $3, note = $4, at = $5 WHERE origin = $1',
    [origin, size, root, note, at],
  )
}

function generatePrivateKey(): Buffer {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' })
}
