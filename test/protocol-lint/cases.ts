import type { Agreement } from '../../src/protocol/document.ts'
import type { RuleCode } from '../../src/protocol/lint/rules.ts'
import {
  addElement,
  drop,
  element,
  found,
  message,
  recipient,
  takeFrom,
  withPreconditions,
} from './base.ts'

type Change = (document: Agreement) => unknown

/** A change that breaks exactly one rule, and the nearest change that breaks none. */
export type Pair = readonly [wrong: Change, right: Change]

const set =
  <Part extends object>(part: (document: Agreement) => Part, values: object): Change =>
  document =>
    Object.assign(part(document), values)

const of = (field: string) => (document: Agreement) => element(document, field)
const type = (name: string) => (document: Agreement) => message(document, name)
const at = (id: string) => (document: Agreement) => recipient(document, id)
const advice = (document: Agreement) => found(document.dpoAdvice[0])
const modalities = (document: Agreement) => document.modalities
const ceilings = (document: Agreement) => document.periodicity.ceilings
const duration = (document: Agreement) => document.duration
const extra = (changes: Parameters<typeof addElement>[1]) => (document: Agreement) =>
  addElement(document, changes)
const coded = (code: string, label: string) => ({
  format: 'code' as const,
  codes: [{ code, label }],
})
const ASKED = {
  messageTypes: ['detection.request'],
  directions: [{ from: 'housing-company', to: 'employment-service' }],
  purposes: ['detection'],
} as unknown as Parameters<typeof addElement>[1]
const COUNTED = {
  messageTypes: ['steps.counts'],
  purposes: ['detection'],
} as unknown as Parameters<typeof addElement>[1]

/** Rules that only an accession can break: tested by themselves. */
export const OF_ACCESSIONS = ['one-party-accedes', 'framework-unbound'] as const
type OfAccessions = (typeof OF_ACCESSIONS)[number]

