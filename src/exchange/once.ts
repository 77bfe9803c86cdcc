import { createHash } from 'node:crypto'
import type { Caller } from '../access/operations.ts'
import { showWebhookSecret } from '../access/webhook-secret.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { poolWithin } from '../db/within.ts'
import { readSecret } from '../delivery/webhook-secrets.ts'
import { problemOf, Refusal, refuse } from '../errors.ts'
import { agreementOf } from '../protocol/lookup.ts'
import { digestOf } from './body.ts'
import {
  assertSameBody,
  findOutcome,
  isOutcome,
  type Keyed,
  type Outcome,
  requireKey,
  reserveKey,
  storeOutcome,
} from './outcome.ts'
import { assertBound } from './token-binding.ts'

/** A call that bears no person, made with an Idempotency-Key. */
export interface KeyedCall extends Keyed {
  caller: Caller
  /** Id of the request, for a problem document. */
  id: string
  raw: Buffer
}

/** What a call came to; no body where there is nothing to say. */
export interface Settled {
  status: number
  body?: object
}

/**
 * Does the work of a call once per key: its effects and its outcome, also a failed one, are one
 * transaction. The same key and body gets that outcome again, of two at the same instant one does the work.
 * @param work gets a context whose pool is the transaction
 * @throws Refusal HB-205, HB-501; HB-513 where a secret that was shown has been replaced
 */
export async function settleOnce(
  context: Context,
  call: KeyedCall,
  work: (within: Context) => Promise<Settled>,
): Promise<Settled> {
  requireKey(call)
  const digest = await digestOf(context.keys, call.raw, undefined)
  const earlier = await findOutcome(context.pool, call)
  if (earlier) return repeat(context, call, earlier, digest)
  const woken = new Set<string>()
  const settled = await inTransaction(context.pool, async tx => {
    woken.clear()
    if (!(await reserveKey(tx, call, digest))) return undefined
    const done = await attempt(contextWithin(context, tx, woken), call, work)
    const { status, body = {} } = done
    await storeOutcome(tx, call, { status, body: withoutSecret(body), digest })
    return done
  })
  if (settled) {
    await context.wakeUps.wake(woken)
    return settled
  }
  // The same key won elsewhere at the same instant: its outcome is committed by now.
  const winner = await findOutcome(context.pool, call)
  if (!winner) throw new Error('an outcome vanished')
  return repeat(context, call, winner, digest)
}

// Who is woken before the commit finds nothing.
function contextWithin(context: Context, tx: Tx, woken: Set<string>): Context {
  const wake = async (destinations: Iterable<string>) => {
    for (const destination of destinations) woken.add(destination)
  }
  const { engine } = context.wakeUps
  const wakeUps = {
    engine,
    wake,
    work: context.wakeUps.work.bind(context.wakeUps),
    depth: () => context.wakeUps.depth(),
    close: () => context.wakeUps.close(),
  }
  return { ...context, pool: poolWithin(tx), wakeUps }
}

async function attempt(
  context: Context,
  { id }: KeyedCall,
  work: (within: Context) => Promise<Settled>,
): Promise<Settled> {
  try {
    return await inTransaction(context.pool, () => work(context))
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || !isOutcome(thrown)) throw thrown
    return { status: thrown.status, body: problemOf(thrown, id) }
  }
}

async function repeat(
  context: Context,
  call: KeyedCall,
  outcome: Outcome,
  digest: string,
): Promise<Settled> {
  assertSameBody(outcome, digest)
  const agreement = agreementOf(context.protocols.current(), String(outcome.body['protocol'] ?? ''))
  // Who repeats a call to hear its outcome needs the token that the call needed.
  if (agreement) assertBound(call, agreement.document)
  const { secretDigest, ...body } = outcome.body
  if (secretDigest === undefined) return { status: outcome.status, body }
  const secret = await findShown(context, call, secretDigest)
  return { status: outcome.status, body: { ...body, secret } }
}

/** A secret is kept once, where secrets are: what is stored here only tells whether it is still that one. */
function withoutSecret(body: object): Record<string, unknown> {
  const { secret, ...rest } = body as { secret?: unknown }
  return typeof secret === 'string' ? { ...rest, secretDigest: digestOfSecret(secret) } : rest
}

async function findShown(
  context: Context,
  { caller }: KeyedCall,
  digest: unknown,
): Promise<string> {
  const current = await readSecret(context, caller.party)
  const shown = current && showWebhookSecret(current)
  if (shown && digestOfSecret(shown) === digest) return shown
  throw refuse('HB-513', '', 'header Idempotency-Key')
}

function digestOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
