import { type Agreement, type DataElement, elementsOf, type MessageType } from '../document.ts'
import type { Remark } from '../finding.ts'
import { blindFieldOf } from '../forms.ts'
import { broken, unless } from './rules.ts'

type Pattern = MessageType['pattern']

/** A sealed row holds this many bytes (pseudonym/row.ts). */
const PLAINTEXT_BYTES = 128

/** Message types with an operation of their own, and the pattern of each. */
export const KNOWN_TYPES: Readonly<Record<string, Pattern>> = {
  'detection.request': 'request',
  'detection.answer': 'answer',
  'feedback.reachability': 'event',
  'feedback.progress': 'progress',
  'tenancy.ended': 'withdrawal',
}

/** What points at a person, in any form. */
const PERSON: ReadonlySet<DataElement['format']> = new Set([
  ...(['national-number', 'tenant-reference', 'document-reference'] as const),
  ...(['pseudonym', 'row-id'] as const),
])

/** Whether each enabled message type can be carried out. Pure. */
export function lintPatterns(document: Agreement): Remark[] {
  const enabled = document.messageTypes.filter(one => one.enabled)
  return [
    ...enabled.flatMap(message => [
      ...knownType(message),
      ...answers(document, message),
      ...carries(document, message),
      ...unless(canGo(message), 'pattern-direction', `messageTypes[${message.type}].from`),
      ...rowLength(document, message),
    ]),
    ...answeredTwice(enabled),
    ...secondRequest(document, enabled),
    ...blindSenders(document, enabled),
  ]
}

function knownType({ type, pattern }: MessageType): Remark[] {
  const known = Object.hasOwn(KNOWN_TYPES, type) ? KNOWN_TYPES[type] : undefined
  if (!known || known === pattern) return []
  const text = `the gateway knows this message type as ${known}`
  return [broken('known-type', `messageTypes[${type}].pattern`, text)]
}

function answers({ messageTypes }: Agreement, message: MessageType): Remark[] {
  const path = `messageTypes[${message.type}].answers`
  const first = messageTypes.find(({ type }) => type === message.answers)
  // A name of nothing has a finding of its own.
  if (message.answers !== undefined && !first) return []
  const counted = message.pattern === 'counts' && message.answers !== undefined
  if (message.pattern === 'answer' || counted) {
    if (first?.pattern !== 'request') return [broken('answer-without-request', path)]
    return unless(isBack(message, first, false), 'answer-wrong-way', path)
  }
  if (message.pattern !== 'progress') return []
  if (first?.pattern !== 'event') return [broken('progress-without-event', path)]
  return unless(isBack(message, first, true), 'answer-wrong-way', path)
}

/** Whether an answer goes from who got the question to who asked; progress may stay in the gateway. */
function isBack(message: MessageType, first: MessageType, progress: boolean): boolean {
  const back = message.to === first.from || (progress && message.to === 'gateway')
  return message.from === first.to && back
}

function answeredTwice(enabled: readonly MessageType[]): Remark[] {
  // Counts may be told of a request besides its answer.
  const firsts = enabled
    .filter(({ pattern }) => pattern !== 'counts')
    .flatMap(({ answers }) => (answers === undefined ? [] : [answers]))
  const twice = new Set(firsts.filter((one, index) => firsts.indexOf(one) !== index))
  const text = 'two message types answer it'
  return [...twice].map(type => broken('answered-twice', `messageTypes[${type}]`, text))
}

/** What a message type carries, as far as its pattern asks for something. */
interface Carried {
  message: MessageType
  formats: readonly DataElement['format'][]
  fields: ReadonlySet<string>
  path: string
}

const CARRIED: Readonly<Record<Pattern, (carried: Carried) => Remark[]>> = {
  request: ({ formats, path }) =>
    unless(
      formats.includes('national-number') && formats.includes('tenant-reference'),
      'request-without-person',
      path,
    ),
  answer: ({ formats, path }) =>
    unless(formats.includes('row-id') || formats.includes('count'), 'answer-without-result', path),
  event: ({ message, formats, path }) =>
    unless(namesPerson(message, formats), 'event-without-person', path),
  progress: ({ fields, path }) =>
    unless(fields.has('status') && fields.has('on'), 'progress-without-status', path),
  withdrawal: ({ formats, path }) =>
    unless(formats.includes('tenant-reference'), 'withdrawal-without-reference', path),
  counts: ({ formats, path }) => [
    ...unless(!formats.some(one => PERSON.has(one)), 'counts-about-persons', path),
    // A type without any datum has a finding of its own.
    ...unless(
      formats.length === 0 || formats.filter(one => one === 'count').length === 1,
      'one-number',
      path,
    ),
  ],
}

