import type { JSONWebKeySet } from 'jose'
import { type EvidenceBundle, proveEntries } from '../audit/bundle.ts'
import { readReceipt } from '../audit/bundle-receipt.ts'
import { findSignature } from '../audit/bundle-signature.ts'
import type { Queryable } from '../db/pool.ts'
import { isId } from '../ids.ts'
import type { ProtocolSet } from '../protocol/versions.ts'
import { findReceipt } from './receipt.ts'

/** What making a bundle needs. */
export interface BundleParts {
  pool: Queryable
  /** The public keys of receipts. */
  publicJwks: () => Promise<JSONWebKeySet>
  protocols: () => ProtocolSet
}

/** That there is no bundle yet, and why. */
export class BundleError extends Error {
  override readonly name = 'BundleError'
  readonly code: 'unknown' | 'waiting'
  /** Entries that wait for their place in the log. */
  readonly waiting: number

  constructor(code: BundleError['code'], waiting = 0) {
    super(code)
    this.code = code
    this.waiting = waiting
  }
}

/**
 * Everything that shows what happened to a message, for who does not trust the gateway: its receipt,
 * every entry with its proof, and the document that decided.
 * @throws BundleError `unknown` without such a message or receipt, `waiting` before all entries are signed
 */
export async function makeBundle(
  { pool, publicJwks, protocols }: BundleParts,
  messageId: string,
): Promise<EvidenceBundle> {
  const receipt = isId('msg', messageId) ? await findReceipt(pool, messageId) : undefined
  if (receipt === undefined) throw new BundleError('unknown')
  const logged = await proveEntries(pool, messageId)
  if ('waiting' in logged) throw new BundleError('waiting', logged.waiting)
  const { kid, payload } = readReceipt(receipt)
  const { keys: own } = await publicJwks()
  const signature = await findSignature(pool, messageId)
  const claimedReceiptKeys = own.filter(key => key.kid === kid)
  return {
    bundle: 1,
    messageId,
    receipt,
    ...logged,
    ...(signature && { signature }),
    protocol: await findDocument(pool, protocols, payload.protocolDigest ?? undefined),
    claimedReceiptKeys: claimedReceiptKeys as EvidenceBundle['claimedReceiptKeys'],
  }
}

/** The document with this digest, with every statement over it that the gateway verified or read. */
async function findDocument(
  db: Queryable,
  protocols: () => ProtocolSet,
  digest: string | undefined,
): Promise<EvidenceBundle['protocol']> {
  if (digest === undefined) return null
  const versions = [...protocols().versions.values()].flat()
  const found = versions.find(one => one.digest === digest)
  if (!found) return null
  const { rows } = await db.query<{ jws: string }>(
    'SELECT jws FROM protocol_statement WHERE digest = $1 ORDER BY signed_at, party_id',
    [digest],
  )
  const statements = new Set([...rows, ...found.presented].map(({ jws }) => jws))
  return { document: found.document, statements: [...statements] }
}
