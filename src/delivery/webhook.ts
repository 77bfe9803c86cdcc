import { assertAllowedUrl } from '../access/peer-url.ts'
import { newWebhookSecret, showWebhookSecret } from '../access/webhook-secret.ts'
import { recordEntry } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import { containsNationalNumber } from '../pseudonym/national-number.ts'
import { readCircuits } from './circuit.ts'
import { EVENTS } from './event.ts'
import { forgetTrouble } from './webhook-end.ts'
import { destroySecrets, keepSecret, OVERLAP_HOURS } from './webhook-secrets.ts'

export interface WebhookView {
  url: string
  events?: string[]
  /** `whsec_…`, only in the reply that made it. */
  secret?: string
  /** Until when the former secret signs too; absent where there is none. */
  formerSecretUntil?: string
  /** `paused`: it fails and is tried again by itself; `gone`: it answered 410 and must be set again. */
  state?: 'active' | 'paused' | 'gone'
  statistics?: WebhookStatistics
}

/** Tries of a party's webhook, as far back as they are kept. */
export interface WebhookStatistics {
  attempts: number
  delivered: number
  failed: number
  /** Failures since the last try that got through. */
  failuresInARow: number
  lastDeliveredAt: string | null
  lastFailedAt: string | null
  /** A code for people: why the last one failed. */
  lastReason: string | null
  pausedUntil: string | null
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
  const networks = (await context.parties.find(party))?.networks
  assertAllowedUrl(url, { allowLoopback: context.config.allowLoopback, networks })
  if (containsNationalNumber(url, at.toISOString().slice(0, 10))) {
    throw refuse('HB-512', '/url', 'invariant 2: no national number is stored')
  }
  const secret = newWebhookSecret()
  await inTransaction(context.pool, async tx => {
    await tx.query(
      `INSERT INTO webhook (party_id, url, events, created_at, changed_at) VALUES ($1, $2, $3, $4, $4)
       ON CONFLICT (party_id) DO UPDATE SET url = excluded.url, events = excluded.events,
         changed_at = excluded.changed_at, former_until = NULL, disabled_at = NULL`,
      [party, url, events, at],
    )
    await keepSecret(context, tx, party, secret, 'alone')
    await forgetTrouble(tx, party, at)
    await evidence(tx, party, 'set', at)
  })
  await context.wakeUps.wake([party])
  return { url, ...(events && { events }), secret: showWebhookSecret(secret) }
}

/** A party's webhook without its secret, with how it fares. */
export async function findWebhook(
  context: Context,
  party: string,
): Promise<WebhookView | undefined> {
  const { rows } = await context.pool.query<WebhookRow>(
    `SELECT url, events, disabled_at, CASE WHEN former_until > now() THEN former_until END AS former_until
     FROM webhook WHERE party_id = $1`,
    [party],
  )
  const [row] = rows
  if (!row) return undefined
  const statistics = await readStatistics(context, party)
  const working = statistics.pausedUntil ? 'paused' : 'active'
  return {
    url: row.url,
    ...(row.events && { events: row.events }),
    ...(row.former_until && { formerSecretUntil: row.former_until.toISOString() }),
    state: row.disabled_at ? 'gone' : working,
    statistics,
  }
}

interface WebhookRow {
  url: string
  events: string[] | null
  disabled_at: Date | null
  former_until: Date | null
}

async function readStatistics(context: Context, party: string): Promise<WebhookStatistics> {
  const { rows } = await context.pool.query<StatisticsRow>(STATISTICS, [party])
  const [counted] = rows
  if (!counted) throw new Error('an aggregate gave no row')
  const circuits = await readCircuits(context.pool, party)
  const circuit = circuits.find(it => it.channel === 'webhook')
  return {
    attempts: counted.delivered + counted.failed,
    delivered: counted.delivered,
    failed: counted.failed,
    failuresInARow: circuit?.failures ?? 0,
    lastDeliveredAt: counted.delivered_at?.toISOString() ?? null,
    lastFailedAt: counted.failed_at?.toISOString() ?? null,
    lastReason: counted.reason,
    pausedUntil: circuit?.pausedUntil?.toISOString() ?? null,
  }
}

interface StatisticsRow {
  delivered: number
  failed: number
  delivered_at: Date | null
  failed_at: Date | null
  reason: string | null
}

// What was withdrawn at the last moment never reached the webhook.
const STATISTICS = `
  SELECT count(*) FILTER (WHERE outcome = 'delivered')::int AS delivered,
    count(*) FILTER (WHERE outcome IN ('retrying', 'parked'))::int AS failed,
    max(at) FILTER (WHERE outcome = 'delivered') AS delivered_at,
    max(at) FILTER (WHERE outcome IN ('retrying', 'parked')) AS failed_at,
    (array_agg(a.reason ORDER BY at DESC) FILTER (WHERE outcome IN ('retrying', 'parked')))[1] AS reason
  FROM attempt a JOIN hand_over h ON h.id = a.hand_over_id
  WHERE a.destination = $1 AND h.kind = 'event'`

/** Removes a party's webhook; events wait in its inbox. Removing none is done too. */
export async function deleteWebhook(context: Context, party: string, at: Date): Promise<void> {
  await inTransaction(context.pool, async tx => {
    const { rowCount } = await tx.query('DELETE FROM webhook WHERE party_id = $1', [party])
    if (rowCount === 0) return
    await destroySecrets(context, tx, party)
    await forgetTrouble(tx, party, at)
    await evidence(tx, party, 'removed', at)
  })
}

/**
 * Gives a party's webhook a new secret. For a day the former signs beside it, so that the receiver can
 * change over; rotating twice, or setting the webhook again, makes one that may be known useless at once.
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
  const { url, events } = webhook
  const until = new Date(at.getTime() + OVERLAP_HOURS * 3_600_000)
  await inTransaction(context.pool, async tx => {
    await tx.query('UPDATE webhook SET former_until = $2 WHERE party_id = $1', [party, until])
    await keepSecret(context, tx, party, secret, 'with-former')
    await evidence(tx, party, 'rotated', at)
  })
  return {
    url,
    ...(events && { events }),
    secret: showWebhookSecret(secret),
    formerSecretUntil: until.toISOString(),
  }
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
