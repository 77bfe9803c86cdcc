import type { Caller } from '../access/operations.ts'
import type { EntryDraft } from '../audit/types.ts'
import type { Context } from '../context.ts'
import { Refusal, refuse } from '../errors.ts'
import { type Agreement, ruleAt } from '../protocol/document.ts'
import { agreementOf } from '../protocol/lookup.ts'
import { isPlainDigest } from './body.ts'
import type { Outcome } from './outcome.ts'
import type { Incoming } from './receive.ts'
import { assertBound } from './token-binding.ts'

type Signed = Pick<Incoming, 'caller' | 'hypothetical'>

/**
 * That a message is signed where its protocol asks for it.
 * @throws Refusal HB-127
 */
export function assertSigned({ caller, hypothetical }: Signed, document: Agreement): void {
  if (!document.modalities.signature || caller.signature || hypothetical) return
  throw refuse('HB-127', '', ruleAt(document, 'modalities.signature'))
}

/**
 * The same for a call that is no message but whose protocol asks for it, such as an evaluation; evidence.
 * @throws Refusal HB-127
 */
export async function assertSignedCall(
  { tokens }: Pick<Context, 'tokens'>,
  caller: Caller,
  document: Agreement,
): Promise<void> {
  try {
    assertSigned({ caller }, document)
  } catch (error) {
    if (error instanceof Refusal) await tokens.noteRefusal(error.code, caller.party)
    throw error
  }
}

/**
 * That who repeats a message to hear its outcome signs it too, and has a token that is bound as its protocol
 * asks: the outcome names persons, and a stolen token is no more than that.
 * @throws Refusal HB-123, HB-127
 */
export async function assertProvenAgain(
  context: Pick<Context, 'pool' | 'protocols'>,
  incoming: Signed,
  { body }: Outcome,
): Promise<void> {
  const { rows } = await context.pool.query<{ protocol: string }>(
    'SELECT protocol FROM message WHERE id = $1 AND protocol IS NOT NULL',
    [body['messageId'] ?? body['instance']],
  )
  const agreement = rows[0] && agreementOf(context.protocols.current(), rows[0].protocol)
  if (!agreement) return
  assertBound(incoming, agreement.document)
  assertSigned(incoming, agreement.document)
}

/**
 * What is kept of a signature, beside the entry and erasable: itself without what it signs, and the key. Of
 * a body without the sender's nonce nothing is kept, for it could be guessed with the signature.
 */
export function signatureDetails({ caller }: Signed, digest: string): Pick<EntryDraft, 'details'> {
  const { signature } = caller
  if (!signature || !isPlainDigest(digest)) return {}
  const { jws, key } = signature
  return { details: { signature: jws, key: { ...key } } }
}
