import type { exceptions as nlExceptions } from './nl-exceptions.ts'

/** Words of the exceptions. */
export const exceptions: typeof nlExceptions = {
  title: 'Exceptions',
  lead: 'What does not go as agreed and a person should look at. An exception never says about whom.',
  none: 'There is no exception.',
  noneFit: 'No exception fits these filters.',
  caption: 'Exceptions, newest first',
  state: 'State',
  kind: 'Kind',
  party: 'Party',
  parties: 'Parties',
  since: 'Since',
  ended: 'Over since',
  protocol: 'Protocol',
  day: 'Day of receipt (UTC)',
  domain: 'Key',
  message: 'Message',
  reviewed: 'Reviewed',
  by: role => `by: ${role}`,
  finding: 'Finding',
  open: age => `${age} ago`,
  back: 'All exceptions',
  more: 'See more about this',
  states: { unseen: 'to review', running: 'reviewed, goes on', over: 'over' },
  kinds: {
    'two-current-routes': 'Tenant at two housing companies',
    'out-of-balance': 'Out of balance',
    'party-disabled': 'Messages for a disabled party',
    'webhook-gone': 'Webhook is gone',
    'quota-burst': 'Many pseudonyms in one day',
    'probe-late': 'Probe is late',
  },
  ends: {
    'two-current-routes':
      'It ends by itself once one housing company is left that names the tenant. Until then the feedback goes to nobody.',
    'out-of-balance': 'It ends by itself once that day balances.',
    'party-disabled':
      'It ends once the operator enables the party again, or nothing waits for it any more.',
    'webhook-gone': 'It ends once the party sets a new address or removes the old one.',
    'quota-burst': 'It ends when you write here what you found.',
    'probe-late': 'It ends by itself once a probe arrives in time again.',
  },
  form: {
    title: 'What did you find?',
    lead: 'Your finding is kept, and is an entry of the audit log.',
    finding: 'Finding',
    hint: 'At most 500 characters. Never write about a person: no name, no number.',
    alike: (count, text) =>
      count === 1
        ? 'Also counts for the other open exception of this kind and these parties'
        : `Also counts for the ${text} other open exceptions of this kind and these parties`,
    button: 'Keep the finding',
  },
  done: (count, text) =>
    count === 1 ? 'The exception is reviewed' : `${text} exceptions are reviewed`,
  faults: {
    unknown: 'There is no such exception.',
    seen: 'Somebody else reviewed this exception before. Below is what was found. Your finding was not kept.',
    finding:
      'Say in 1 to 500 characters what you found, without a national number. Nothing was kept yet.',
  },
}
