import type { Remark, Severity } from '../finding.ts'

/** One rule of the lint: how much it weighs, what it says, and where it comes from. */
export interface Rule {
  severity: Severity
  /** In words; the text of a finding, unless the rule gives one of its own for the place. */
  rule: string
  source: string
}

const CALL =
  'The call: not taking up the offer of VDAB is not punished. Huisbrug: nothing VDAB says goes to who supervises, checks or punishes, nor to third parties'
const DENY_LIST =
  'The deny list of Huisbrug, after the lists of the concept note, VIONA and the call'
const ANNEX_1 = 'The call, Annex 1: these categories are counted, never told of one person'
const INVARIANT = 'Huisbrug: no national number is stored or sent'
const OWN_PARTS = 'A document refers to its own parts only'
const EXECUTED = 'What this version of Huisbrug can execute'
const PATTERNS = 'Huisbrug: the patterns that a message type may have'
const PRECONDITIONS = 'Huisbrug: a precondition is checked on the fields of an item'
const WIRE = 'schemas/'
const DECREE = 'Art. 8 of the e-government decree of 18 July 2008'
const ART_5 = 'GDPR art. 5(1)(e): no longer than necessary'
const MINIMAL = 'GDPR art. 5(1)(c): limited to what is necessary'
const ROUNDING = 'Huisbrug: numbers below five can point at a person'
const HONEST = 'Huisbrug: who signs must see what was never really agreed'

const refused = (rule: string, source: string): Rule => ({ severity: 'refused', rule, source })
const incomplete = (rule: string, source: string): Rule => ({
  severity: 'incomplete',
  rule,
  source,
})
const warning = (rule: string, source: string): Rule => ({ severity: 'warning', rule, source })

