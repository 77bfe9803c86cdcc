import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { AuditError } from './errors.ts'
import { decodeBase64, type NoteSignature, splitNote } from './note.ts'

// C2SP tlog-cosignature, Ed25519: the type of the key, and what is signed before the checkpoint.
const TYPE = 0x04
const HEADER = 'cosignature/v1'
const KEY_BYTES = 32
const TIME_BYTES = 8
const BLOB_BYTES = TIME_BYTES + 64
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const KEY_NAME = /^[^\s+\p{Cc}]+$/u
const VERIFIER_KEY = /^([^\s+\p{Cc}]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u

/** A key with which a witness cosigns. */
export interface Cosigner {
  name: string
  /** The public side as text: `<name>+<keyId hex>+<base64(0x04 || publicKey)>`. */
  verifierKey: string
  /** The signature line, with its newline, for the text of a checkpoint; `time` in seconds. */
  cosign(text: string, time: number): string
}

/** The key of a witness that is known. */
export interface CosignatureVerifier {
  name: string
  keyId: Buffer
  /** The time in the cosignature in seconds, or undefined where it is wrong. */
  verify(text: string, signature: Buffer): number | undefined
}

/** One cosignature by a known key. */
export interface Cosignature {
  name: string
  /** Unix seconds, by the clock of the witness. */
  time: number
  /** The signature line with its newline. */
  line: string
}

/** Key id of a cosigner: SHA-256(name || 0x0A || 0x04 || publicKey), first 4 bytes. */
export function cosignerKeyId(name: string, publicKey: Uint8Array): Buffer {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(TYPE), publicKey])
  return hash('sha256', input, 'buffer').subarray(0, 4)
}

/** What a cosignature signs: header and time, then the text of the checkpoint. */
export function cosignedMessage(text: string, time: number | bigint): Buffer {
  return Buffer.from(`${HEADER}\ntime ${time}\n${text}`)
}

/**
 * A cosigner from an Ed25519 private key, which must sign nothing else.
 * @throws AuditError `note-key-malformed` for another kind of key or a name with a space or plus
 */
export function cosigner(name: string, privateKey: KeyObject): Cosigner {
  if (!KEY_NAME.test(name) || privateKey.asymmetricKeyType !== 'ed25519')
    throw new AuditError('note-key-malformed', 'a witness signs with a named Ed25519 key')
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const publicKey = spki.subarray(-KEY_BYTES)
  const keyId = cosignerKeyId(name, publicKey)
  const encoded = Buffer.concat([Buffer.of(TYPE), publicKey]).toString('base64')
  return {
    name,
    verifierKey: `${name}+${keyId.toString('hex')}+${encoded}`,
    cosign: (text, time) => {
      const stamp = Buffer.alloc(TIME_BYTES)
      stamp.writeBigUInt64BE(BigInt(time))
      const signature = sign(null, cosignedMessage(text, time), privateKey)
      return lineOf(name, Buffer.concat([keyId, stamp, signature]))
    },
  }
}

/**
 * A verifier from the text of a witness's verifier key.
 * @throws AuditError `note-key-malformed`, also for a key of another type than 0x04
 */
export function cosignatureVerifier(verifierKey: string): CosignatureVerifier {
  const match = VERIFIER_KEY.exec(verifierKey)
  const material = decodeBase64(match?.[3])
  if (!match || material?.length !== 1 + KEY_BYTES || material[0] !== TYPE) throw badKey()
  const name = match[1]!
  const publicKey = material.subarray(1)
  const keyId = cosignerKeyId(name, publicKey)
  if (keyId.toString('hex') !== match[2]) throw badKey()
  const spki = Buffer.concat([SPKI_PREFIX, publicKey])
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  return { name, keyId, verify: (text, signature) => verifyBlob(key, text, signature) }
}

/**
 * The cosignatures by known keys among signature lines, and the known witnesses whose line is wrong:
 * such a line counts for nothing. Lines by other keys are ignored. `lines` is untrusted.
 * @param text the text of the checkpoint that should be cosigned
 * @throws AuditError `note-malformed` where these are no signature lines
 */
export function readCosignatures(
  lines: string,
  text: string,
  known: readonly CosignatureVerifier[],
): { good: Cosignature[]; wrong: string[] } {
  const good = new Map<string, Cosignature>()
  const wrong = new Set<string>()
  for (const signature of splitNote(`${text}\n${lines}`).signatures) {
    const verifier = known.find(key => isBy(signature, key))
    if (!verifier || good.has(verifier.name)) continue
    const time = verifier.verify(text, signature.signature)
    if (time === undefined) wrong.add(verifier.name)
    else good.set(verifier.name, { name: verifier.name, time, line: lineOfSignature(signature) })
  }
  return { good: [...good.values()], wrong: [...wrong].filter(name => !good.has(name)) }
}

/** A note with further signature lines at its end. */
export function appendLines(note: string, lines: readonly string[]): string {
  return note + lines.join('')
}

function verifyBlob(key: KeyObject, text: string, blob: Buffer): number | undefined {
  if (blob.length !== BLOB_BYTES) return undefined
  const time = blob.readBigUInt64BE(0)
  // No time is no cosignature of a whole tree; beyond this no date can be made of it.
  if (time === 0n || time > 253_402_300_799n) return undefined
  const message = cosignedMessage(text, time)
  return verify(null, message, key, blob.subarray(TIME_BYTES)) ? Number(time) : undefined
}

function lineOfSignature({ name, keyId, signature }: NoteSignature): string {
  return lineOf(name, Buffer.concat([keyId, signature]))
}

function lineOf(name: string, blob: Buffer): string {
  return `— ${name} ${blob.toString('base64')}\n`
}

function isBy(signature: NoteSignature, key: CosignatureVerifier): boolean {
  return key.name === signature.name && key.keyId.equals(signature.keyId)
}

function badKey(): AuditError {
  return new AuditError('note-key-malformed', 'this is not the verifier key of a witness')
}
