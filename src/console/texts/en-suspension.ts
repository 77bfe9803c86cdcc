import type { suspension as nl } from './nl-suspension.ts'

const messages = (count: number, text: string): string =>
  count === 1 ? '1 message' : `${text} messages`

/** Words of suspending and resuming a protocol. */
export const suspension: typeof nl = {
  suspend: {
    title: 'Suspend this protocol',
    lead: 'After a suspension nothing passes under this protocol. What is under way waits. The parties are told.',
    framework:
      'This is a framework protocol: nothing passes for any of the parties that acceded either.',
    button: 'Suspend…',
    confirmTitle: title => `Suspend: ${title}`,
    effect: (count, text) =>
      count === 0
        ? 'No messages are under way now. Nothing will be held.'
        : `${messages(count, text)} will be held until you resume the protocol.`,
    effects: [
      'Within one second nothing passes any more, in any part of Huisbrug.',
      'New messages about persons get the answer 503: try again later.',
      'The times to answer stand still. Nothing is lost.',
    ],
    yes: 'Yes, suspend',
    done: 'The protocol is suspended.',
    doneText: (count, text) =>
      count === 0 ? 'No messages were under way.' : `${messages(count, text)} will be held.`,
  },
  resume: {
    title: 'Resume this protocol',
    lead: 'After resuming, everything passes again, also what was held meanwhile. The parties are told.',
    framework:
      'This is a framework protocol: it applies to all parties that acceded and are not suspended themselves.',
    button: 'Resume…',
    confirmTitle: title => `Resume: ${title}`,
    effect: (count, text) =>
      count === 0
        ? 'No messages are held now.'
        : `${messages(count, text)} ${count === 1 ? 'goes' : 'go'} on.`,
    effects: [
      'Within seconds everything passes again.',
      'New messages are accepted again.',
      'The times to answer run on.',
    ],
    yes: 'Yes, resume',
    done: 'The protocol is resumed.',
    doneText: (count, text) =>
      count === 0
        ? 'No messages were held.'
        : `${messages(count, text)} ${count === 1 ? 'goes' : 'go'} on.`,
  },
  still:
    'The file signatures.json suspends the protocol too. It stays suspended until you end that there.',
  told: who => `These parties are told: ${who}.`,
  toldNone: 'There is no registered party to be told.',
  reason: 'Reason',
  reasonHint:
    'About the protocol, never about a person. The parties get this text. At most 500 characters.',
  reasonHintResume:
    'About the protocol, never about a person. This text is in the audit log. At most 500 characters.',
  givenReason: 'Your reason',
  cancel: 'Do not do this, go back',
  back: 'Back to the protocol',
  heading: 'Suspended',
  since: 'Since',
  by: 'By',
  inFile: 'This suspension is in the file signatures.json. You end it there.',
  faults: {
    unknown: 'This protocol no longer exists.',
    unreadable: 'The document cannot be read. Nothing passes now.',
    ended: 'This protocol has ended. There is nothing left to suspend.',
    'already-suspended': 'This protocol is suspended already. Nothing has changed.',
    'not-suspended': 'This protocol is not suspended. Nothing has changed.',
    'suspended-in-file': 'This suspension is in the file signatures.json. You end it there.',
    reason:
      'Give a reason of 1 to 500 visible characters, without a national number. It is about the protocol, not about a person.',
    party: 'This party may not suspend this protocol.',
  },
}
