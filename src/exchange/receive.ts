import type { Caller } from '../access/operations.ts'
import { recordEntry } from '../audit/record.ts'
import type { Actor, EntryDraft } from '../audit/types.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { problemOf, type Reason, Refusal, refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import { agreementOf, referenceOf } from '../protocol/lookup.ts'
import { profileOf } from '../protocol/profile.ts'
import { shareRestrictions } from '../pseudonym/restricted.ts'
import { asObject, countItems, digestOf, parseBody, protocolNamed } from './body.ts'
import { insertMessage, type MessageColumns } from './message.ts'
import {
  findOutcome,
  hasGoodKey,
  isOutcome,
  type Outcome,
  replay,
  requireKey,
  reserveKey,
  storeOutcome,
} from './outcome.ts'
import { type Receipted, signReceipt } from './receipt.ts'
import { assertProvenAgain, signatureDetails } from './signature.ts'

/** A person-bearing request as it arrives, before anything in it is trusted. */
export interface Incoming {
  /** Method and path, the scope of the Idempotency-Key. */
  operation: string
  type: string
  /** In the form of POST /v1/messages, whatever operation of its own the type has. */
  general?: boolean
  caller: Caller
  /** The person who did it on behalf of the party, where one did. */
  by?: Actor
  key: string | undefined
  raw: Buffer
  /** Only asked about: it is signed when it is sent. */
  hypothetical?: true
  unreadable?: Refusal
  at: Date
  /** The protocol of what it is about, once that is found: its own body need not name one. */
  about?: string
}

/** An item that is not taken while the message is; `tenantRef` only where its form was accepted. */
export interface ItemRefusal extends Reason {
  index: number
  tenantRef?: string
}

/** What a message type makes of a body that it takes. */
export interface Acceptance {
  message: MessageColumns
  accepted: number
  refused: ItemRefusal[]
  /** What the evidence says beyond the columns of the message. */
  evidence: Pick<EntryDraft, 'counts' | 'recipient' | 'rule' | 'subjects'>
  /** Writes what belongs to the message, in its transaction. May refuse. */
  store(tx: Tx, messageId: string): Promise<void>
  /** Destinations to wake once it is committed. */
  wake: string[]
}

export type Accept = (body: Record<string, unknown>, messageId: string) => Promise<Acceptance>

/**
 * Takes in one message: once per Idempotency-Key, with a signed receipt, its evidence in the same
 * transaction. A refusal is an outcome like any other: stored, receipted, evidence. What is not
 * the message's fault (503, 429, 500) is evidence but no outcome, so that a retry can succeed.
 */
export async function receive(
  context: Context,
  incoming: Incoming,
  accept: Accept,
): Promise<Outcome> {
  const parsed = parseBody(incoming)
  const body = 'body' in parsed ? parsed.body : undefined
  const digest = await digestOf(context.keys, incoming.raw, body)
  try {
    requireKey(incoming)
    const earlier = await findOutcome(context.pool, incoming)
    if (earlier) await assertProvenAgain(context, incoming, earlier)
    if (earlier) return replay(earlier, digest, body, referenceField(context, incoming, body))
    if ('fault' in parsed) throw parsed.fault
    return await acceptAndStore(context, incoming, digest, asObject(body), accept)
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return storeRefusal(context, incoming, digest, body, thrown)
  }
}

async function acceptAndStore(
  context: Context,
  incoming: Incoming,
  digest: string,
  body: Record<string, unknown>,
  accept: Accept,
): Promise<Outcome> {
  const messageId = newId('msg', incoming.at)
  const acceptance = await accept(body, messageId)
  const outcome = await inTransaction(context.pool, async tx => {
    await shareRestrictions(tx)
    if (!(await reserveKey(tx, incoming, digest))) return undefined
    return storeAcceptance(context, tx, incoming, digest, messageId, acceptance)
  })
  if (outcome) {
    context.metrics.received(incoming.type, acceptance.accepted, acceptance.refused.length)
    await context.wakeUps.wake(acceptance.wake)
    return replay(outcome, digest, body, referenceField(context, incoming, body))
  }
  // The same key won elsewhere at the same instant: its outcome is committed by now.
  const winner = await findOutcome(context.pool, incoming)
  if (!winner) throw new Error('an outcome vanished')
  return replay(winner, digest, body, referenceField(context, incoming, body))
}

/** The field of the items that holds the sender's own reference of a person. */
function referenceField(context: Context, { type }: Incoming, body: unknown): string {
  const agreement = agreementOf(context.protocols.current(), protocolNamed(body) ?? '')
  const profile = agreement && profileOf(agreement.document, type)
  return profile?.reference ?? 'tenantRef'
}

