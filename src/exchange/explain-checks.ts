import type { Reason } from '../errors.ts'
import { ruleTitle } from '../protocol/articles.ts'
import { elementsOf, ruleAt } from '../protocol/document.ts'
import type { Ground } from '../protocol/ground.ts'
import { isPlainName } from '../schema-errors.ts'
import type { WireTypes } from '../schemas.generated.ts'

export type Explanation = WireTypes['explain-reply']
export type ExplainedCheck = Explanation['checks'][number]
export type CheckName = ExplainedCheck['check']
type Outcome = ExplainedCheck['outcome']

/** The documents under which a message would go, as far as they were found. */
export type Documents = Pick<Ground, 'agreement' | 'accession'>

/** Every check of the intake, in its order, with the place in the agreement that it reads. */
const CHECKS: readonly [CheckName, (type: string) => string][] = [
  ['access', () => 'access'],
  ['protocol', () => 'version'],
  ['party', () => 'parties'],
  ['agreement', () => 'duration'],
  ['accession', () => 'duration'],
  ['type', type => `messageTypes[${type}]`],
  ['direction', type => `messageTypes[${type}].from`],
  ['purpose', type => `messageTypes[${type}].purposes`],
  ['target-group', type => `messageTypes[${type}].targetGroups`],
  ['fields', () => 'dataElements'],
  ['items-in-message', () => 'periodicity.ceilings.perMessage'],
  ['shape', () => 'schemas'],
  ['content', type => `messageTypes[${type}]`],
  ['domain', () => 'modalities.domain'],
  ['items-today', () => 'periodicity.ceilings.perDay'],
  ['items-in-epoch', () => 'periodicity.ceilings.perEpoch'],
  ['state', type => `messageTypes[${type}]`],
]

const ORDER = CHECKS.map(([name]) => name)

const BY_CODE: Readonly<Partial<Record<Reason['code'], CheckName>>> = {
  'HB-107': 'access',
  'HB-301': 'protocol',
  'HB-503': 'protocol',
  'HB-506': 'protocol',
  'HB-302': 'party',
  'HB-308': 'party',
  'HB-310': 'type',
  'HB-309': 'direction',
  'HB-311': 'purpose',
  'HB-314': 'target-group',
  'HB-312': 'fields',
  'HB-202': 'shape',
  'HB-315': 'shape',
  'HB-604': 'items-today',
}

/** Which check a refusal of `permit` comes from. */
export function checkOf({ code, rule }: Reason, documents: Documents | undefined): CheckName {
  const known = BY_CODE[code]
  if (known) return known
  if (code === 'HB-313') return rule.endsWith('perEpoch') ? 'items-in-epoch' : 'items-in-message'
  if (code === 'HB-317' && !documents && !rule.endsWith('acceding')) return 'protocol'
  const joined = documents?.accession?.document
  const ofAccession = joined ? isRuleOf(joined, rule) : rule.endsWith('acceding')
  return ofAccession ? 'accession' : 'agreement'
}

function isRuleOf(document: { protocolId: string; version: string }, rule: string): boolean {
  return rule.startsWith(ruleAt(document, ''))
}

/** The readable article of a rule, in Dutch; the rule itself where it is no place in a document. */
export function articleOf(documents: Documents | undefined, rule: string): string {
  const both = [documents?.agreement.document, documents?.accession?.document]
  const own = both.find(document => document && isRuleOf(document, rule))
  return own ? ruleTitle(own, rule) : rule
}

/** Where a message stops: which check, and for what. */
export interface Stop {
  check: CheckName
  reason: Reason
}

interface Told {
  type: string
  documents: Documents | undefined
  stop: Stop | undefined
  /** Rules of checks that are no place in the agreement. */
  rules: Partial<Record<CheckName, string>>
  /** Checks that cannot be made beforehand, each with what there is to know of it. */
  unknown: Partial<Record<CheckName, string>>
}

/** The list of checks, in order: what passes, where it stops, what is not reached or not known. */
export function tellChecks(told: Told): ExplainedCheck[] {
  const last = told.stop ? ORDER.indexOf(told.stop.check) : ORDER.length
  return CHECKS.filter(([name]) => applies(name, told)).map(([name, path]) => {
    const position = ORDER.indexOf(name)
    if (position === last && told.stop) return stopped(told.stop, told.documents)
    const rule = told.rules[name] ?? ruleOf(name, path(told.type), told.documents)
    const outcome: Outcome =
      position > last ? 'not-reached' : name in told.unknown ? 'not-checked' : 'passes'
    const note = told.unknown[name]
    const said = outcome === 'not-checked' && note !== undefined ? { note } : {}
    return { check: name, outcome, rule, article: articleOf(told.documents, rule), ...said }
  })
}

// Who is named in the agreement itself needs no accession.
function applies(name: CheckName, { documents, stop }: Told): boolean {
  return name !== 'accession' || documents?.accession !== undefined || stop?.check === 'accession'
}

function ruleOf(name: CheckName, path: string, documents: Documents | undefined): string {
  if (!documents) return path
  const { agreement, accession } = documents
  const joins = name === 'accession' || (name === 'party' && accession !== undefined)
  return ruleAt(joins && accession ? accession.document : agreement.document, path)
}

function stopped({ check, reason }: Stop, documents: Documents | undefined): ExplainedCheck {
  const { rule, code, pointer, remedy } = reason
  const article = articleOf(documents, rule)
  return { check, outcome: 'stops', rule, article, code, pointer, remedy }
}

/**
 * What the agreement says of each data field: those that it lists for the type, and those that the
 * message has besides. A name that could hide a value is not repeated.
 */
export function tellFields(
  documents: Documents | undefined,
  type: string,
  purpose: string | undefined,
  present: readonly string[],
): Explanation['fields'] {
  if (!documents) return []
  const { document } = documents.agreement
  const tell = (rule: string) => ({ rule, article: articleOf(documents, rule) })
  const elements = elementsOf(document, type)
  const listed = elements.map(element => ({
    field: element.field,
    present: present.includes(element.field),
    allowed: purpose === undefined || element.purposes.includes(purpose),
    ...tell(ruleAt(document, `dataElements[${element.id}]`)),
    reaches: element.reaches,
    transformation: element.transformation,
  }))
  const known = new Set(elements.map(({ field }) => field))
  const others = present.filter(field => !known.has(field))
  const unlisted = [...new Set(others.map(field => (isPlainName(field) ? field : '')))]
  const refused = { present: true, allowed: false, ...tell(ruleAt(document, 'dataElements')) }
  return [...listed, ...unlisted.map(field => ({ field, ...refused }))].slice(0, MOST_FIELDS)
}

const MOST_FIELDS = 500
