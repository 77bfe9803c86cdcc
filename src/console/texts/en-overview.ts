import type { overview as nl } from './nl-overview.ts'

/** Words of the overview. */
export const overview: typeof nl = {
  title: 'Overview',
  lead: 'Does the exchange go as agreed?',
  well: 'All is well',
  wellText:
    'All items received have a place, nothing waits for you and the audit log is up to date.',
  attention: count =>
    count === 1 ? 'There is one point to look at' : `There are ${count} points to look at`,
  points: {
    unbalanced: protocol =>
      `The balance of ${protocol} does not fit: not every accepted item has a place.`,
    parked: count =>
      count === 1
        ? 'One hand-over is parked: it failed and waits for a person.'
        : `${count} hand-overs are parked: they failed and wait for a person.`,
    held: count => (count === 1 ? 'One hand-over is held.' : `${count} hand-overs are held.`),
    exceptions: count => (count === 1 ? 'One exception is open.' : `${count} exceptions are open.`),
    overdue: (count, text) =>
      count === 1
        ? 'One feedback is overdue: the time in the protocol has passed.'
        : `${text} feedbacks are overdue: the time in the protocol has passed.`,
    noCheckpoint: 'The audit log has no signed checkpoint yet.',
    lateEntries: (count, text) =>
      count === 1
        ? 'One entry has waited more than a minute for a place in the audit log.'
        : `${text} entries have waited more than a minute for a place in the audit log.`,
    suspendedProtocol: protocol => `The protocol ${protocol} is suspended. Nothing passes.`,
    brokenProtocol: protocol => `The protocol ${protocol} is not usable.`,
  },
  balance: {
    title: day => `Balance of today, ${day}`,
    note: 'In items: a message with 200 tenants counts 200 items, a message without a list counts one. A day runs from 0 to 24 h UTC here.',
    empty: 'Nothing has come in today yet.',
    protocol: 'Protocol',
    none: 'without a known protocol',
    received: 'Received',
    accepted: 'Accepted',
    refused: 'Refused',
    delivered: 'Delivered',
    pending: 'Under way',
    parked: 'Parked',
    expired: 'Expired',
    withdrawn: 'Withdrawn',
    fits: 'Fits?',
    yes: 'fits',
    no: 'does not fit',
    rule: 'Received = accepted + refused. Accepted = delivered + under way + parked + expired + withdrawn.',
  },
  chart: {
    title: 'Messages per hour, last 24 hours',
    description: (total, accepted, refused) =>
      `In the last 24 hours ${total} messages came in: ${accepted} accepted, ${refused} refused.`,
    accepted: 'Accepted',
    refused: 'Refused',
    hour: 'Hour',
    table: 'Show the figures in a table',
    caption: 'Messages per hour',
  },
  feedback: {
    title: 'Feedback',
    open: 'open',
    none: 'No feedback is open.',
    oldest: age => `The oldest has been open for ${age}.`,
    rest: (takenUp, closed) => `Taken up: ${takenUp}. Closed: ${closed}.`,
    late: 'Overdue feedback:',
    lateAt: (party, protocol, count) => `${party} (${protocol}): ${count}`,
  },
  waiting: {
    title: 'Hand-overs that wait',
    parked: 'parked',
    parkedSince: (count, text, age) => `${count === 1 ? '1 item' : `${text} items`}, since ${age}`,
    held: 'held',
    retrying: 'being tried again',
    awaitingPeriod: 'waiting for the end of the period',
  },
  exceptions: {
    title: 'Exceptions',
    open: 'open',
    none: 'No exception is open.',
    since: (kind, age) => `${kind} (since ${age})`,
    between: parties => `It is about ${parties.join(' and ')}.`,
    contests: 'The same tenant at two housing companies, the past 365 days:',
    contest: (party, involved, left) =>
      `${party}: ${involved} times, of which ${left} times the other remained.`,
  },
  checkpoint: {
    title: 'Audit log',
    entries: 'entries in the last checkpoint',
    none: 'There is no checkpoint yet.',
    signed: age => `Last signed: ${age} ago.`,
    waiting: (count, text) =>
      count === 1
        ? 'One entry waits for the next checkpoint.'
        : `${text} entries wait for the next checkpoint.`,
    check: 'Verify the audit log',
  },
  protocols: {
    title: 'Protocols',
    none: 'There is no protocol yet. Without a protocol nothing about a person passes.',
    name: 'Protocol',
    version: 'Version',
    state: 'State',
  },
}
