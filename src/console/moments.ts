import type { PlacedEntry } from '../audit/query.ts'
import type { AuditEntry } from '../audit/types.ts'
import { format } from './format.ts'
import type { AttemptLine, MessageFile, RelatedMessage } from './reads/journey.ts'
import type { NameOfType } from './reads/type-names.ts'
import { explainCode, explainReason, sentenceOf } from './sentence.ts'
import { texts } from './texts/index.ts'
import { wordFor, words } from './texts/words.ts'
import type { Moment } from './timeline.ts'
import { toneOfAction, toneOfState } from './tone.ts'

/**
 * What happened to a message: that it came, its entries in the audit log, and the messages that came
 * in return (pure). That someone read about it is no part of its journey.
 */
export function momentsOf(
  message: MessageFile,
  entries: readonly PlacedEntry[],
  related: readonly RelatedMessage[],
  names: ReadonlyMap<string, string>,
  nameOf: NameOfType,
): Moment[] {
  const own = entries.filter(({ entry }) => !entry.action.startsWith('console.'))
  return [
    received(message),
    ...own.map(placed => ofEntry(placed, names)),
    ...related.map(other => ofRelated(other, nameOf(other.type, message.protocol))),
  ]
}

function received(message: MessageFile): Moment {
  const text = texts().messages.journey
  const items = format.number(message.accepted + message.refused)
  return {
    at: message.receivedAt,
    kind: 'received',
    title: text.cameIn,
    sentence: text.cameInText(message.partyName, items),
    tone: 'neutral',
  }
}

function ofEntry({ index, entry }: PlacedEntry, names: ReadonlyMap<string, string>): Moment {
  const { action, recipient, code, reason } = entry
  return {
    at: new Date(entry.at),
    kind: JSON.stringify([action, recipient, code, reason]),
    title: wordFor(words.actions, action),
    sentence: [sentenceOf(entry, names), ...whyOf(entry)].join(' '),
    tone: toneOfAction(action),
    link: { path: `/auditlog/${index}`, text: texts().auditLog.openEntry(format.number(index)) },
  }
}

// The sentence names the code at most; here the reader also learns what it means.
function whyOf({ code, decision }: AuditEntry): string[] {
  if (!code) return []
  const meaning = explainCode(code)
  return [decision === 'allowed' ? texts().messages.journey.partly(code, meaning) : meaning]
}

/** Every try of its hand-overs, as a moment of its own (pure). */
export function momentsOfAttempts(
  attempts: readonly AttemptLine[],
  names: ReadonlyMap<string, string>,
): Moment[] {
  return attempts.map(({ at, destination, outcome, status, reason, milliseconds }) => {
    const text = texts().messages.journey
    const to = names.get(destination) ?? destination
    const took = milliseconds === null ? '' : format.duration(milliseconds)
    const answer = outcome === null ? text.tryOpen : answerOf(status, reason)
    return {
      at,
      kind: JSON.stringify(['attempt', destination, outcome, status, reason]),
      title: text.tried,
      sentence: text.triedText(to, answer, took),
      tone: outcome === null ? 'neutral' : toneOfState(outcome),
    }
  })
}

function answerOf(status: number | null, reason: string | null): string {
  if (status !== null) return texts().messages.journey.httpStatus(status)
  return reason === null ? texts().messages.journey.noAnswer : explainReason(reason)
}

function ofRelated({ id, type, receivedAt, partyName }: RelatedMessage, title: string): Moment {
  const text = texts().messages.journey
  return {
    at: receivedAt,
    kind: type,
    title,
    sentence: text.inReturn(partyName),
    tone: 'good',
    link: { path: `/berichten/${id}`, text: text.openMessage },
  }
}
