import { assertAllowedUrl } from '../access/peer-url.ts'
import { newWebhookSecret, showWebhookSecret } from '../access/webhook-secret.ts'
import { recordEntry } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import { containsNationalNumber } from '../pseudonym/national-number.ts'
import { EVENTS } from './event.ts'

export interface WebhookView {
  url: string
  events?: string[]
  /** `whsec_…`, only in the reply that made it. */
  secret?: string
}

/**
 * Sets where a party receives events, with a new secret; what waits for it goes there from now on.
 * @throws Refusal HB-512
 */
export async function setWebhook(
  context: Context,
  party: string,
  url: string,
  events: string[] | undefined,
  at: Date,
): Promise<WebhookView> {
  assertAllowedUrl(url, { allowLoopback: context.config.allowLoopback })
  if (containsNationalNumber(url, at.toISOString().slice(0, 10))) {
    throw refuse('HB-512', '/url', 'invariant 2: no national number is stored')
  }
  const secret = newWebhookSecret()
  await inTransaction(context.pool, async tx => {
    await tx.query(
      `INSERT INTO webhook (party_id, url, events, created_at, changed_at) VALUES ($1, $2, $3, $4, $4)
       ON CONFLICT (party_id) DO UPDATE SET url = excluded.url, events = excluded.events,
         changed_at = excluded.changed_at`,
      [party, url, events, at],
    )
    await context.keys.put(`webhook:${party}`, secret, tx)
    await evidence(tx, party, 'set', at)
  })
  await context.wakeUps.wake([party])
  return { url, ...(events && { events }), secret: showWebhookSecret(secret) }
}

/** A party's webhook without its secret. */
export async function findWebhook(
  context: Context,
  party: string,
): Promise<WebhookView | undefined> {
  const { rows } = await context.pool.query<{ url: string; events: string[] | null }>(
    'SELECT url, events FROM webhook WHERE party_id = $1',
    [party],
  )
  return rows[0] && { url: rows[0].url, ...(rows[0].events && { events: rows[0].events }) }
}

/** Removes a party's webhook; events wait in its inbox. Removing none is done too. */
export async function deleteWebhook(context: Context, party: string, at: Date): Promise<void> {
  await inTransaction(context.pool, async tx => {
    const { rowCount } = await tx.query('DELETE FROM webhook WHERE party_id = $1', [party])
    if (rowCount === 0) return
    await context.keys.destroy(`webhook:${party}`, tx)
    await evidence(tx, party, 'removed', at)
  })
}

/**
 * Gives a party's webhook a new secret.
 * @throws Refusal HB-511
 */
export async function rotateWebhook(
  context: Context,
  party: string,
  at: Date,
): Promise<WebhookView> {
  const webhook = await findWebhook(context, party)
  if (!webhook) throw refuse('HB-511', '', 'PUT /v1/webhook')
  const secret = newWebhookSecret()
  await inTransaction(context.pool, async tx => {
    await context.keys.put(`webhook:${party}`, secret, tx)
    await evidence(tx, party, 'rotated', at)
  })
  return { ...webhook, secret: showWebhookSecret(secret) }
}

/**
 * Puts a test event on its way to a party's webhook, by the same road as any other.
 * @throws Refusal HB-511
 */
export async function testWebhook(
  context: Context,
  party: string,
  at: Date,
): Promise<{ deliveryId: string }> {
  if (!(await findWebhook(context, party))) throw refuse('HB-511', '', 'PUT /v1/webhook')
  const deliveryId = newId('del', at)
  await context.pool.query(
    `INSERT INTO hand_over (id, destination, kind, event, counted, items, state, due_at, created_at)
     VALUES ($1, $2, 'event', $3, false, 0, 'queued', now(), $4)`,
    [deliveryId, party, EVENTS.test, at],
  )
  await context.wakeUps.wake([party])
  return { deliveryId }
}

async function evidence(tx: Tx, party: string, change: string, at: Date): Promise<void> {
  await recordEntry(tx, {
    action: 'webhook.changed',
    at,
    actor: { party, role: 'party' },
    reason: change,
  })
}
