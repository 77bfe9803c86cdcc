import type { Reason } from '../errors.ts'
import { compileMessage } from './compile.ts'
import type { Refused } from './decision.ts'
import type { ProtocolSet } from './load.ts'
import { agreementOf } from './lookup.ts'

/**
 * The reasons of a refusal, as a caller gets them. Where fields are not listed, the message itself
 * shows the place of each; everything else is the decision's one reason.
 */
export function reasonsFor(
  set: ProtocolSet,
  refused: Refused,
  type: string,
  body: unknown,
): Reason[] {
  const { code, pointer, rule, remedy } = refused
  const agreement = refused.protocol && agreementOf(set, refused.protocol.id)
  if (code !== 'HB-312' || !agreement) return [{ code, pointer, rule, remedy }]
  const reasons = compileMessage(agreement.document, type)(body)
  const unlisted = reasons.filter(one => one.code === 'HB-312')
  return unlisted.length ? unlisted : [{ code, pointer, rule, remedy }]
}
