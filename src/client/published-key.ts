import { AuditError } from '../audit/errors.ts'
import { type NoteVerifier, noteVerifier } from '../audit/note.ts'
import { verifyProof } from '../audit/proof-file.ts'
import { RegisterError } from './register-error.ts'

/** How the audit log publishes a key, as `GET /v1/pseudonyms/domains` gives it. */
export interface KeyPublication {
  /** The bytes of the entry, base64url. */
  entry: string
  /** c2sp.org/tlog-proof@v1 with the signed checkpoint. */
  proof: string
}

/** An item of `GET /v1/pseudonyms/domains`; all of it comes from the gateway and is untrusted. */
export interface PublishedDomain {
  domain: string
  publicKey?: string
  published?: KeyPublication
}

const KEY_RULE = /^public-key ([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/

/**
 * The public key of a domain, or of the subject index, that the audit log publishes: for
 * `prepareRegister` and every other check of an evaluation. A gateway that was tampered with can
 * give another key with good proofs under it, but cannot put it into the log unseen.
 * @param verifierKeys of the log, `<name>+<key id>+<base64>`, as its operator gave it to you, on
 *   paper or by a channel that is not the gateway; several while the log changes its key
 * @returns 32 bytes
 * @throws RegisterError key-not-published (not yet, or not proven: nothing was used),
 *   log-key-malformed
 */
export function publishedKey(
  { domain, publicKey, published }: PublishedDomain,
  verifierKeys: string | readonly string[],
): Buffer {
  const verifiers = [verifierKeys].flat().map(readVerifierKey)
  if (!published) {
    throw new RegisterError(
      'key-not-published',
      `the audit log does not publish a key of ${domain} yet: ask for the domains again in a ` +
        'second; after a minute ask the operator whether a sequencer runs',
    )
  }
  const entry = Buffer.from(published.entry, 'base64url')
  assertProven(domain, entry, published.proof, verifiers)
  const key = keyIn(entry, domain)
  if (publicKey !== undefined && publicKey !== key.toString('base64url')) {
    throw notPublished(domain, 'the gateway names another key than its audit log')
  }
  return key
}

function readVerifierKey(text: string): NoteVerifier {
  try {
    return noteVerifier(text.trim())
  } catch (cause) {
    const message =
      'this is not the verifier key of a log: take the line that `huisbrug audit key` prints'
    throw new RegisterError('log-key-malformed', message, { cause })
  }
}

function assertProven(
  domain: string,
  entry: Buffer,
  proof: string,
  verifiers: NoteVerifier[],
): void {
  try {
    verifyProof(proof, entry, ...verifiers)
  } catch (cause) {
    if (!(cause instanceof AuditError)) throw cause
    throw notPublished(domain, `its proof does not hold (${cause.code})`, cause)
  }
}

function keyIn(bytes: Buffer, domain: string): Buffer {
  const entry = readEntry(bytes)
  const key = KEY_RULE.exec(String(entry['rule']))?.[1]
  const publishes = entry['schema'] === 1 && entry['action'] === 'key.created' && key !== undefined
  if (!publishes) throw notPublished(domain, 'the entry publishes no key')
  if (entry['reason'] !== `domain ${domain}`) {
    throw notPublished(domain, 'the entry publishes the key of another domain')
  }
  return Buffer.from(key, 'base64url')
}

function readEntry(bytes: Buffer): Record<string, unknown> {
  try {
    return Object(JSON.parse(bytes.toString('utf8')))
  } catch {
    return {}
  }
}

function notPublished(domain: string, why: string, cause?: unknown): RegisterError {
  return new RegisterError(
    'key-not-published',
    `the key of ${domain} is not shown to be in the audit log: ${why}. Nothing was used. Stop, keep ` +
      'what you received, and ask the operator and the privacy officer of the gateway',
    { cause },
  )
}
