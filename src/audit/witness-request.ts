import { AuditError } from './errors.ts'
import { HASH_BYTES } from './merkle.ts'
import { decodeBase64 } from './note.ts'

const MAX_HASHES = 63
const SIZE = /^(0|[1-9]\d{0,15})$/

/** What a log asks of a witness (C2SP tlog-witness, add-checkpoint). */
export interface AddCheckpoint {
  /** The size that the witness is thought to hold. */
  old: number
  /** Consistency proof from there to the checkpoint, 32 bytes each. */
  proof: Buffer[]
  /** The checkpoint as a signed note. */
  note: string
}

/** The body of the request. */
export function formatAddCheckpoint({ old, proof, note }: AddCheckpoint): string {
  const hashes = proof.map(hash => `${hash.toString('base64')}\n`)
  return `old ${old}\n${hashes.join('')}\n${note}`
}

/**
 * Reads the body of the request. `body` is untrusted.
 * @throws AuditError `note-malformed`; the note itself is not looked at
 */
export function parseAddCheckpoint(body: Buffer): AddCheckpoint {
  const text = body.toString('utf8')
  const split = text.indexOf('\n\n')
  if (split < 0 || !Buffer.from(text).equals(body)) throw malformed()
  const [first = '', ...lines] = text.slice(0, split).split('\n')
  const old = first.startsWith('old ') ? parseSize(first.slice(4)) : undefined
  const proof = lines.map(line => decodeBase64(line)).filter(hash => hash?.length === HASH_BYTES)
  if (old === undefined || lines.length > MAX_HASHES || proof.length < lines.length)
    throw malformed()
  return { old, proof: proof as Buffer[], note: text.slice(split + 2) }
}

/** A size in its one decimal form, or undefined. `text` is untrusted. */
export function parseSize(text: string): number | undefined {
  const size = SIZE.test(text) ? Number(text) : undefined
  return Number.isSafeInteger(size) ? size : undefined
}

function malformed(): AuditError {
  return new AuditError('note-malformed', 'this is not a request to a witness')
}
