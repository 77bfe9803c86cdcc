import type { Context } from '../context.ts'
import type { Queryable } from '../db/pool.ts'
import type { ErrorCode } from '../errors.ts'
import type { ProtocolReference } from '../protocol/lookup.ts'
import { isPlainDigest } from './body.ts'

/** What a receipt binds together: see schemas/receipt.json. */
export interface Receipted {
  messageId: string
  type: string
  /** The sender. */
  party: string
  at: Date
  /** Of the body as it came in; one that is keyed is left out, for nobody else could compute it. */
  digest: string
  accepted: boolean
  /** Why the whole message is refused. */
  code?: ErrorCode
  /** The document that decided, where the message names one that is known. */
  protocol?: ProtocolReference | undefined
  /** The request that it answers, and the digest of that. */
  answers?: { messageId: string; digest: string } | undefined
  /** RFC 6962 leaf hash of the entry, base64url. */
  entryCommitment: string
}

/**
 * Signs the receipt of a message; a compact JWS. It is given out once what it says is committed.
 * @param db the transaction that decides on it, where it is signed in one
 */
export function signReceipt(
  { signing, config }: Pick<Context, 'signing' | 'config'>,
  receipted: Receipted,
  db?: Queryable,
): Promise<string> {
  const { messageId, type, party, at, digest, accepted, code, protocol, answers } = receipted
  const payload = {
    iss: config.publicUrl,
    sub: party,
    messageId,
    type,
    decision: accepted ? 'accepted' : 'refused',
    ...(code && { code }),
    ...(isPlainDigest(digest) && { digest }),
    protocol: protocol?.id ?? null,
    ...(protocol && { protocolVersion: protocol.version }),
    protocolDigest: protocol?.digest ?? null,
    ...(answers && { answers }),
    entryCommitment: receipted.entryCommitment,
    iat: Math.floor(at.getTime() / 1000),
  }
  return signing.signReceipt(payload, db)
}

/**
 * The receipt that was given for a message or for the close of a period; undefined where there is
 * none.
 * @param party only where it is of this sender
 */
export async function findReceipt(
  db: Queryable,
  messageId: string,
  party?: string,
): Promise<string | undefined> {
  const { rows } = await db.query<{ receipt: string | null }>(
    `SELECT receipt FROM message WHERE id = $1 AND ($2::text IS NULL OR party_id = $2)
     UNION ALL
     SELECT receipt FROM period_close WHERE message_id = $1 AND ($2::text IS NULL OR party_id = $2)`,
    [messageId, party],
  )
  return rows[0]?.receipt ?? undefined
}
