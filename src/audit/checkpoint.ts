import { AuditError } from './errors.ts'
import { HASH_BYTES } from './merkle.ts'
import { decodeBase64, type NoteSigner, type NoteVerifier, openNote, signNote } from './note.ts'

/** What a log says of itself: the root (32 bytes) of its first `size` entries. */
export interface Checkpoint {
  origin: string
  size: number
  root: Buffer
}

/** The text that is signed (C2SP tlog-checkpoint): origin, size and root, a line each. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`
}

/**
 * Reads the text of a checkpoint; extension lines are allowed and ignored. `text` is untrusted.
 * @throws AuditError `checkpoint-malformed`
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, encoded, ...rest] = text.split('\n')
  const root = decodeBase64(encoded)
  const extensions = rest.slice(0, -1)
  if (!origin || !size || !/^(0|[1-9]\d{0,15})$/.test(size) || root?.length !== HASH_BYTES)
    throw bad()
  if (rest.at(-1) !== '' || extensions.includes('')) throw bad()
  if (!Number.isSafeInteger(Number(size))) throw bad()
  return { origin, size: Number(size), root }
}

/** Signs a checkpoint; the signer's name is its origin. */
export function signCheckpoint(signer: NoteSigner, size: number, root: Buffer): string {
  return signNote(formatCheckpoint({ origin: signer.name, size, root }), [signer])
}

/**
 * The checkpoint in a note that is signed by the log itself. `note` is untrusted.
 * @param verifiers the log's key; several where it has another one from some time on
 * @throws AuditError `note-malformed`, `note-bad-signature`, `note-unverified`,
 *   `checkpoint-malformed`, also where the origin is not the name of the key
 */
export function openCheckpoint(note: string, ...verifiers: NoteVerifier[]): Checkpoint {
  const { text, verified } = openNote(note, verifiers)
  const checkpoint = parseCheckpoint(text)
  if (!verified.some(({ name }) => name === checkpoint.origin)) throw bad()
  return checkpoint
}

function bad(): AuditError {
  return new AuditError('checkpoint-malformed', 'this is not a checkpoint of this log')
}