/** Every rule of the lint, by code. docs/protocol-rules.md is written from this table. */
export const RULES = {
  // Who receives
  'recipient-is-supervisor': refused(
    'a supervisor, someone who checks or punishes, or a third party may never receive',
    CALL,
  ),
  'unknown-function': refused('a receiving function is one that its kind of party may have', CALL),
  'onward-transfer': refused('nothing may be passed on', CALL),
  'no-such-recipient': refused('there is no such recipient in the document', OWN_PARTS),
  'recipient-elsewhere': refused(
    'the receiving function is at another kind of party than the message goes to',
    CALL,
  ),
  'feedback-not-to-sensitising': refused(
    'what VDAB says about a person goes to the function that sensitises (at a welfare office: or guides), and to no other',
    CALL,
  ),
  // What is exchanged
  'denied-data': refused('this datum may not be exchanged', DENY_LIST),
  'annex-1-category': refused('a category of Annex 1 may not be told of one person', ANNEX_1),
  'free-text': refused('free text may not be exchanged', DENY_LIST),
  'hidden-characters': refused(
    'a name is written in visible Latin letters, so that it says what it seems to say',
    DENY_LIST,
  ),
  'sensitive-data': refused(
    'what the parties themselves call sensitive may not be exchanged',
    DENY_LIST,
  ),
  'special-without-ground': refused(
    'special or criminal data need a ground of art. 9 or 10 GDPR under one of their purposes',
    'GDPR art. 9 and 10',
  ),
  'no-necessity': refused('each datum says why it is necessary', MINIMAL),
  'no-retention': refused('each datum says how long it is kept, and why', ART_5),
  'code-list': refused('a code has a code list, and nothing else has one', DENY_LIST),
  'unknown-code': refused(
    'a field that the gateway knows has no other codes than the gateway knows',
    'schemas/common.json',
  ),
  'not-pseudonymised': refused(
    'what points at a person leaves the gateway as a pseudonym only',
    INVARIANT,
  ),
  'field-taken': refused('the gateway uses this name itself', WIRE),
  'reference-leaves': refused("a housing company's own reference stays in the gateway", INVARIANT),
  'field-form': refused('a field that the gateway knows has the format that it knows', WIRE),
  // Why it is exchanged
  'purpose-without-basis': refused(
    'a purpose rests on at least one ground, of which one of the communication',
    `${DECREE}; GDPR art. 6`,
  ),
  // How the parts fit
  twice: refused('an id is there once', OWN_PARTS),
  'no-such-part': refused('what a document names, it holds', OWN_PARTS),
  directions: refused('the directions of a datum are those of its message types', OWN_PARTS),
  'field-twice': refused('two data elements of a message type do not share a field', OWN_PARTS),
  'domain-name': refused(
    'the pseudonym domain is the protocol id and its major version',
    'Huisbrug: D = id/major/epoch',
  ),
  'missing-section': refused(
    'a framework says who may accede; an exchange under a deliberation names it',
    OWN_PARTS,
  ),
  'section-elsewhere': refused('only a framework says who may accede', OWN_PARTS),
  'too-few-parties': refused(
    'an exchange has two parties at least; only a framework waits for those who accede',
    DECREE,
  ),
  'advice-of-stranger': incomplete(
    'an advice is that of the officer of a party; only in a framework it may be for those who accede',
    DECREE,
  ),
  'one-party-accedes': refused(
    'an accession has exactly one party with the role acceding',
    'One housing company, one declaration of accession',
  ),
  'framework-unbound': warning(
    'an accession names the digest of the text that it joins, so that nobody can change it under the same version',
    DECREE,
  ),
  'kbo-check-number': refused(
    'the enterprise number has a correct check number',
    'KBO: ten digits, the last two are 97 - (first eight mod 97)',
  ),
  'ends-before-start': refused('a document does not end before it begins', DECREE),
  // What can be executed
  'pattern-direction': refused(
    'a request goes to the employment service; an answer and counts come from it; an event and a withdrawal go between it and another party',
    PATTERNS,
  ),
  'one-request': refused(
    'where counts are granted, one type of request: its numbers are added up per month',
    PATTERNS,
  ),
  'row-too-long': refused(
    'what a request tells of a person fits in a sealed row of 128 bytes, so that all rows look alike',
    PATTERNS,
  ),
  'answer-without-request': refused(
    'an answer answers a request of the document, and so do counts that answer anything',
    PATTERNS,
  ),
  'progress-without-event': refused('a progress report follows an event of the document', PATTERNS),
  'answer-wrong-way': refused('an answer goes back to who asked', PATTERNS),
  'answered-twice': refused('one message type is answered by one other at most', PATTERNS),
  'request-without-person': refused(
    "a request carries a national number and the sender's own reference",
    PATTERNS,
  ),
  'event-without-person': refused(
    "an event from the employment service carries a pseudonym and no reference; one from another party carries the sender's own reference",
    PATTERNS,
  ),
  'answer-without-result': refused('an answer carries the id of a row, or a number', PATTERNS),
  'progress-without-status': refused('progress carries the fields status and on', PATTERNS),
  'withdrawal-without-reference': refused(
    "a withdrawal carries the sender's own reference",
    PATTERNS,
  ),
  'counts-about-persons': refused('counts carry nothing that points at a person', PATTERNS),
  'one-number': refused(
    'counts carry exactly one number, as only that one goes through disclosure control',
    'Huisbrug: counts are rounded and small ones withheld',
  ),
  'known-type': refused('a message type that the gateway knows by name has its pattern', WIRE),
  'no-blind-form': refused(
    'where senders make the pseudonyms, a request has one national number, and no field tag, secret or subjectTag',
    PATTERNS,
  ),
  'precondition-field': refused(
    'a precondition names a field of its message type that has the format it needs',
    PRECONDITIONS,
  ),
  'precondition-type': refused(
    'a precondition names an enabled withdrawal that the same kind of party sends and that has no other effect',
    PRECONDITIONS,
  ),
  'precondition-unchecked': refused(
    'only a request, or an event of another party than the employment service, has preconditions',
    EXECUTED,
  ),
  // What is still missing
  'missing-advice': incomplete(
    'the officer of each party advises; in a framework also one for those who accede',
    DECREE,
  ),
  'advice-not-reasoned': incomplete('who does not follow an advice says why', DECREE),
  // What is unwise
  'sample-document': warning('this is a sample document', HONEST),
  'fictional-ground': warning('this ground is fictional', HONEST),
  'definition-names-denied': warning(
    'the definition speaks of something that may not be exchanged',
    DENY_LIST,
  ),
  'description-names-denied': warning(
    'the description speaks of a supervisor, of who checks or punishes, or of a third party',
    CALL,
  ),
  'person-answer-to-policy': warning(
    'an answer per person goes to a function that needs numbers only',
    MINIMAL,
  ),
  'unused-element': warning('no enabled message type uses this datum', MINIMAL),
  'type-without-elements': warning('this enabled message type carries no datum', OWN_PARTS),
  'unlimited-retention': warning('a datum is kept for a limited time', ART_5),
  'retention-differs': warning(
    'the retention in words is another than the modalities have the gateway execute',
    ART_5,
  ),
  'ceiling-above-register': warning(
    'a ceiling is no higher than the largest register that a party attests',
    MINIMAL,
  ),
  'ceilings-out-of-order': warning(
    'a message holds no more than a day, and a day no more than an epoch',
    MINIMAL,
  ),
  'blind-without-quota': warning(
    'a party that must make the pseudonyms itself has a quota of evaluations',
    EXECUTED,
  ),
  'small-threshold': warning('the smallest number shown is at least five', ROUNDING),
  'route-too-short': warning(
    'a route lasts at least until an answer is due and feedback is overdue',
    'Huisbrug: without a route nothing reaches the housing company',
  ),
  'no-persons-estimated': warning('each target group has an estimated number above zero', DECREE),
  'late-review': warning('a document is reviewed within three years of its start', ART_5),
  'review-outside': warning('the review lies after the start and not after the end', DECREE),
  'advice-after-start': warning('an advice is given before the exchange begins', DECREE),
  'odd-advice': warning(
    'an unfavourable advice that is followed, a favourable one that is not, conditions that are not named',
    DECREE,
  ),
  'insecure-url': warning('an address begins with https', 'GDPR art. 32'),
} as const satisfies Readonly<Record<string, Rule>>

/** The code of a rule of the lint. */
export type RuleCode = keyof typeof RULES

/** A finding of a rule at a place in the document, in the words of the rule unless others are given. */
export function broken(code: RuleCode, path: string, text: string = RULES[code].rule): Remark {
  const { severity, source } = RULES[code]
  return { code, severity, path, text, source }
}

/** A finding where something is wrong; nothing where not. */
export function unless(right: boolean, code: RuleCode, path: string, text?: string): Remark[] {
  return right ? [] : [broken(code, path, text)]
}
