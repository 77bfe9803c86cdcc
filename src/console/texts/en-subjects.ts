import { format } from '../format.ts'
import type { subjects as nl } from './nl-subjects.ts'

const of = (count: number, one: string, many: string): string =>
  count === 1 ? `1 ${one}` : `${format.number(count)} ${many}`

const ERASED: Readonly<Record<string, readonly [one: string, many: string]>> = {
  results: ['answer about the person', 'answers about the person'],
  rows: ['sealed row that waits for an answer', 'sealed rows that wait for an answer'],
  outgoing: ['item that is ready to leave', 'items that are ready to leave'],
  feedback: ['feedback: content and pseudonym', 'feedbacks: content and pseudonym'],
  routes: ['reference to a housing company or OCMW', 'references to a housing company or OCMW'],
  memberships: ['place in the list of a month', 'places in the list of a month'],
  participations: ['signed participation', 'signed participations'],
  objections: ['objection', 'objections'],
  formerRestrictions: ['lifted restriction', 'lifted restrictions'],
  details: [
    'note beside evidence about this person alone',
    'notes beside evidence about this person alone',
  ],
  commitments: [
    'reference to the person in the evidence',
    'references to the person in the evidence',
  ],
  approvals: ['question to a second person', 'questions to a second person'],
}

/** Words of the requests of persons. */
export const subjects: typeof nl = {
  title: 'Access and other rights',
  lead: 'A person asks what was shared about them, or asks to stop that. You register the request under a case number. Who the person is, is nowhere.',
  open: 'Open requests',
  noneOpen: 'There is no open request.',
  closed: 'Closed requests, the last first',
  caseRef: 'Case number',
  right: 'Right',
  received: 'Received on',
  due: 'Answer before the end of',
  left: days => {
    if (days === 0) return 'today is the last day'
    if (days < 0) return days === -1 ? '1 day late' : `${-days} days late`
    return days === 1 ? '1 day left' : `${days} days left`
  },
  extended: 'extended',
  outcome: 'Outcome',
  closedOn: 'Closed on',
  firstOnly: count => `The first ${count} are shown.`,
  register: 'Register a request',
  registerButton: 'Register',
  registered: 'The request is registered. You can handle it below.',
  caseHint: 'The number in your own register, such as 2026-014. Never a name or national number.',
  question: 'What is asked?',
  questionHint:
    'In one or two sentences, never about whom. This is the reason of all you do for this request. At most 430 characters.',
  kinds: {
    access: 'Access (art. 15)',
    rectification: 'Rectification (art. 16)',
    erasure: 'Erasure (art. 17)',
    restriction: 'Restriction (art. 18)',
    objection: 'Objection (art. 21)',
  },
  outcomes: {
    granted: 'done as asked',
    partly: 'done in part',
    refused: 'refused, with reasons to the person',
    withdrawn: 'the person withdrew it',
  },
  faults: {
    case: 'Give a case number of 1 to 64 letters, digits, points, dashes or slashes, without a national number.',
    taken: 'This case number exists. Choose another, or open the request in the list.',
    kind: 'Choose one of the rights.',
    received: 'Give a date that exists, not after today.',
    reason: 'Give 1 to 430 characters, without a national number.',
    unknown: 'This request does not exist.',
    closed: 'This request is closed already. Nothing was changed.',
    extended: 'The term was extended already. That can be done once.',
    late: 'The term is over. It can be extended only within the first month.',
    outcome: 'Choose how the request ended.',
  },
  done: { verlengen: 'The term is extended.', afsluiten: 'The request is closed.' },
  one: {
    title: caseRef => `Request ${caseRef}`,
    back: 'Back to all requests',
    facts: 'About this request',
    extension: 'Reason of the extension',
    act: 'Handle the request',
    number: 'National number of the person',
    numberHint:
      'Eleven digits. The gateway uses the number now and forgets it: it is nowhere, nor in an address or log.',
    period: 'Look up one period only',
    from: 'From',
    until: 'Up to and including',
    actNote:
      'Searching is an entry of the audit log, which the person sees later. Buttons with … first show what will happen.',
    rectification:
      'The gateway itself keeps no data to correct. Look up who got them, and ask there: the housing company or VDAB.',
    waiting: what => `Waits for a second person: ${what}.`,
    approved: what => `Approved by a second person: ${what}. Type the number and do it now.`,
    extend: 'Extend the term',
    extendText: day =>
      `Once, by two months: until ${day}. The person must get the reason within the first month.`,
    extendReason: 'Reason that the person gets',
    extendButton: 'Extend',
    close: 'Close the request',
    closeText: 'Do this once the person has an answer.',
    closeButton: 'Close',
  },
  wrongNumber: 'This is no valid national number. Type the eleven digits again.',
  otherNumber:
    'This is another number than just now, or you looked too long ago. Nothing was changed: begin again.',
  waits:
    'This takes two people. Your question is at Approvals now, without saying about whom. Is it approved? Then type the number here again.',
  acts: {
    tonen: { button: 'Show what was shared' },
    pdf: { button: 'Make a PDF' },
    beperken: {
      button: 'Restrict…',
      confirm: 'Restrict: are you sure?',
      yes: 'Yes, restrict',
      done: 'The processing is restricted.',
    },
    opheffen: {
      button: 'Lift restriction…',
      confirm: 'Lift the restriction: are you sure?',
      yes: 'Yes, lift',
      done: 'The restriction is lifted.',
    },
    wissen: {
      button: 'Erase…',
      confirm: 'Erase: are you sure?',
      yes: 'Yes, erase',
      done: 'The data are erased.',
    },
  },
  what: 'What will happen',
  happened: 'What happened',
  again: 'Type the same national number once more',
  againHint: 'So you are sure to hit nobody else. The gateway did not keep it.',
  cancel: 'Do not, go back',
  backToCase: 'Back to the request',
  tellRestriction: ({ handOvers, items, inHand }, isDone) => [
    isDone
      ? 'Nothing is exchanged about this person any more, until the restriction is lifted.'
      : 'Nothing will be exchanged about this person, in any protocol, until the restriction is lifted.',
    handOvers === 0
      ? 'Nothing about this person is under way.'
      : `From ${of(handOvers, 'hand-over that is under way', 'hand-overs that are under way')} ${of(items, 'item about the person', 'items about the person')} ${isDone ? 'was taken out' : 'will be taken out'}.`,
    ...(inHand > 0
      ? [
          `${of(inHand, 'hand-over is leaving right now and', 'hand-overs are leaving right now and')} may still arrive.`,
        ]
      : []),
    'Word that someone must stop processing does go on.',
    'VDAB notices nothing of the restriction itself. The housing company sees that an item about this person is refused.',
  ],
  tellLift: (since, isDone) => [
    `The restriction has been there since ${format.moment(since)}. It ${isDone ? 'is' : 'will be'} lifted.`,
    'What the protocols allow can be done again. What was stopped is not sent after all.',
  ],
  tellErasure: ({ erased, withdrawn, remains }, isDone) => {
    const kinds = Object.entries(erased).filter(([, count]) => count > 0)
    const list = kinds.map(([kind, count]) => {
      const words = ERASED[kind]
      return words ? of(count, ...words) : `${count} ${kind}`
    })
    return [
      list.length === 0
        ? 'There is nothing about this person to erase.'
        : `${isDone ? 'Erased' : 'This will be erased, for good'}: ${list.join('; ')}.`,
      ...(withdrawn.items > 0
        ? [
            `What is under way ${isDone ? 'was' : 'will be'} withdrawn: ${of(withdrawn.items, 'item', 'items')}.`,
          ]
        : []),
      `What remains: ${of(remains.entries, 'entry', 'entries')} of the evidence, for evidence must not change. Nobody can see any more about whom they are: the keys for that go.`,
      `What remains as a number, without anything of the person: ${of(remains.feedback, 'feedback', 'feedbacks')}, ${of(remains.memberships, 'place in a monthly list', 'places in monthly lists')}, and numbers that were published.`,
      ...(remains.restriction
        ? ['What remains: the restriction of the processing. Without its mark it would not work.']
        : [
            'A later request that a protocol allows is not stopped. Do you want that too? Then restrict first.',
          ]),
      'Backups hold the data until their retention is over. What partners got, they erase themselves.',
    ]
  },
  usage: {
    title: 'What was shared about this person',
    caption: 'What happened, newest first',
    count: count => of(count, 'use of data', 'uses of data'),
    period: (from, until) => `From ${from} to ${until}.`,
    noted: 'That you looked this up is in the audit log now. The person sees that too.',
    none: 'Nothing was found: the audit log says nothing about this person in that period.',
    when: 'When',
    what: 'What happened',
    who: 'Who got the data',
    data: 'Which data',
    why: 'Why and on which ground',
    proof: 'Proof',
    ours: 'nobody else: this stayed in the gateway',
    kbo: number => `enterprise number ${number}`,
    noData: 'none',
    protocol: (id, version) => `protocol ${id}, version ${version}`,
    reason: 'Reason given',
    line: index => `Entry ${index}`,
    more: count => `The newest ${count} are shown. Search the older ones with another period.`,
    pdf: 'As a PDF for the person',
  },
}
