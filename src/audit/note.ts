import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { AuditError } from './errors.ts'

const ED25519 = 0x01
const KEY_BYTES = 32
const KEY_ID_BYTES = 4
const SIGNATURE_BYTES = 64
const MAX_NOTE_CHARACTERS = 1_000_000
const MAX_SIGNATURES = 100
// An SPKI Ed25519 key is this, and then the 32 bytes (RFC 8410).
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const KEY_NAME = /^[^\s+\p{Cc}]+$/u
const SIGNATURE_LINE = /^— ([^\s+\p{Cc}]+) ([A-Za-z0-9+/]+={0,2})$/u
const VERIFIER_KEY = /^([^\s+\p{Cc}]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u

/** A key that signs notes. */
export interface NoteSigner {
  name: string
  /** 4 bytes. */
  keyId: Buffer
  /** The public side as text: `<name>+<keyId hex>+<base64(0x01 || publicKey)>`. */
  verifierKey: string
  sign(text: string): Buffer
}

/** A key that is trusted to verify notes. */
export interface NoteVerifier {
  name: string
  keyId: Buffer
  verify(text: string, signature: Uint8Array): boolean
}

/** One signature line. `signature` is without the key id. */
export interface NoteSignature {
  name: string
  keyId: Buffer
  signature: Buffer
}

/** A note of which at least one signature by a trusted key was verified. */
export interface OpenNote {
  /** The signed text with its final newline. */
  text: string
  verified: NoteSignature[]
  /** By unknown keys, so not looked at. */
  unverified: NoteSignature[]
}

/** Key id of an Ed25519 note key: SHA-256(name || 0x0A || 0x01 || publicKey), first 4 bytes. */
export function noteKeyId(name: string, publicKey: Uint8Array): Buffer {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey])
  return hash('sha256', input, 'buffer').subarray(0, KEY_ID_BYTES)
}

/**
 * A signer from an Ed25519 private key.
 * @throws AuditError `note-key-malformed` for another kind of key or a name with a space or plus
 */
export function noteSigner(name: string, privateKey: KeyObject): NoteSigner {
  if (!KEY_NAME.test(name) || privateKey.asymmetricKeyType !== 'ed25519')
    throw new AuditError('note-key-malformed', 'a note is signed by a named Ed25519 key')
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const publicKey = spki.subarray(-KEY_BYTES)
  const { keyId, verifierKey } = verifierKeyOf(name, publicKey)
  return { name, keyId, verifierKey, sign: text => sign(null, Buffer.from(text), privateKey) }
}

/** Key id and verifier key of an Ed25519 public key (32 bytes) under a name. */
export function verifierKeyOf(
  name: string,
  publicKey: Uint8Array,
): Pick<NoteSigner, 'keyId' | 'verifierKey'> {
  const keyId = noteKeyId(name, publicKey)
  const encoded = Buffer.concat([Buffer.of(ED25519), publicKey]).toString('base64')
  return { keyId, verifierKey: `${name}+${keyId.toString('hex')}+${encoded}` }
}

/**
 * A verifier from the text of a verifier key.
 * @throws AuditError `note-key-malformed`, also where the key id is not that of the key
 */
export function noteVerifier(verifierKey: string): NoteVerifier {
  const match = VERIFIER_KEY.exec(verifierKey)
  const material = decodeBase64(match?.[3])
  if (!match || material?.length !== 1 + KEY_BYTES || material[0] !== ED25519) throw badKey()
  const name = match[1]!
  const keyId = noteKeyId(name, material.subarray(1))
  if (keyId.toString('hex') !== match[2]) throw badKey()
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, material.subarray(1)]),
    format: 'der',
    type: 'spki',
  })
  return {
    name,
    keyId,
    verify: (text, signature) =>
      signature.length === SIGNATURE_BYTES && verify(null, Buffer.from(text), key, signature),
  }
}

/**
 * Signs a text (C2SP signed-note).
 * @throws AuditError `note-malformed` for a text that does not end in a newline or holds control
 *   characters
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  assertText(text)
  const lines = signers.map(signer => {
    const blob = Buffer.concat([signer.keyId, signer.sign(text)])
    return `— ${signer.name} ${blob.toString('base64')}\n`
  })
  return `${text}\n${lines.join('')}`
}

/**
 * Opens a note with the keys that are trusted. Signatures by other keys are ignored, repeats by the
 * same key dropped. `note` is untrusted.
 * @throws AuditError `note-malformed`, `note-bad-signature` where one by a trusted key is wrong,
 *   `note-unverified` where there is none by a trusted key
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): OpenNote {
  const { text, signatures } = splitNote(note)
  const opened: OpenNote = { text, verified: [], unverified: [] }
  const seen = new Set<NoteVerifier>()
  for (const signature of signatures) {
    const verifier = verifiers.find(key => isBy(signature, key))
    if (!verifier) {
      opened.unverified.push(signature)
    } else if (!seen.has(verifier)) {
      seen.add(verifier)
      if (!verifier.verify(text, signature.signature))
        throw new AuditError('note-bad-signature', `the signature of ${verifier.name} is wrong`)
      opened.verified.push(signature)
    }
  }
  if (opened.verified.length === 0)
    throw new AuditError('note-unverified', 'the note has no signature by a known key')
  return opened
}

/**
 * Takes a note apart without trusting it.
 * @throws AuditError `note-malformed`
 */
export function splitNote(note: string): { text: string; signatures: NoteSignature[] } {
  if (note.length > MAX_NOTE_CHARACTERS) throw malformed()
  const split = note.lastIndexOf('\n\n')
  if (split < 0 || !note.endsWith('\n')) throw malformed()
  const text = note.slice(0, split + 1)
  assertText(text)
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) throw malformed()
  return { text, signatures: lines.map(parseSignature) }
}

function parseSignature(line: string): NoteSignature {
  const match = SIGNATURE_LINE.exec(line)
  const blob = decodeBase64(match?.[2])
  if (!match || !blob || blob.length <= KEY_ID_BYTES) throw malformed()
  return {
    name: match[1]!,
    keyId: blob.subarray(0, KEY_ID_BYTES),
    signature: blob.subarray(KEY_ID_BYTES),
  }
}

/** Canonical base64 only, so that a note has one form; undefined for anything else. */
export function decodeBase64(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

function isBy(signature: NoteSignature, key: NoteVerifier): boolean {
  return key.name === signature.name && key.keyId.equals(signature.keyId)
}

function assertText(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the specification forbids them
  if (!text.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f]/.test(text) || !text.isWellFormed())
    throw malformed()
}

function malformed(): AuditError {
  return new AuditError('note-malformed', 'this is not a signed note')
}

function badKey(): AuditError {
  return new AuditError('note-key-malformed', 'this is not an Ed25519 verifier key')
}
