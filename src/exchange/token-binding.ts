import type { Caller, Operation } from '../access/operations.ts'
import { refuse } from '../errors.ts'
import { type Agreement, isAgreement, ruleAt } from '../protocol/document.ts'
import { statusAt } from '../protocol/lifecycle.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { accessionOf } from '../protocol/lookup.ts'

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

// They hand out, or send elsewhere, what comes under any protocol of the caller.
const OF_ALL_PROTOCOLS: ReadonlySet<Operation> = new Set([
  'inbox:read',
  'webhook:manage',
  'deliveries:manage',
  'usage:read',
] as const)

/**
 * The same for operations that name no protocol and touch what comes under all: the binding of each
 * that is in force for the caller.
 * @throws Refusal HB-123
 */
export function assertBoundForAll(
  set: ProtocolSet,
  caller: Caller,
  operation: Operation,
  at: Date,
): void {
  if (!OF_ALL_PROTOCOLS.has(operation)) return
  const asking = [...set.protocols.values()]
    .filter(isAgreement)
    .filter(({ document }) => document.modalities.tokenBinding !== undefined)
  for (const agreement of asking) {
    const { id, document } = agreement
    const takesPart =
      document.parties.some(party => party.id === caller.party) ||
      accessionOf(set, id, caller.party) !== undefined
    if (takesPart && statusAt(agreement, at) === 'in-force') assertBound({ caller }, document)
  }
}
