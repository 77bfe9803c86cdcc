import type { parked as nl } from './nl-parked.ts'

const items = (count: number, text: string): string => (count === 1 ? '1 item' : `${text} items`)
const handOvers = (count: number, text: string): string =>
  count === 1 ? '1 hand-over' : `${text} hand-overs`

/** Words of resuming and closing what is parked. */
export const parked: typeof nl = {
  title: 'Parked',
  heading: 'Parked: what should become of it?',
  lead: 'The gateway gave this up for now and waits for you. Resuming tries it again, with all attempts. Closing withdraws it for good and erases the content.',
  caption: 'What is parked, longest first',
  destination: 'To',
  items: 'Items',
  why: 'Why',
  since: 'Parked',
  age: span => `${span} ago`,
  erased: 'The content has been erased: you can only close this.',
  firstOnly: count => `The first ${count} are shown.`,
  none: 'Nothing of this message is parked.',
  reason: 'Reason',
  reasonHint:
    'Why you decide this, never about a person. This is evidence, and can be erased later. At most 500 characters.',
  givenReason: 'Your reason',
  back: 'Back to the message',
  overview: 'Back to the overview',
  cancel: 'Do not do this, go back',
  resume: {
    button: 'Resume…',
    confirm: 'Resume: are you sure?',
    done: 'The message has been resumed.',
    yes: 'Yes, resume',
    effect: (n, text, ways, waysText) =>
      `This is about ${items(n, text)} in ${handOvers(ways, waysText)}.`,
    effects: [
      'The gateway tries again within seconds, and later as often as for a new message.',
      'The protocol is asked first whether it is still allowed.',
    ],
  },
  close: {
    button: 'Close…',
    confirm: 'Close: are you sure?',
    done: 'The message has been closed.',
    yes: 'Yes, close',
    effect: (n, text, ways, waysText) =>
      `This is about ${items(n, text)} in ${handOvers(ways, waysText)}.`,
    effects: [
      'This will never arrive. The content is erased. You cannot undo this.',
      'The sender sees that it was withdrawn.',
    ],
  },
  gone: text =>
    `The content of ${text} others has been erased already. They stay parked until you close them.`,
  faults: {
    unknown: 'This message does not exist, or nothing of it went on.',
    resumed: 'Someone else has already resumed this. Nothing has changed.',
    closed: 'Someone else has already closed this. Nothing has changed.',
    'not-parked': 'This is no longer parked. Nothing has changed.',
    gone: 'The content has been erased. You can only close this.',
    reason:
      'Give a reason of 1 to 500 visible characters, without a national number. It is not about a person.',
  },
  waits: id =>
    `This waits for a second person (${id}). Once approved, you can do it under Approvals.`,
  refusals: {
    'HB-420':
      'The approval no longer fits: it was used or has expired, or something else is parked now. Ask for it again.',
    'HB-421': 'The second person refused this. Nothing has changed.',
  },
  at: moment => `That happened on ${moment}.`,
}
