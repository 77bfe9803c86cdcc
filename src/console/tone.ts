/** How a thing is shown: its colour says no more than its words do. */
export type Tone = 'good' | 'warn' | 'bad' | 'neutral'

const TONES: Record<string, Tone> = {
  refused: 'bad',
  parked: 'bad',
  held: 'warn',
  retrying: 'warn',
  expired: 'warn',
  withdrawn: 'warn',
  delivered: 'good',
  answered: 'good',
}

/** The tone of a state of a message or hand-over. */
export function toneOfState(state: string): Tone {
  return TONES[state] ?? 'neutral'
}

const ACTION_TONES: Record<string, Tone> = {
  'message.refused': 'bad',
  'message.parked': 'bad',
  'message.retrying': 'warn',
  'message.replay-failed': 'warn',
  'message.held': 'warn',
  'message.expired': 'warn',
  'message.withdrawn': 'warn',
  'message.accepted': 'good',
  'message.delivered': 'good',
  'message.answered': 'good',
  'feedback.progress': 'good',
  'feedback.overdue': 'warn',
  'counts.released': 'good',
  'exception.opened': 'bad',
  'quota.refused': 'warn',
  'quota.burst': 'bad',
}

/** The tone of an entry of the audit log. */
export function toneOfAction(action: string): Tone {
  return ACTION_TONES[action] ?? 'neutral'
}
