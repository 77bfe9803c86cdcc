import { entryWithProof, type ProvenEntry } from '../audit/query.ts'
import type { Queryable, Tx } from '../db/pool.ts'

export { SUBJECT_DOMAIN } from './derive.ts'

/** A public key and the entry `key.created` that publishes it. */
export interface PublishedKey {
  /** A pseudonym domain, or `subject`. */
  domain: string
  /** ristretto255 element, 32 bytes. */
  publicKey: Uint8Array
  /** Id of the entry, base64url. */
  entryId: string
}

/** Keeps where a public key is published, in the transaction that makes the key. */
export async function keepPublishedKey(tx: Tx, key: PublishedKey): Promise<void> {
  await tx.query('INSERT INTO published_key (domain, public_key, entry_id) VALUES ($1, $2, $3)', [
    key.domain,
    key.publicKey,
    Buffer.from(key.entryId, 'base64url'),
  ])
}

/** The public key of a domain or of the subject index, 32 bytes; undefined before it is made. */
export async function findPublicKey(db: Queryable, domain: string): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ key: Buffer }>(
    'SELECT public_key AS key FROM published_key WHERE domain = $1',
    [domain],
  )
  return rows[0]?.key
}

/** The entry that publishes a domain's key, with its proof; undefined until it is sequenced. */
export async function findPublication(
  db: Queryable,
  domain: string,
): Promise<ProvenEntry | undefined> {
  const { rows } = await db.query<{ id: Buffer }>(
    'SELECT entry_id AS id FROM published_key WHERE domain = $1',
    [domain],
  )
  return rows[0] && entryWithProof(db, rows[0].id)
}
