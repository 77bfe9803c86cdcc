import type { feedback as nlFeedback } from './nl-feedback.ts'

/** Words of the follow-up of feedback. */
export const feedback: typeof nlFeedback = {
  title: 'Feedback',
  lead: 'VDAB tells who is hard to reach. The housing company follows up and says so. Here are numbers only.',
  none: 'There is no feedback yet.',
  from: 'Closed from',
  until: 'Closed until',
  totals: 'All together',
  open: 'Open',
  takenUp: 'Taken up',
  overdue: 'Overdue',
  closed: 'Closed',
  table: {
    title: 'By housing company',
    caption: (from, until) =>
      `Open, taken up and overdue: now. Closed and median: from ${from} until ${until}.`,
    party: 'Housing company',
    protocol: 'Protocol',
    oldest: 'Oldest open',
    median: 'Median',
    days: count => `${count} days`,
    ago: age => `open for ${age}`,
  },
  effect: {
    title: 'What sensitising brought',
    lead: (from, until) =>
      `Tenants about whom there was feedback from ${from} until ${until}. The last two months do not count yet.`,
    none: 'There is no feedback of more than two months ago yet.',
    told: 'Reported',
    found: 'Found after that',
    notAgain: 'Not reported again',
    caption: 'What sensitising brought, by housing company',
    note: 'Found after that: VDAB found the tenant in the request of the month after the feedback. That is known only where the protocol allows an answer per person. Not reported again: VDAB called the tenant hard to reach or not reached in no later month. A new key starts counting anew.',
    keep: 'These figures are exact, and only for who supervises all parties. Do not pass them on as they are: small numbers may point to one person. Who wants to share figures has them released as a report.',
    own: 'What sensitising brought is in the reports that were released for your organisation. Exact numbers may point to one person, so they are not here.',
  },
}
