import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { poolWithin } from '../db/within.ts'
import { problemOf, Refusal } from '../errors.ts'
import { agreementOf } from '../protocol/lookup.ts'
import { digestOf } from './body.ts'
import { evaluateBlindly } from './evaluation.ts'
import type { KeyedCall, Settled } from './once.ts'
import {
  assertSameBody,
  findOutcome,
  isOutcome,
  type Outcome,
  requireKey,
  reserveKey,
} from './outcome.ts'
import { takeCounted } from './quotas.ts'
import { assertSignedCall } from './signature.ts'
import { assertBound } from './token-binding.ts'

type QuotaRequest = Parameters<typeof takeCounted>[1]

/**
 * Evaluates blindly once per key. The key is taken in the transaction that takes the quota, so that a
 * repetition takes none, also where the first one failed or its process died in between; the evaluation
 * itself needs no transaction. The outcome is kept whole: it says nothing without the sender's blinds.
 * @param read the body, checked
 * @throws Refusal HB-205, HB-501, and what may pass: HB-602, HB-904
 */
export async function evaluateOnce(
  context: Context,
  call: KeyedCall,
  read: () => { domain: string; blinded: string[] },
): Promise<Settled> {
  requireKey(call)
  const digest = await digestOf(context.keys, call.raw, undefined)
  const earlier = await findOutcome(context.pool, call)
  if (earlier) assertSameBody(earlier, digest)
  if (earlier && earlier.status > 0) return repeat(context, call, earlier)
  const take = (request: QuotaRequest) => takeOnce(context, call, digest, request)
  try {
    const { domain, blinded } = read()
    const body = await evaluateBlindly(context, call.caller, domain, blinded, call.at, take)
    return await keep(context, call, { status: 200, body: { ...body }, digest })
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || !isOutcome(thrown)) throw thrown
    const body = { ...problemOf(thrown, call.id) }
    return keep(context, call, { status: thrown.status, body, digest })
  }
}

/** Who repeats an evaluation to hear it needs the token and the signature that it needed. */
async function repeat(context: Context, { caller }: KeyedCall, outcome: Outcome): Promise<Settled> {
  // A domain begins with its protocol; the subject index spans them all.
  const [protocol = ''] = String(outcome.body['domain'] ?? '').split('/')
  const agreement = agreementOf(context.protocols.current(), protocol)
  if (agreement) {
    assertBound({ caller }, agreement.document)
    await assertSignedCall(context, caller, agreement.document)
  }
  return outcome
}

/** Takes the quota with the key, or finds what was left when that key took it. */
async function takeOnce(
  context: Context,
  call: KeyedCall,
  digest: string,
  request: QuotaRequest,
): Promise<number> {
  const left = await inTransaction(context.pool, async tx => {
    if (!(await reserveKey(tx, call, digest))) return leftThen(tx, call, digest)
    // A refusal of a quota is evidence, which has to stay; the key must not.
    return takeCounted({ ...context, pool: poolWithin(tx) }, request).then(
      taken => note(tx, call, taken),
      thrown => release(tx, call, thrown),
    )
  })
  if (left instanceof Refusal) throw left
  return left
}

async function leftThen(tx: Tx, call: KeyedCall, digest: string): Promise<number> {
  const taken = await findOutcome(tx, call)
  if (!taken) throw new Error('an outcome vanished')
  assertSameBody(taken, digest)
  return Number(taken.body['quotaLeft'])
}

async function note(tx: Tx, { caller, operation, key }: KeyedCall, left: number): Promise<number> {
  await tx.query(
    'UPDATE idempotency SET response = $4 WHERE party_id = $1 AND operation = $2 AND key = $3',
    [caller.party, operation, key, JSON.stringify({ quotaLeft: left })],
  )
  return left
}

async function release(
  tx: Tx,
  { caller, operation, key }: KeyedCall,
  thrown: unknown,
): Promise<Refusal> {
  if (!(thrown instanceof Refusal)) throw thrown
  await tx.query('DELETE FROM idempotency WHERE party_id = $1 AND operation = $2 AND key = $3', [
    caller.party,
    operation,
    key,
  ])
  return thrown
}

/** Stores the outcome, unless another of the same key was first: then that is the one. */
async function keep(context: Context, call: KeyedCall, outcome: Outcome): Promise<Outcome> {
  const { rowCount } = await context.pool.query(KEEP, [
    call.caller.party,
    call.operation,
    call.key,
    outcome.digest,
    outcome.status,
    JSON.stringify(outcome.body),
  ])
  if (rowCount === 1) return outcome
  const first = await findOutcome(context.pool, call)
  if (!first) throw new Error('an outcome vanished')
  assertSameBody(first, outcome.digest)
  return first
}

const KEEP = `
  INSERT INTO idempotency AS i (party_id, operation, key, digest, status, response)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (party_id, operation, key) DO UPDATE
    SET status = excluded.status, response = excluded.response
    WHERE i.status = 0 AND i.digest = excluded.digest`
