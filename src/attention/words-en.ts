import type { AttentionWords } from './words.ts'

const whole = new Intl.NumberFormat('en-GB')
const n = (count: number, one: string, more: string): string =>
  count === 1 ? `One ${one}` : `${whole.format(count)} ${more}`

/** What is told, in plain English. */
export const english: AttentionWords = {
  subject: (alarms, warnings) => {
    const points = warnings === 1 ? '1 point needs' : `${whole.format(warnings)} points need`
    if (alarms === 0) return `Huisbrug: ${points} attention`
    const grave = alarms === 1 ? 'alarm' : `${whole.format(alarms)} alarms`
    return `Huisbrug: ${grave}${warnings > 0 ? `, and ${points} attention` : ''}`
  },
  lead: 'The gateway asks for your attention.',
  severities: { alarm: 'Alarm', warning: 'Attention' },
  since: moment => `Since ${moment}.`,
  ended: 'This is over by now.',
  look: 'Look at it:',
  all: 'All that needs attention:',
  why: 'You get this message because your address is in the settings of the gateway. It holds nothing about persons.',
  test: 'This is a test message. Nothing is the matter.',
  testSubject: 'Huisbrug: test message',
  kinds: {
    'out-of-balance': count =>
      `${n(count, 'day is', 'days are')} out of balance: what came in does not match what became of it. Stop the exchange.`,
    'disclosures-stopped': () =>
      'The exchange stands still: evidence gets no signed place in the audit log.',
    'log-rolled-back': () =>
      'The exchange stands still: the audit log is older than what was published.',
    'evidence-late': () =>
      'Evidence has waited more than a minute for a place in the audit log. The last checkpoint gets too old.',
    'witness-alarm': (_count, about) =>
      `The witness ${about} saw another history of the audit log.`,
    'probe-late': count =>
      `${n(count, 'test message does', 'test messages do')} not arrive in time: the gateway delivers too slowly or not at all.`,
    'protocol-broken': (_count, about) => `The protocol ${about} is not usable. Nothing passes.`,
    'protocol-ended': (_count, about) =>
      `The protocol ${about} is no longer in force: it has ended or was revoked.`,
    'person-request-overdue': count =>
      `${n(count, 'request of a person was', 'requests of persons were')} not answered in time.`,
    'protocol-suspended': (_count, about) =>
      `The protocol ${about} is suspended. What is under way waits.`,
    'protocol-review': (_count, about) =>
      `The protocol ${about} has to be reviewed: the date has passed, or is within sixty days.`,
    'protocol-ending': (_count, about) => `The protocol ${about} ends within sixty days.`,
    'person-request-due': count =>
      `${n(count, 'request of a person has', 'requests of persons have')} to be answered within a week.`,
    'witnesses-missing': () => 'The audit log has too few signatures of witnesses.',
    'timestamps-failing': () => 'The audit log gets no timestamp from the timestamp authority.',
    parked: (count, about) =>
      `${n(count, 'hand-over', 'hand-overs')} to ${about} ${count === 1 ? 'is' : 'are'} parked and ${count === 1 ? 'waits' : 'wait'} for a person.`,
    'two-current-routes': count =>
      `${n(count, 'feedback waits', 'feedbacks wait')}: two housing companies have the same tenant.`,
    'quota-burst': count =>
      `${n(count, 'time', 'times')} a party had more pseudonyms computed in a day than agreed.`,
    'party-disabled': count =>
      `${n(count, 'party is', 'parties are')} disabled: what is meant for them waits.`,
    'webhook-gone': count =>
      `${n(count, 'webhook takes', 'webhooks take')} nothing any more: the notifications wait in the inbox.`,
    'exception-other': (count, about) =>
      `${n(count, 'exception is', 'exceptions are')} open (${about}).`,
    'calls-failing': (_count, about) =>
      `${about} has not answered what the gateway sends for an hour.`,
    'webhook-failing': (_count, about) => `The webhook of ${about} has not answered for an hour.`,
    'party-keys-ending': (_count, about) => `The last key of ${about} ends within a month.`,
    'access-refused': count =>
      `There were ${whole.format(count)} attempts without access in an hour.`,
  },
}
