import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { AuditError } from './errors.ts'
import { HASH_BYTES, leafHash } from './merkle.ts'
import { assertIncluded } from './merkle-proof.ts'
import { decodeBase64, type NoteVerifier } from './note.ts'

const FIRST_LINE = 'c2sp.org/tlog-proof@v1'

/** A proof that an entry is in the log. */
export interface InclusionProof {
  index: number
  /** Leaf's sibling first. */
  hashes: Buffer[]
  /** The checkpoint as published. */
  checkpoint: string
  /** Opaque, not covered by any signature. */
  extra?: Buffer
}

/** The text of a `.tlog-proof` file (C2SP tlog-proof@v1). */
export function formatProof({ index, hashes, checkpoint, extra }: InclusionProof): string {
  const lines = [
    FIRST_LINE,
    ...(extra ? [`extra ${extra.toString('base64')}`] : []),
    `index ${index}`,
  ]
  for (const hash of hashes) lines.push(hash.toString('base64'))
  return `${lines.join('\n')}\n\n${checkpoint}`
}

/**
 * Reads a `.tlog-proof` file. `text` is untrusted.
 * @throws AuditError `proof-malformed`
 */
export function parseProof(text: string): InclusionProof {
  const split = text.indexOf('\n\n')
  if (split < 0) throw bad()
  const [first, ...lines] = text.slice(0, split).split('\n')
  const extra = lines[0]?.startsWith('extra ') ? decodeBase64(lines.shift()!.slice(6)) : null
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1]
  const hashes = lines.map(decodeHash)
  if (first !== FIRST_LINE || extra === undefined || index === undefined || hashes.length > 63)
    throw bad()
  return {
    index: Number(index),
    hashes,
    checkpoint: text.slice(split + 2),
    ...(extra && { extra }),
  }
}

/**
 * Checks offline that the entry is in the log, and returns the checkpoint that says so.
 * `text` and `entry` are untrusted.
 * @throws AuditError `proof-malformed`, `proof-wrong` or those of openCheckpoint
 */
export function verifyProof(
  text: string,
  entry: Uint8Array,
  ...verifiers: NoteVerifier[]
): Checkpoint {
  const { index, hashes, checkpoint } = parseProof(text)
  const { origin, size, root } = openCheckpoint(checkpoint, ...verifiers)
  assertIncluded({ leaf: leafHash(entry), index, size, proof: hashes, root })
  return { origin, size, root }
}

function decodeHash(line: string): Buffer {
  const hash = decodeBase64(line)
  if (hash?.length !== HASH_BYTES) throw bad()
  return hash
}

function bad(): AuditError {
  return new AuditError('proof-malformed', 'this is not a tlog-proof')
}