/** One pair for every rule that a framework can break, by code. */
export const PAIRS: Readonly<Record<Exclude<RuleCode, OfAccessions>, Pair>> = {
  'recipient-is-supervisor': [
    set(at('sensibilisering'), { name: 'Dienst Toezicht' }),
    set(at('sensibilisering'), { name: 'Dienst Bewoners' }),
  ],
  'unknown-function': [
    set(at('doelgroepbeheer'), { function: 'guidance' }),
    set(at('doelgroepbeheer'), { function: 'sensitising' }),
  ],
  'onward-transfer': [
    set(one => recipient(one, 'sensibilisering').onward, { allowed: true }),
    set(one => recipient(one, 'sensibilisering').onward, { allowed: false }),
  ],
  'no-such-recipient': [
    set(type('tenancy.ended'), { recipient: 'niemand' }),
    set(type('tenancy.ended'), { recipient: 'klantenbestand' }),
  ],
  'recipient-elsewhere': [
    set(type('detection.request'), { recipient: 'sensibilisering' }),
    set(type('detection.request'), { recipient: 'stopzetting' }),
  ],
  'feedback-not-to-sensitising': [
    set(type('feedback.reachability'), { recipient: 'doelgroepbeheer' }),
    set(type('steps.counts'), { recipient: 'sensibilisering' }),
  ],
  'denied-data': [set(of('persons'), { label: 'Schulden' }), set(of('persons'), { label: 'Som' })],
  'annex-1-category': [
    extra(coded('yes', 'ingeschreven bij VDAB')),
    extra({ ...coded('yes', 'ingeschreven bij VDAB'), ...COUNTED }),
  ],
  'free-text': [extra({ format: 'text' }), extra({ format: 'month' })],
  'hidden-characters': [
    set(of('persons'), { label: 'Aantаl' }),
    set(of('persons'), { label: 'Aantál' }),
  ],
  'sensitive-data': [
    set(of('persons'), { class: 'sensitive' }),
    set(of('persons'), { class: 'national-id' }),
  ],
  'special-without-ground': [
    set(of('persons'), { class: 'special' }),
    one => {
      element(one, 'persons').class = 'criminal'
      found(one.legalBasis[1]).specialCategoryGround = 'art. 9(2)(g) AVG'
    },
  ],
  'no-necessity': [
    set(of('persons'), { necessity: 'n.v.t.' }),
    set(of('persons'), { necessity: 'Zonder aantal is er geen evaluatie.' }),
  ],
  'no-retention': [
    set(of('persons'), { retention: { period: '3 jaar', why: '-' } }),
    set(of('persons'), { retention: { period: '3 jaar', why: 'De evaluatie.' } }),
  ],
  'code-list': [one => delete element(one, 'step').codes, set(of('step'), coded('work', 'werk'))],
  'unknown-code': [
    one => element(one, 'reachability').codes?.push({ code: 'moved', label: 'verhuisd' }),
    one => element(one, 'reachability').codes?.pop(),
  ],
  'not-pseudonymised': [
    set(of('tag'), { transformation: 'plain' }),
    set(of('establishedOn'), { transformation: 'coarsened' }),
  ],
  'field-taken': [set(of('persons'), { field: 'nonce' }), set(of('persons'), { field: 'once' })],
  'reference-leaves': [
    set(of('tenantRef'), { reaches: 'recipient' }),
    set(of('tenantGround'), { reaches: 'gateway' }),
  ],
  'field-form': [set(of('endedOn'), { format: 'month' }), extra({ format: 'month' })],
  'purpose-without-basis': [
    one => set(() => found(one.purposes[3]), { legalBasis: ['verwerking', 'inzameling'] })(one),
    one => set(() => found(one.purposes[3]), { legalBasis: ['verwerking', 'mededeling'] })(one),
  ],
  twice: [
    one => one.purposes.push({ ...found(one.purposes[0]) }),
    one => one.purposes.push({ ...found(one.purposes[0]), id: 'again' as never }),
  ],
  'no-such-part': [
    set(of('persons'), { purposes: ['detection', 'marketing'] }),
    set(of('persons'), { purposes: ['detection', 'refinement'] }),
  ],
  directions: [
    set(of('persons'), { directions: [{ from: 'housing-company', to: 'gateway' }] }),
    set(of('persons'), { directions: [{ from: 'employment-service', to: 'housing-company' }] }),
  ],
  'field-twice': [extra({ field: 'establishedOn' }), extra({ field: 'seenOn' })],
  'domain-name': [
    set(modalities, { domain: 'wm-vdab/2' }),
    one => Object.assign(one, { version: '1.9.9' }),
  ],
  'missing-section': [one => delete one.acceding, bilateral()],
  'section-elsewhere': [
    one => {
      const { acceding } = one
      bilateral()(one)
      Object.assign(one, { acceding })
    },
    bilateral(),
  ],
  'too-few-parties': [
    one => {
      bilateral()(one)
      one.parties.length = 1
      one.dpoAdvice.length = 1
    },
    bilateral(),
  ],
  'advice-of-stranger': [
    one => {
      bilateral()(one)
      one.dpoAdvice.push({ ...found(one.dpoAdvice[1]), party: 'leefgoed' })
    },
    bilateral(),
  ],
  'kbo-check-number': [
    one => Object.assign(found(one.parties[0]), { kbo: '0999000128' }),
    one => Object.assign(found(one.parties[0]), { kbo: '0316380841' }),
  ],
  'ends-before-start': [
    set(duration, { until: '2025-03-31' }),
    set(duration, { until: '2028-03-31' }),
  ],
  'pattern-direction': [
    endsAt('housing-company', 'sensibilisering'),
    endsAt('gateway', 'opvolging'),
  ],
  'one-request': [secondRequest(true), secondRequest(false)],
  'row-too-long': [
    extra({ ...ASKED, ...coded('x'.repeat(60), 'een code') }),
    extra({ ...ASKED, ...coded('x'.repeat(20), 'een code') }),
  ],
  'answer-without-request': [
    set(type('detection.answer'), { answers: 'tenancy.ended' }),
    set(type('detection.answer'), { answers: 'detection.request' }),
  ],
  'progress-without-event': [
    one => delete message(one, 'feedback.progress').answers,
    set(type('feedback.progress'), { answers: 'feedback.reachability' }),
  ],
  'answer-wrong-way': [
    progressFrom('welfare-office', 'gateway', 'opvolging'),
    progressFrom('housing-company', 'employment-service', 'stopzetting'),
  ],
  'answered-twice': [secondAnswer(true), secondAnswer(false)],
  'request-without-person': [one => drop(one, 'insz'), one => drop(one, 'tenantGround')],
  'event-without-person': [one => drop(one, 'tag'), one => drop(one, 'establishedOn')],
  'answer-without-result': [
    set(of('found'), { field: 'result', format: 'month' }),
    set(of('found'), { field: 'result' }),
  ],
  'progress-without-status': [one => drop(one, 'on'), set(of('on'), { format: 'date' })],
  'one-number': [extra({ ...COUNTED, format: 'count' }), extra({ ...COUNTED, format: 'boolean' })],
  'withdrawal-without-reference': [
    one => takeFrom(one, 'tenantRef', 'tenancy.ended'),
    one => drop(one, 'endedOn'),
  ],
  'counts-about-persons': [
    extra({ ...COUNTED, format: 'document-reference' }),
    extra({ ...COUNTED, format: 'month' }),
  ],
  'known-type': [
    set(type('tenancy.ended'), { pattern: 'event' }),
    one => {
      message(one, 'tenancy.ended').pattern = 'event'
      rename(one, 'tenancy.ended', 'lease.ended')
    },
  ],
  'no-blind-form': [
    one => {
      extra({ ...ASKED, field: 'secret', format: 'boolean' })(one)
      one.modalities.senderBlind = true
    },
    one => {
      extra({ ...ASKED, field: 'secrets', format: 'boolean' })(one)
      one.modalities.senderBlind = true
    },
  ],
  'precondition-field': [
    one => Object.assign(found(withPreconditions(one).participation), { dateField: 'signed' }),
    withPreconditions,
  ],
  'precondition-type': [
    one =>
      Object.assign(found(withPreconditions(one).objectionWindow), { objectedBy: 'steps.counts' }),
    one =>
      withPreconditions(one) &&
      Object.assign(message(one, 'tenant.objected'), { label: 'Een bezwaar' }),
  ],
  'precondition-unchecked': [
    one => {
      const objectionWindow = found(withPreconditions(one).objectionWindow)
      message(one, 'tenancy.ended').preconditions = {
        objectionWindow: { ...objectionWindow, announcedField: 'endedOn' },
      }
    },
    withPreconditions,
  ],
  'missing-advice': [
    one => one.dpoAdvice.pop(),
    one => Object.assign(found(one.dpoAdvice.at(-1)), { party: 'andere-woonmaatschappijen' }),
  ],
  'advice-not-reasoned': [
    set(advice, { followed: false, reasonNotFollowed: 'nvt' }),
    set(advice, { followed: false, reasonNotFollowed: 'De drempel volstaat.' }),
  ],
  'sample-document': [
    one => Object.assign(one, { sample: 'Een voorbeeld.' }),
    one => delete one.sample,
  ],
  'fictional-ground': [
    one => Object.assign(found(one.legalBasis[0]), { fictional: true }),
    one => Object.assign(found(one.legalBasis[0]), { fictional: false }),
  ],
  'definition-names-denied': [
    set(of('persons'), { definition: 'Hoeveel personen schulden hebben.' }),
    set(of('persons'), { definition: 'Hoeveel personen. Zegt niets over schulden.' }),
  ],
  'description-names-denied': [
    set(at('sensibilisering'), { description: 'Spreken huurders aan, samen met een buddy.' }),
    set(at('sensibilisering'), { description: 'Spreken huurders aan, nooit met een buddy.' }),
  ],
  'person-answer-to-policy': [
    set(modalities, { granularity: 'person' }),
    one => {
      one.modalities.granularity = 'person'
      message(one, 'detection.answer').recipient = 'sensibilisering'
    },
  ],
  'unused-element': [
    set(type('steps.counts'), { enabled: false }),
    set(type('steps.counts'), { enabled: true }),
  ],
  'type-without-elements': [
    one => one.messageTypes.push({ ...message(one, 'steps.counts'), type: 'more.counts' }),
    one =>
      one.messageTypes.push({
        ...message(one, 'steps.counts'),
        type: 'more.counts',
        enabled: false,
      }),
  ],
  'unlimited-retention': [
    set(of('persons'), { retention: { period: 'onbeperkt', why: 'De evaluatie.' } }),
    set(of('persons'), { retention: { period: '10 jaar', why: 'De evaluatie.' } }),
  ],
  'retention-differs': [
    set(one => element(one, 'tag').retention, { period: '401 dagen na de laatste maand' }),
    set(one => element(one, 'tag').retention, { period: '400 dagen na de laatste maand' }),
  ],
  'ceiling-above-register': [
    set(ceilings, { perEpoch: 250_001 }),
    set(ceilings, { perEpoch: 250_000 }),
  ],
  'ceilings-out-of-order': [set(ceilings, { perDay: 999 }), set(ceilings, { perDay: 1000 })],
  'blind-without-quota': [
    one => {
      bilateral()(one)
      one.modalities.senderBlind = true
    },
    one => {
      bilateral()(one)
      one.modalities.senderBlind = true
      const parties = one.parties.filter(({ kind }) => kind === 'housing-company')
      const quota = { registerSize: 1_000, dailyAllowance: 10 }
      one.modalities.evaluation.push(...parties.map(({ id }) => ({ party: id, ...quota })))
    },
  ],
  'small-threshold': [
    set(modalities, { countsThreshold: 4 }),
    set(modalities, { countsThreshold: 5 }),
  ],
  'route-too-short': [
    set(modalities, { daysToOverdue: 401 }),
    set(modalities, { daysToOverdue: 400 }),
  ],
  'no-persons-estimated': [
    one => Object.assign(found(one.dataSubjects[0]), { estimatedNumber: 0 }),
    one => Object.assign(found(one.dataSubjects[0]), { estimatedNumber: 1 }),
  ],
  'late-review': [
    set(duration, { reviewOn: '2028-04-02' }),
    set(duration, { reviewOn: '2028-04-01' }),
  ],
  'review-outside': [
    set(duration, { reviewOn: '2025-04-01' }),
    set(duration, { reviewOn: '2025-04-02' }),
  ],
  'advice-after-start': [set(advice, { date: '2025-04-02' }), set(advice, { date: '2025-04-01' })],
  'odd-advice': [
    set(advice, { opinion: 'unfavourable' }),
    set(advice, { opinion: 'unfavourable', followed: false, reasonNotFollowed: 'Het volstaat.' }),
  ],
  'insecure-url': [
    one => Object.assign(found(one.parties[0]), { website: 'http://vdab.example' }),
    one => Object.assign(found(one.legalBasis[0]), { eli: 'http://data.example/eli/1' }),
  ],
}

