import type { attention as nl } from './nl-attention.ts'

/** Words of what needs attention. */
export const attention: typeof nl = {
  title: 'Attention',
  lead: 'What the gateway wakes someone for: each occurrence once, and again when it recurs. Nothing here is about a person.',
  ways: ways => `The gateway tells people by ${ways}.`,
  noWay:
    'No mail server or webhook is set. Only who opens this page reads what is here. The operator sets this.',
  channels: { mail: 'e-mail', webhook: 'webhook' },
  none: 'Nothing needs attention',
  now: count =>
    count === 1 ? 'One point needs attention now' : `${count} points need attention now`,
  caption: 'What needs attention, the gravest first',
  captionOver: 'What is over, newest first',
  severity: 'Severity',
  severities: { alarm: 'alarm', warning: 'attention' },
  what: 'What',
  since: 'Since',
  ended: 'Over since',
  told: 'Told',
  notTold: 'not yet',
  neverTold: 'no',
  sent: (channel, moment) => `${channel}: ${moment}`,
  unsent: channel => `${channel}: has not left yet`,
}
