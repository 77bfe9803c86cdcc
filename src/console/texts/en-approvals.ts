import type { approvals as nl } from './nl-approvals.ts'

/** Words of what waits for a second person. */
export const approvals: typeof nl = {
  title: 'Approvals',
  lead: 'Some acts need four eyes here: whoever asks for one can only do it once another person approves. A request expires after one day.',
  waiting: 'What waits for a second person',
  none: 'Nothing waits.',
  todo: 'Approved: you can do this now',
  todoNote: 'An approval works once, and only for what was parked at that moment.',
  what: 'What',
  why: 'Reason',
  askedBy: 'Asked by',
  expiresAt: 'Expires on',
  decide: 'Decision',
  ownAsked: 'Your own request: another person decides.',
  give: 'Approve',
  refuse: 'Refuse',
  about: (what, id) => `${what}, request ${id}`,
  doNow: 'Resume now',
  given: 'You approved this. Whoever asked can do it now.',
  refused: 'You refused this. Nothing happens.',
  own: 'You cannot approve your own request. Ask another person.',
  gone: 'This request no longer exists: it was decided or has expired. Nothing has changed.',
  operations: {
    'subject-usage': 'Look up what was exchanged about a person',
    'subject-restrict': 'Restrict the processing for a person',
    'subject-erase': 'Erase data of a person',
    parked: 'Resume parked messages',
  },
}