function progressFrom(from: string, to: string, id: string): Change {
  return document => {
    Object.assign(message(document, 'feedback.progress'), { from, to, recipient: id })
    for (const field of ['status', 'on']) {
      Object.assign(element(document, field), { directions: [{ from, to }] })
    }
  }
}

function secondAnswer(enabled: boolean): Change {
  return document => {
    const first = message(document, 'detection.answer')
    document.messageTypes.push({ ...first, type: 'second.answer', enabled })
    element(document, 'found').messageTypes.push('second.answer')
  }
}

/** A protocol between VDAB and one housing company, in place of a framework. */
function bilateral(): Change {
  return document => {
    const vdab = found(document.parties[0])
    const woonboog = { id: 'woonboog', kind: 'housing-company', kbo: '0999000327' } as const
    document.kind = 'protocol'
    delete document.acceding
    document.parties = [vdab, { ...vdab, ...woonboog, role: 'sender' }]
    found(document.dpoAdvice[1]).party = 'woonboog'
  }
}

/** The end of a tenancy goes to another kind of party. */
function endsAt(to: 'housing-company' | 'gateway', recipient: string): Change {
  return document => {
    Object.assign(message(document, 'tenancy.ended'), { to, recipient })
    const direction = { from: 'housing-company', to } as const
    element(document, 'endedOn').directions = [direction]
    element(document, 'tenantRef').directions.push(direction)
  }
}

/** A second type of request beside that of the protocol, on or off. */
function secondRequest(enabled: boolean): Change {
  return document => {
    const first = message(document, 'detection.request')
    document.messageTypes.push({ ...first, type: 'second.request', enabled })
    for (const field of ['insz', 'tenantRef']) {
      element(document, field).messageTypes.push('second.request')
    }
  }
}

function rename(document: Agreement, before: string, after: string): void {
  message(document, before).type = after
  for (const one of document.dataElements) {
    one.messageTypes = one.messageTypes.map(name => (name === before ? after : name)) as [string]
  }
}
