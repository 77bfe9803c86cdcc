import { type Scope, within } from '../access/scope.ts'
import type { Bound } from './query-page.ts'
import type { EntryAction } from './types.ts'

// What a party, or its privacy officer, did itself.
const ACTS: readonly EntryAction[] = [
  'message.accepted',
  'message.refused',
  'message.resumed',
  'message.delivered',
  'feedback.progress',
  'tenancy.ended',
  'period.closed',
  'key.ready',
  'quota.used',
  'quota.refused',
  'quota.burst',
  'access.token',
  'access.refused',
  'webhook.changed',
  'subject.searched',
  'console.signed-in',
  'console.session-ended',
  'console.viewed',
  'console.verified',
  'audit.read',
  'audit.exported',
  'approval.asked',
  'approval.given',
  'approval.refused',
]
const ON_THE_WAY: readonly EntryAction[] = [
  'message.forwarding',
  'message.delivered',
  'message.retrying',
  'message.parked',
  'message.replay-failed',
  'message.held',
  'message.resumed',
  'message.expired',
]
// What came to a party, or was decided about it.
const TOLD: readonly EntryAction[] = [
  ...ON_THE_WAY,
  'feedback.overdue',
  'counts.released',
  'period.closed',
  'quota.granted',
  'quota.reviewed',
  'webhook.changed',
]
// What became of a message of its own; that and when it was answered shows with its number alone.
const STEPS: readonly EntryAction[] = [...ON_THE_WAY, 'message.withdrawn']

/** Conditions on audit_entry: on the columns that audit_kind has too, and on others. */
export interface EntryConditions {
  kinds: string[]
  range: string[]
  /** A condition on the message `m` that an entry is of. */
  sent?: string
}

/** A selection of entries: its conditions, with their values in a statement of its own. */
export type EntrySelection = (bound: Bound) => EntryConditions

/**
 * Which entries a scope has, as selections that have no entry in common: all, or those of what a party did
 * and was told, and those of what became of what it sent. An action that is in no list here is for the
 * officer of all: a new one shows to nobody else by mistake.
 */
export function entrySelections({ party }: Scope): EntrySelection[] {
  if (party === undefined) return [() => ({ kinds: [], range: [] })]
  return [bound => ofDoneAndTold(party, bound), bound => ofSent(party, bound)]
}

/** The same as one condition on audit_entry; none where all is in it. */
export function entryWithin(scope: Scope, bound: Bound): string[] {
  if (scope.party === undefined) return []
  const parts = entrySelections(scope).map(selection => {
    return `(${lookedUp(selection(bound)).join(' AND ')})`
  })
  return [`(${parts.join(' OR ')})`]
}

function did(p: string, bound: Bound): string {
  return `(party = ${p} AND action = ANY(${bound.add(ACTS)}))`
}

/** All conditions of a selection on entries that are at hand: of each its message is looked up. */
export function lookedUp({ kinds, range, sent }: EntryConditions): string[] {
  return [...kinds, ...range, ...(sent === undefined ? [] : [ofMessage(sent)])]
}

/**
 * A condition on the message of an entry. One value, so that it is looked up for each entry at hand: a set
 * would be of all messages of the party.
 */
export function ofMessage(condition: string): string {
  return `(SELECT ${condition} FROM message m WHERE m.id = message_id)`
}

function ofDoneAndTold(party: string, bound: Bound): EntryConditions {
  const p = `${bound.add(party)}::text`
  const told = `(recipient = ${p} AND action = ANY(${bound.add(TOLD)}))`
  return {
    kinds: [`(${did(p, bound)} OR ${told})`],
    range: [`(party = ${p} OR message_id IS NULL OR ${ofMessage(within.message('m', p))})`],
  }
}

function ofSent(party: string, bound: Bound): EntryConditions {
  const p = `${bound.add(party)}::text`
  const isElsewhere = `(recipient IS NULL OR (recipient <> ${p} AND NOT EXISTS (
    SELECT FROM party t WHERE t.id = recipient AND t.kind = 'housing-company')))`
  return {
    kinds: [`action = ANY(${bound.add(STEPS)})`, isElsewhere, `${did(p, bound)} IS NOT TRUE`],
    range: [],
    sent: within.sent('m', p),
  }
}
