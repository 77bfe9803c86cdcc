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
    requestsOverdue: (count, text) =>
      count === 1
        ? 'One request of a person is late: the month is over.'
        : `${text} requests of persons are late: the month is over.`,
    requestsSoon: (count, text) =>
      count === 1
        ? 'One request of a person must be answered within a week.'
        : `${text} requests of persons must be answered within a week.`,
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
    witnessAlarm: name => `The witness ${name} saw another history of the audit log.`,
    witnessMissing: 'Fewer witnesses than required cosign the audit log.',
    reviewSoon: (protocol, day) => `The protocol ${protocol} is to be reviewed on ${day}.`,
    reviewOver: (protocol, day) => `The protocol ${protocol} should have been reviewed on ${day}.`,
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
  refusals: {
    title: 'Why refused, against last week',
    note: 'In items, the last seven days with today, against the seven days before. The code is that of the first refusal of each message.',
    none: 'Nothing was refused in fourteen days.',
    caption: 'Refusals by rule',
    code: 'Code',
    why: 'Rule',
    week: 'This week',
    before: 'Last week',
    change: 'Difference',
    other: 'Single items of a message that was accepted otherwise.',
    noCode: 'no code',
    see: code => `See the entries of the audit log with ${code}`,
  },
  quotas: {
    title: 'Quotas of pseudonyms',
    none: 'No party has a quota.',
    share: percent => `${percent} % used`,
    all: 'All quotas',
  },
  vouching: {
    last: age => `Last cosigned by a witness: ${age} ago.`,
    never: 'No witness has cosigned yet.',
    off: 'No witnesses are set.',
    stamp: day => `Last timestamp: ${day}.`,
    noStamp: 'There is no timestamp yet.',
    stampFault: 'The timestamp of today fails.',
    see: 'See the integrity',
  },
  review: {
    title: 'To be reviewed soon',
    line: day => `to be reviewed on ${day}`,
    over: day => `should have been reviewed on ${day}`,
  },
  feedback: {
    all: 'Feedback per housing company',
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
    all: 'All exceptions',
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
