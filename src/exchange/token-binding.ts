import type { Caller } from '../access/operations.ts'
import { refuse } from '../errors.ts'
import { type Agreement, ruleAt } from '../protocol/document.ts'

const REMEDY = {
  dpop: 'Fetch a token with a DPoP proof and send one with each call (RFC 9449); in the kit: dpop: true.',
  mtls: 'Fetch the token and make each call with your client certificate (RFC 8705).',
} as const

/**
 * That the caller's token is bound to it, where its protocol asks for that. What is only asked about is
 * not held to it: it is sent with another token.
 * @throws Refusal HB-123
 */
export function assertBound(
  { caller, hypothetical }: { caller: Caller; hypothetical?: true },
  document: Agreement,
): void {
  const { tokenBinding } = document.modalities
  if (!tokenBinding || hypothetical || caller.bindings?.has(tokenBinding)) return
  throw refuse('HB-123', '', ruleAt(document, 'modalities.tokenBinding'), REMEDY[tokenBinding])
}