function carries(document: Agreement, message: MessageType): Remark[] {
  // Under each of its purposes: what does not serve one is not there when that one is named.
  const known = document.purposes.map(({ id }) => id).filter(id => message.purposes.includes(id))
  const remarks = known.flatMap(purpose => {
    const elements = elementsOf(document, message.type, purpose)
    return CARRIED[message.pattern]({
      message,
      formats: elements.map(({ format }) => format),
      fields: new Set(elements.map(({ field }) => field)),
      path: `messageTypes[${message.type}]`,
    })
  })
  return [...new Map(remarks.map(remark => [remark.code, remark])).values()]
}

/** The employment service knows persons by their pseudonym, every other sender by its own reference. */
function namesPerson({ from }: MessageType, formats: readonly DataElement['format'][]): boolean {
  const referenced = formats.includes('tenant-reference')
  return from === 'employment-service' ? formats.includes('pseudonym') && !referenced : referenced
}

/** Only the employment service keeps a register of pseudonyms: what a pattern does hangs on its side. */
function canGo({ pattern, from, to }: MessageType): boolean {
  const fromService = from === 'employment-service'
  const toService = to === 'employment-service'
  if (from === 'gateway') return false
  if (pattern === 'progress') return true
  if (pattern === 'request') return !fromService && toService
  if (pattern === 'answer' || pattern === 'counts') return fromService && isParty(to)
  if (pattern === 'withdrawal') return !fromService && (toService || to === 'gateway')
  return fromService ? isParty(to) : toService
}

function isParty(kind: MessageType['to']): boolean {
  return kind === 'housing-company' || kind === 'welfare-office'
}

function secondRequest({ modalities }: Agreement, enabled: readonly MessageType[]): Remark[] {
  if (modalities.granularity === 'person') return []
  const [, ...others] = enabled.filter(({ pattern }) => pattern === 'request')
  return others.map(({ type }) => broken('one-request', `messageTypes[${type}]`))
}

/** The longest value of each format that may be in a sealed row; codes by their list. */
const LONGEST: Partial<Record<DataElement['format'], string>> = {
  date: '2026-01-01',
  month: '2026-01',
  boolean: 'false',
  count: '100000000',
}

function rowLength(document: Agreement, { type, pattern }: MessageType): Remark[] {
  if (pattern !== 'request') return []
  const told = elementsOf(document, type).filter(({ reaches }) => reaches === 'recipient')
  const values = told.flatMap(({ field, format, codes = [] }) => {
    const [longest = LONGEST[format]] = codes
      .map(({ code }) => code)
      .toSorted((one, other) => other.length - one.length)
    return longest === undefined ? [] : [[field, longest]]
  })
  const { length } = JSON.stringify(Object.fromEntries(values))
  return unless(length <= PLAINTEXT_BYTES, 'row-too-long', `messageTypes[${type}]`)
}

/** Where senders must make the pseudonyms themselves: that they can, in each request and by quota. */
function blindSenders(document: Agreement, enabled: readonly MessageType[]): Remark[] {
  const { senderBlind, evaluation } = document.modalities
  if (!senderBlind) return []
  const requests = enabled.filter(({ pattern }) => pattern === 'request')
  const may = new Set(evaluation.map(({ party }) => party))
  return [
    ...requests.flatMap(message =>
      unless(hasBlindForm(document, message), 'no-blind-form', `messageTypes[${message.type}]`),
    ),
    // Who accedes to a framework brings a quota of its own.
    ...document.parties
      .filter(({ id, kind }) => !may.has(id) && requests.some(({ from }) => from === kind))
      .map(({ id }) => broken('blind-without-quota', `parties[${id}]`)),
  ]
}

/** Under each purpose; a request without a number at all has a finding of its own. */
function hasBlindForm(document: Agreement, message: MessageType): boolean {
  return message.purposes.every(purpose => {
    const elements = elementsOf(document, message.type, purpose)
    const numbered = elements.some(({ format }) => format === 'national-number')
    return !numbered || blindFieldOf(message, elements) !== undefined
  })
}
