import { recordEntry } from '../audit/record.ts'
import { inTransaction, type Pool } from '../db/pool.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { ServiceClient } from '../keys/service-client.ts'
import { transportKey } from '../keys/service-secret.ts'
import { storedName } from './evaluator.ts'

export interface MoveOptions {
  pool: Pool
  keys: KeyStore
  client: ServiceClient
  /** What the service and its callers share. */
  secret: string
  actor: { role: string }
  at: Date
}

interface Held {
  domain: string
  publicKey: Buffer
}

/**
 * Moves the keys of the pseudonyms to the key service: each goes there wrapped under the shared secret,
 * and its row here is removed once the service answers with the public key that is published. No
 * process may run on the database meanwhile. After a failure run it again: it goes on.
 * @returns the domains whose keys moved
 * @throws Error where the service has another key of that name, or answers wrongly; KeyProviderError
 *   where it does not answer
 */
export async function moveKeys(options: MoveOptions): Promise<string[]> {
  const { pool } = options
  const { rows } = await pool.query<Held>(
    `SELECT p.domain, p.public_key AS "publicKey" FROM published_key p
     WHERE EXISTS (SELECT FROM wrapped_key w WHERE w.wrapped IS NOT NULL
       AND w.name = CASE p.domain WHEN 'subject' THEN 'subject' ELSE 'domain:' || p.domain END)
     ORDER BY p.domain`,
  )
  for (const held of rows) await moveOne(options, held)
  return rows.map(({ domain }) => domain)
}

async function moveOne(
  { pool, keys, client, secret, actor, at }: MoveOptions,
  { domain, publicKey }: Held,
): Promise<void> {
  const name = storedName(domain)
  const key = await keys.find(name)
  if (!key) throw new Error(`the key of ${domain} went while it was moved: is a process running?`)
  const wrapped = (await transportKey(secret).wrap(domain, key)).toString('base64url')
  const { status, body } = await client.call('POST', '/evaluator/keys/take', { domain, wrapped })
  const answered = (body as { publicKey?: unknown } | undefined)?.publicKey
  if (status !== 200 || answered !== publicKey.toString('base64url')) {
    throw new Error(
      status === 403
        ? 'the key service takes no keys: start it with HUISBRUG_EVALUATOR_TAKES_KEYS=true meanwhile'
        : `the key service did not take the key of ${domain} (status ${status}): it stays here; ` +
            'has the service a key of that name of its own?',
    )
  }
  await inTransaction(pool, async tx => {
    await tx.query('DELETE FROM wrapped_key WHERE name = $1', [name])
    const rule = `public-key ${publicKey.toString('base64url')}`
    await recordEntry(tx, { action: 'key.moved', at, actor, reason: `domain ${domain}`, rule })
  })
}
