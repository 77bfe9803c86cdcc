import type { Choice, ElementChoice } from './choices.ts'

/*
 * What may pass, told from the choices that make a document and from the description of the protocol
 * document: nothing here is shared with src/. A message passes where its type is listed and on, its
 * sender is of the listed kind, its purpose is one of the type, all it carries is listed for type and
 * purpose in the form that the list gives, nothing else is there, and it is not too large.
 */

type Test = (value: unknown) => boolean
type Shape = { must: Record<string, Test>; may: Record<string, Test> }

const matches =
  (form: RegExp): Test =>
  value =>
    typeof value === 'string' && form.test(value)
const isWhole = (most: number) => (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most

const REFERENCE = matches(/^[A-Za-z0-9._-]{1,64}$/)
const BYTES16 = matches(/^[A-Za-z0-9_-]{21}[AQgw]$/)
const BYTES32 = matches(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)
const ENVELOPE: Record<string, Test> = {
  protocol: REFERENCE,
  type: matches(/^[a-z][a-z0-9-]{0,31}(\.[a-z0-9-]{1,31}){1,3}$/),
  purpose: matches(/^[a-z][a-z0-9-]{0,63}$/),
  nonce: matches(/^[A-Za-z0-9_-]{43}$/),
  domain: matches(/^[A-Za-z0-9._-]{1,64}\/[0-9]{1,4}\/[1-9][0-9]{0,5}$/),
  inReplyTo: matches(/^msg_[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
  requestDigest: BYTES32,
}
const FEEDBACK = matches(/^fb_[0-7][0-9A-HJKMNP-TV-Z]{25}$/)

function isDay(value: unknown): boolean {
  if (typeof value !== 'string' || !/^(19|20|21)\d\d-\d\d-\d\d$/.test(value)) return false
  const instant = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(value)
}

function isGroup(value: unknown): boolean {
  const id = matches(/^[a-z][a-z0-9-]{0,63}$/)
  const version = matches(/^[0-9]{1,4}(\.[0-9]{1,4}){0,2}$/)
  return fits(value, { must: { id, version }, may: {} })
}

const FORMATS: Record<ElementChoice['format'], Test> = {
  'national-number': value => typeof value === 'string' && [...value].length <= 64,
  'tenant-reference': REFERENCE,
  'document-reference': REFERENCE,
  pseudonym: BYTES16,
  'row-id': BYTES16,
  date: isDay,
  month: matches(/^2\d{3}-(0[1-9]|1[0-2])$/),
  code: () => false,
  count: isWhole(100_000_000),
  boolean: value => typeof value === 'boolean',
  'target-group': isGroup,
  // Free text is nothing that a protocol may list.
  text: () => false,
}

interface Field {
  place: 'header' | 'item'
  format: ElementChoice['format']
  codes: string[]
}

/** What the named operations know, by type; their envelope follows. */
export const NAMED_FIELDS: Record<string, Record<string, Field>> = {
  'detection.request': {
    insz: { place: 'item', format: 'national-number', codes: [] },
    tenantRef: { place: 'item', format: 'tenant-reference', codes: [] },
    tenantGround: { place: 'item', format: 'code', codes: ['art-6.1-1-a', 'art-6.1-1-b'] },
    referenceDate: { place: 'header', format: 'date', codes: [] },
    targetGroup: { place: 'header', format: 'target-group', codes: [] },
  },
  'detection.answer': { found: { place: 'header', format: 'count', codes: [] } },
  'feedback.reachability': {
    tag: { place: 'item', format: 'pseudonym', codes: [] },
    reachability: { place: 'item', format: 'code', codes: ['hard-to-reach', 'not-reached'] },
    establishedOn: { place: 'item', format: 'date', codes: [] },
  },
  'feedback.progress': {
    status: { place: 'header', format: 'code', codes: ['taken-up', 'closed'] },
    on: { place: 'header', format: 'date', codes: [] },
  },
  'tenancy.ended': {
    tenantRef: { place: 'item', format: 'tenant-reference', codes: [] },
    endedOn: { place: 'item', format: 'date', codes: [] },
  },
}

const NAMED_ENVELOPE: Record<string, { must: string[]; may: string[]; list?: string }> = {
  'detection.request': { must: ['protocol', 'purpose', 'nonce'], may: [], list: 'tenants' },
  'detection.answer': { must: ['nonce', 'requestDigest'], may: [] },
  'feedback.reachability': { must: ['protocol', 'domain', 'nonce'], may: [], list: 'items' },
  'feedback.progress': { must: [], may: ['nonce'] },
  'tenancy.ended': { must: ['protocol', 'nonce'], may: [], list: 'items' },
}

/** What is asked: who sends what, as which type. */
export interface Sent {
  from: 'housing-company' | 'employment-service'
  type: string
  /** The purpose that counts where the form has none of its own. */
  purpose: string
  body: unknown
  general: boolean
}

/** How a message of a type has to look under the choices. */
export interface Expected {
  top: Shape
  item: Shape
  list: string | undefined
  least: number
}

/** Whether a message may pass, by the choices alone. */
export function mayPass(choice: Choice, sent: Sent): boolean {
  const type = choice.types.find(one => one.type === sent.type)
  const purpose = purposeIn(sent)
  const look = expectedLook(choice, { ...sent, purpose })
  if (!type?.on || !look || type.from !== sent.from) return false
  const { top, item, list, least } = look
  if (!fits(sent.body, top)) return false
  const body = sent.body as Record<string, unknown>
  if (sent.general && body['type'] !== sent.type) return false
  if ('protocol' in top.must && body['protocol'] !== 'wm-vdab') return false
  if (!type.purposes.includes(purpose)) return false
  if (type.grouped && !isTheGroup(body['targetGroup'])) return false
  const items = list === undefined ? [] : (body[list] as unknown[])
  if (list !== undefined && (items.length < least || items.length > choice.perMessage)) return false
  return items.every(one => fits(one, item))
}

/** The purpose in the message, where its form has one. */
function purposeIn({ type, general, body, purpose }: Sent): string {
  if (!general && type !== 'detection.request') return purpose
  return String((body as { purpose?: unknown } | null)?.purpose)
}

function isTheGroup(value: unknown): boolean {
  const { id, version } = (value ?? {}) as { id?: unknown; version?: unknown }
  return id === 'tenants-with-labour-potential' && version === '1.0'
}

/** Has exactly the members that must be there, besides some that may, each as it should be. */
function fits(value: unknown, { must, may }: Shape): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const tests = new Map([...Object.entries(may), ...Object.entries(must)])
  const names = Object.keys(value)
  return (
    Object.keys(must).every(name => names.includes(name)) &&
    names.every(name => tests.get(name)?.((value as Record<string, unknown>)[name]) === true)
  )
}

function expectedLook({ elements, ...rest }: Choice, sent: Omit<Sent, 'body'>) {
  const { type, purpose, general } = sent
  const serving = elements.filter(one => one.purposes.includes(purpose))
  const choice = { ...rest, elements: serving }
  return general ? generalLook(choice, type) : namedLook(choice, type)
}

function namedLook(choice: Choice, type: string): Expected | undefined {
  const known = NAMED_FIELDS[type]
  const envelope = NAMED_ENVELOPE[type]
  if (!known || !envelope) return undefined
  const listed = choice.elements.filter(one => one.types.includes(type) && known[one.field])
  const at = (place: Field['place']) =>
    Object.fromEntries(
      listed
        .filter(one => known[one.field]?.place === place)
        .map(one => [one.field, namedTest(one, known[one.field]!, choice)]),
    )
  const { list, must, may } = envelope
  return {
    top: {
      must: { ...envelopeOf(must), ...at('header'), ...listTest(list) },
      may: envelopeOf(may),
    },
    item: { must: at('item'), may: {} },
    list,
    least: 1,
  }
}

function namedTest({ field, codes }: ElementChoice, known: Field, { granularity }: Choice): Test {
  if (known.codes.length) {
    return value => codes.includes(value as string) && known.codes.includes(value as string)
  }
  if (field !== 'found') return FORMATS[known.format]
  if (granularity === 'counts') return isWhole(1000)
  return value =>
    Array.isArray(value) &&
    value.length <= 1000 &&
    new Set(value).size === value.length &&
    value.every(BYTES16)
}

function envelopeOf(names: string[]): Record<string, Test> {
  return Object.fromEntries(names.map(name => [name, ENVELOPE[name]!]))
}

function listTest(list: string | undefined): Record<string, Test> {
  return list === undefined ? {} : { [list]: Array.isArray }
}

const ONCE = ['referenceDate', 'targetGroup']

function generalLook(choice: Choice, type: string): Expected | undefined {
  const chosen = choice.types.find(one => one.type === type)
  if (!chosen) return undefined
  const { pattern } = chosen
  const listed = choice.elements.filter(one => one.types.includes(type))
  const test = (one: ElementChoice) => [one.field, generalTest(one, choice)] as const
  const once = listed.filter(one => ONCE.includes(one.field))
  const each = listed.filter(one => !ONCE.includes(one.field) && one.format !== 'text')
  const { participation: part } = choice
  const optional = part?.type === type ? [part.dateField, part.documentField] : []
  const envelope = ['protocol', 'type', 'purpose', 'nonce']
  if (pattern === 'answer' || pattern === 'counts') envelope.push('inReplyTo', 'requestDigest')
  if (listed.some(one => one.format === 'pseudonym')) envelope.push('domain')
  const around = pattern === 'progress' ? { feedbackId: FEEDBACK } : {}
  return {
    top: {
      must: {
        ...envelopeOf(envelope),
        ...Object.fromEntries(once.map(test)),
        ...listTest('items'),
      },
      may: {},
    },
    item: {
      must: {
        ...around,
        ...Object.fromEntries(each.filter(one => !optional.includes(one.field)).map(test)),
      },
      may: Object.fromEntries(each.filter(one => optional.includes(one.field)).map(test)),
    },
    list: 'items',
    least: pattern === 'answer' ? 0 : 1,
  }
}

function generalTest({ field, format, codes }: ElementChoice, { granularity }: Choice): Test {
  if (codes.length) return value => codes.includes(value as string)
  if (field !== 'found') return FORMATS[format]
  return FORMATS[granularity === 'counts' ? 'count' : 'row-id']
}