async function storeAcceptance(
  context: Context,
  tx: Tx,
  incoming: Incoming,
  digest: string,
  messageId: string,
  acceptance: Acceptance,
): Promise<Outcome> {
  const { accepted, refused, message } = acceptance
  await insertMessage(tx, {
    ...message,
    id: messageId,
    type: incoming.type,
    party: incoming.caller.party,
    receivedAt: incoming.at,
    digest,
    accepted,
    refused: refused.length,
  })
  await acceptance.store(tx, messageId)
  const { commitment } = await recordEntry(tx, {
    ...describe(incoming, message),
    ...signatureDetails(incoming, digest),
    action: accepted > 0 ? 'message.accepted' : 'message.refused',
    decision: accepted > 0 ? 'allowed' : 'refused',
    ...acceptance.evidence,
    counts: { ...acceptance.evidence.counts, accepted, refused: refused.length },
    message: { id: messageId, type: incoming.type },
    ...(refused[0] && { code: refused[0].code }),
  })
  const { inReplyTo, answers } = message
  const receipt = await signReceipt(context, tx, {
    ...receiptOf(incoming, messageId, digest, commitment),
    accepted: accepted > 0,
    protocol: message.protocol,
    answers: inReplyTo && answers ? { messageId: inReplyTo, digest: answers } : undefined,
  })
  await tx.query('UPDATE message SET receipt = $2 WHERE id = $1', [messageId, receipt])
  const state = accepted > 0 ? 'accepted' : 'refused'
  // A tenant reference is in the body that a retry repeats; it need not stay here.
  const withoutReference = refused.map(({ tenantRef: _, ...item }) => item)
  const reply = {
    messageId,
    state,
    accepted,
    refused: withoutReference,
    receipt,
  }
  return storeOutcome(tx, incoming, { status: 202, body: reply, digest })
}

async function storeRefusal(
  context: Context,
  incoming: Incoming,
  digest: string,
  body: unknown,
  refusal: Refusal,
): Promise<Outcome> {
  const named = protocolNamed(body) ?? incoming.about
  const protocol = referenceOf(context.protocols.current(), named)
  const fault = isOutcome(refusal)
  const messageId = newId('msg', incoming.at)
  const refused = countItems(body)
  const columns = protocol ? { protocol } : {}
  const draft: EntryDraft = {
    ...describe(incoming, columns),
    action: 'message.refused',
    decision: 'refused',
    code: refusal.code,
    rule: refusal.reasons[0]?.rule ?? '',
    counts: { refused },
    ...(fault && signatureDetails(incoming, digest)),
    ...(fault && { message: { id: messageId, type: incoming.type } }),
  }
  if (!fault) {
    await recordEntry(context.pool, draft)
    throw refusal
  }
  const outcome = await inTransaction(context.pool, async tx => {
    // A key that is missing, malformed or taken by another body cannot hold this outcome.
    const keeps = hasGoodKey(incoming) && refusal.code !== 'HB-501'
    if (keeps && !(await reserveKey(tx, incoming, digest))) return undefined
    const row = {
      id: messageId,
      type: incoming.type,
      party: incoming.caller.party,
      digest,
      refused,
    }
    await insertMessage(tx, {
      ...columns,
      ...row,
      receivedAt: incoming.at,
      accepted: 0,
      code: refusal.code,
    })
    const { commitment } = await recordEntry(tx, draft)
    const receipt = await signReceipt(context, tx, {
      ...receiptOf(incoming, messageId, digest, commitment),
      accepted: false,
      code: refusal.code,
      protocol,
    })
    await tx.query('UPDATE message SET receipt = $2 WHERE id = $1', [messageId, receipt])
    const problem = { ...problemOf(refusal, messageId), receipt }
    const result: Outcome = { status: refusal.status, body: problem, digest }
    return keeps ? storeOutcome(tx, incoming, result) : result
  })
  context.metrics.received(incoming.type, 0, refused)
  if (outcome) return outcome
  const winner = await findOutcome(context.pool, incoming)
  if (!winner) throw new Error('an outcome vanished')
  if (winner.digest === digest) return replay(winner, digest, body)
  const taken = refuse('HB-501', '', 'header Idempotency-Key')
  return storeRefusal(context, incoming, digest, body, taken)
}

function describe(
  incoming: Incoming,
  message: MessageColumns,
): Pick<EntryDraft, 'at' | 'actor' | 'protocol' | 'purpose' | 'fields'> {
  return {
    at: incoming.at,
    actor: { role: incoming.caller.kind, ...incoming.by, party: incoming.caller.party },
    ...(message.protocol && { protocol: message.protocol }),
    ...(message.purpose && { purpose: message.purpose }),
    ...(message.fields && { fields: message.fields }),
  }
}

function receiptOf(
  { type, caller, at }: Incoming,
  messageId: string,
  digest: string,
  entryCommitment: string,
): Omit<Receipted, 'accepted'> {
  return { messageId, type, party: caller.party, at, digest, entryCommitment }
}
