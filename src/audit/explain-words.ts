import type { AuditEntry, EntryAction } from './types.ts'

/** The words that an entry brings to its sentence. */
export interface Words {
  who: string
  message: string
  counts: string
  recipient: (preposition: string) => string
  why: string
  protocol: string
  /** What a balance is about. */
  balance: string
}

type Named = Record<string, string>

/** All that a language needs to tell an entry. */
export interface Tongue {
  locale: string
  types: Named
  anyMessage: string
  roles: Named
  counts: Record<string, readonly [one: string, more: string]>
  protocol: (protocol: { id: string; version: string }) => string
  anyProtocol: string
  /** ", with code HB-304 (rule: art. 3)" */
  why: (code: string, rule: string | undefined) => string
  byRule: (rule: string) => string
  balance: (day: string | undefined, protocol: string | undefined) => string
  /** An entry of a kind that has no sentence. */
  unknown: (action: string) => string
  sentences: Record<EntryAction, (words: Words) => string>
}

/** Gives the name of a party for people. */
export type NameOf = (partyId: string) => string

/** What an entry brings to its sentence in a language. */
export function wordsOf(entry: AuditEntry, nameOf: NameOf, tongue: Tongue): Words {
  const { actor, message, recipient, protocol } = entry
  const named = protocol && tongue.protocol(protocol)
  return {
    who: actor.party ? nameOf(actor.party) : (tongue.roles[actor.role] ?? actor.role),
    message: tongue.types[message?.type ?? ''] ?? tongue.anyMessage,
    counts: countWords(entry, tongue),
    recipient: preposition => (recipient ? ` ${preposition} ${nameOf(recipient)}` : ''),
    why: reasonWords(entry, tongue),
    protocol: named ?? tongue.anyProtocol,
    balance: tongue.balance(entry.reason, named),
  }
}

/** " (900 aanvaard, 3 geweigerd)", or nothing. */
function countWords({ counts = {} }: AuditEntry, tongue: Tongue): string {
  const whole = new Intl.NumberFormat(tongue.locale)
  const parts = Object.entries(counts).map(([name, count]) => {
    const [one, more] = tongue.counts[name] ?? [name, name]
    return `${whole.format(count)} ${count === 1 ? one : more}`
  })
  return parts.length > 0 ? ` (${parts.join(', ')})` : ''
}

/** ", met code HB-304 (regel: art. 3)", or nothing. */
function reasonWords({ code, rule, reason }: AuditEntry, tongue: Tongue): string {
  const why = code ?? reason
  if (why) return tongue.why(why, rule)
  return rule ? tongue.byRule(rule) : ''
}
