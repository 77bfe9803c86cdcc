import type { Caller } from '../access/operations.ts'
import type { SealedEntry } from '../audit/entry.ts'
import { recordEntry, seal } from '../audit/record.ts'
import type { Actor, EntryDraft } from '../audit/types.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/pool.ts'
import { problemOf, type Reason, Refusal, refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import { agreementOf, referenceOf } from '../protocol/lookup.ts'
import { profileOf } from '../protocol/profile.ts'
import { asObject, countItems, digestOf, parseBody, protocolNamed } from './body.ts'
import type { Ready } from './intake.ts'
import type { MessageColumns, NewMessage } from './message.ts'
import { hasGoodKey, isOutcome, type Outcome, replay, requireKey } from './outcome.ts'
import { type Receipted, signReceipt } from './receipt.ts'
import type { NewRequest } from './request-store.ts'
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
  /** What a request about persons stores, together with others that are ready at the same moment. */
  request?: NewRequest
  /** The same without these of its persons, for their processing is restricted: each refuses its item. */
  without?(positions: readonly number[]): Acceptance
  /** Writes what belongs to any other message, in its transaction. May refuse. */
  store?(tx: Tx, messageId: string): Promise<void>
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
    const earlier = await context.intake.findOutcome(incoming)
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
  let acceptance = await accept(body, messageId)
  let ready = await readyToAccept(context, incoming, digest, messageId, acceptance)
  let stored = await context.intake.store(ready)
  while (typeof stored === 'object' && acceptance.without) {
    acceptance = acceptance.without(stored.restricted)
    ready = await readyToAccept(context, incoming, digest, messageId, acceptance)
    stored = await context.intake.store(ready)
  }
  if (stored === 'stored') {
    context.metrics.received(incoming.type, acceptance.accepted, acceptance.refused.length)
    // Nobody waits for the queue: what is due is committed, and what it loses is woken again.
    context.wakeUps.wake(acceptance.wake).catch(() => {})
    return replay(ready.outcome, digest, body, referenceField(context, incoming, body))
  }
  const winner = await winnerOf(context, incoming)
  return replay(winner, digest, body, referenceField(context, incoming, body))
}

/** The outcome of the same key that won elsewhere at the same instant: it is committed by now. */
async function winnerOf(context: Context, incoming: Incoming): Promise<Outcome> {
  const winner = await context.intake.findOutcome(incoming)
  if (!winner) throw new Error('an outcome vanished')
  return winner
}

/** The field of the items that holds the sender's own reference of a person. */
function referenceField(context: Context, { type }: Incoming, body: unknown): string {
  const agreement = agreementOf(context.protocols.current(), protocolNamed(body) ?? '')
  const profile = agreement && profileOf(agreement.document, type)
  return profile?.reference ?? 'tenantRef'
}

/** All that is stored of a message that is accepted: its entry and receipt are made before it is written. */
async function readyToAccept(
  context: Context,
  incoming: Incoming,
  digest: string,
  messageId: string,
  { accepted, refused, message, evidence, request, store }: Acceptance,
): Promise<Ready> {
  const entry = seal({
    ...describe(incoming, message),
    ...signatureDetails(incoming, digest),
    action: accepted > 0 ? 'message.accepted' : 'message.refused',
    decision: accepted > 0 ? 'allowed' : 'refused',
    ...evidence,
    counts: { ...evidence.counts, accepted, refused: refused.length },
    message: { id: messageId, type: incoming.type },
    ...(refused[0] && { code: refused[0].code }),
  })
  const { inReplyTo, answers } = message
  const receipt = await signReceipt(context, {
    ...receiptOf(incoming, messageId, digest, entry),
    accepted: accepted > 0,
    protocol: message.protocol,
    answers: inReplyTo && answers ? { messageId: inReplyTo, digest: answers } : undefined,
  })
  const state = accepted > 0 ? 'accepted' : 'refused'
  // A tenant reference is in the body that a retry repeats; it need not stay here.
  const withoutReference = refused.map(({ tenantRef: _, ...item }) => item)
  const reply = { messageId, state, accepted, refused: withoutReference, receipt }
  return {
    keyed: incoming,
    keeps: true,
    outcome: { status: 202, body: reply, digest },
    message: {
      ...message,
      ...rowOf(incoming, messageId, digest),
      accepted,
      refused: refused.length,
      receipt,
    },
    entry,
    ...(request && { request }),
    ...(store && { store }),
  }
}

function rowOf(
  { type, caller, at }: Incoming,
  id: string,
  digest: string,
): Pick<NewMessage, 'id' | 'type' | 'party' | 'receivedAt' | 'digest'> {
  return { id, type, party: caller.party, receivedAt: at, digest }
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
  const refused = countItems(body)
  const columns = protocol ? { protocol } : {}
  const draft: EntryDraft = {
    ...describe(incoming, columns),
    action: 'message.refused',
    decision: 'refused',
    code: refusal.code,
    rule: refusal.reasons[0]?.rule ?? '',
    counts: { refused },
  }
  if (!isOutcome(refusal)) {
    await recordEntry(context.pool, draft)
    throw refusal
  }
  const ready = await readyToRefuse(context, incoming, digest, refusal, { columns, draft, refused })
  const stored = await context.intake.store(ready)
  context.metrics.received(incoming.type, 0, refused)
  if (stored === 'stored') return ready.outcome
  const winner = await winnerOf(context, incoming)
  if (winner.digest === digest) return replay(winner, digest, body)
  const taken = refuse('HB-501', '', 'header Idempotency-Key')
  return storeRefusal(context, incoming, digest, body, taken)
}

/** All that is stored of a message that is refused. */
async function readyToRefuse(
  context: Context,
  incoming: Incoming,
  digest: string,
  refusal: Refusal,
  { columns, draft, refused }: { columns: MessageColumns; draft: EntryDraft; refused: number },
): Promise<Ready> {
  const messageId = newId('msg', incoming.at)
  const entry = seal({
    ...draft,
    ...signatureDetails(incoming, digest),
    message: { id: messageId, type: incoming.type },
  })
  const receipt = await signReceipt(context, {
    ...receiptOf(incoming, messageId, digest, entry),
    accepted: false,
    code: refusal.code,
    protocol: columns.protocol,
  })
  const problem = { ...problemOf(refusal, messageId), receipt }
  return {
    keyed: incoming,
    // A key that is missing, malformed or taken by another body cannot hold this outcome.
    keeps: hasGoodKey(incoming) && refusal.code !== 'HB-501',
    outcome: { status: refusal.status, body: problem, digest },
    message: {
      ...columns,
      ...rowOf(incoming, messageId, digest),
      accepted: 0,
      refused,
      code: refusal.code,
      receipt,
    },
    entry,
  }
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
  { leaf }: SealedEntry,
): Omit<Receipted, 'accepted'> {
  const entryCommitment = leaf.toString('base64url')
  return { messageId, type, party: caller.party, at, digest, entryCommitment }
}
