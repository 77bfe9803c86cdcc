import { flattenedVerify } from 'jose'
import type { Queryable } from '../db/pool.ts'
import type { VerifyingKey } from '../protocol/statement.ts'
import type { EvidenceBundle } from '../schemas.generated.ts'
import { type BundleChecks, insist } from './bundle-report.ts'
import { saltedDigest } from './commitment.ts'
import type { AuditEntry } from './types.ts'

type Held = NonNullable<EvidenceBundle['signature']>

/** What is kept beside the deciding entry of a message: the sender's signature; undefined where it gave none. */
export async function findSignature(db: Queryable, messageId: string): Promise<Held | undefined> {
  const { rows } = await db.query<{ salt: Buffer; details: string }>(
    `SELECT d.salt, d.details FROM audit_entry e JOIN audit_detail d ON d.entry_id = e.entry_id
     WHERE e.message_id = $1 AND e.action IN ('message.accepted', 'message.refused')`,
    [messageId],
  )
  const [row] = rows
  return row && { salt: row.salt.toString('base64url'), details: row.details }
}

/**
 * Checks what a bundle holds of the sender's signature: that it is what the deciding entry commits to, and with
 * the body and the trusted keys of the sender that the sender signed that body.
 * @throws BundleFault
 */
export async function checkSignature(
  checks: BundleChecks,
  held: EvidenceBundle['signature'],
  entry: AuditEntry,
  trust: { parties: ReadonlyMap<string, readonly VerifyingKey[]>; body?: Uint8Array },
): Promise<void> {
  checks.about('signature')
  if (!held) {
    if (entry.details) checks.skipped('what was kept of it was erased, or is not in the bundle')
    return
  }
  const digest = saltedDigest(Buffer.from(held.salt, 'base64url'), held.details)
  const isHeld = digest.toString('base64url') === entry.details
  insist(isHeld, 'what is held of the signature is not what the entry commits to')
  const { jws, header } = readHeld(held.details)
  const sender = entry.actor.party ?? ''
  insist(header['iss'] === sender, 'the signature is of another party than the sender')
  const { kid, alg } = header
  checks.fits(`the entry commits to a signature of ${sender} with key ${String(kid)}`)
  const keys = trust.parties.get(sender)
  if (!keys || !trust.body) {
    const needed = keys ? 'give the body' : `no keys of ${sender} were given`
    checks.skipped(`whether ${sender} signed the body: ${needed}`)
    return
  }
  const known = keys.find(one => one.kid === kid && one.algorithms.includes(String(alg)))
  insist(known !== undefined, `its key is not among those given for ${sender}`)
  const good = await flattenedVerify({ ...jws, payload: trust.body }, known.key).then(
    () => true,
    () => false,
  )
  insist(good, `${sender} did not sign this body with that key`)
  checks.fits(`${sender} signed the body with key ${known.kid}`)
}

function readHeld(details: string) {
  const [encoded = '', , signature = ''] = String(parse(details)['signature']).split('.')
  const header = parse(Buffer.from(encoded, 'base64url').toString('utf8'))
  return { jws: { protected: encoded, signature }, header }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
