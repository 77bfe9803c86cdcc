import type { Context } from '../context.ts'
import { decide } from '../protocol/decide.ts'
import type { HandOver } from './outbox.ts'

/** What the protocol says of a hand-over now. */
export interface Recheck {
  outcome: 'go' | 'hold' | 'withdraw'
  code: string | undefined
  rule: string | undefined
}

// The agreement itself took this back, so it will not go later either. Everything else (suspended, a
// document that cannot be read now, a signature that is missing) is held: nothing is lost by a slip.
const FINAL = new Set([
  'HB-306',
  'HB-308',
  'HB-309',
  'HB-310',
  'HB-311',
  'HB-312',
  'HB-313',
  'HB-314',
])

/** Asks the protocol again, at the moment of handing over, with what is stored of the message. */
export function decideAgain(
  context: Pick<Context, 'protocols' | 'clock'>,
  handOver: HandOver,
): Recheck {
  const { message } = handOver
  if (handOver.kind === 'probe') return decideProbe(context, message.protocol ?? '')
  // A test event is about no message and no person.
  if (!handOver.messageId || !message.type)
    return { outcome: 'go', code: undefined, rule: undefined }
  const decision = decide(context.protocols.current(), {
    party: message.party ?? '',
    protocol: message.protocol ?? '',
    type: message.type,
    fields: message.fields ?? [],
    items: Math.max(handOver.items, 1),
    at: context.clock(),
    ...(message.party !== handOver.destination && { counterparty: handOver.destination }),
    ...(message.purpose && { purpose: message.purpose }),
    ...(message.targetGroup && { targetGroup: message.targetGroup }),
  })
  if (decision.allow) return { outcome: 'go', code: undefined, rule: decision.rule }
  const outcome = FINAL.has(decision.code) ? 'withdraw' : 'hold'
  return { outcome, code: decision.code, rule: decision.rule }
}

// About nobody: it only asks whether anything may move now, and does not wait until something may.
function decideProbe({ protocols }: Pick<Context, 'protocols'>, protocol: string): Recheck {
  const status = protocols.standings().get(protocol)?.status ?? 'HB-301'
  if (status === 'in-force') return { outcome: 'go', code: undefined, rule: undefined }
  return { outcome: 'withdraw', code: status, rule: undefined }
}
