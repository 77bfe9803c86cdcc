import { ERRORS } from '../../error-table.ts'
import type { Explanation } from '../../exchange/explain.ts'
import { lines } from './report.ts'

type Check = Explanation['checks'][number]

const MARKS: Readonly<Record<Check['outcome'], string>> = {
  passes: '✓',
  stops: '✗',
  'not-reached': '·',
  'not-checked': '?',
}

/** Names of the checks, for people. */
const NAMES: Readonly<Record<Check['check'], string>> = {
  access: 'this kind of party may call the endpoint',
  protocol: 'the protocol is known',
  party: 'the sender takes part in it',
  agreement: 'the protocol is in force',
  accession: 'the accession is in force',
  type: 'the message type is listed and on',
  direction: 'it goes in this direction',
  purpose: 'the purpose is listed',
  'target-group': 'the target group is listed',
  fields: 'every field is listed',
  'items-in-message': 'number of items in one message',
  shape: 'every value has its form',
  content: 'dates, and nobody twice',
  domain: 'there is a pseudonym domain',
  'items-today': 'number of items in a day',
  'items-in-epoch': 'number of items under a key epoch',
  state: 'persons, and what was sent before',
}

/** An explanation for a terminal: the verdict, what to change, and every check in order. */
export function explanationText(explanation: Explanation): string {
  const { passes, type, errors, checks, fields, notes, refusedItems = [] } = explanation
  const width = Math.max(...checks.map(({ check }) => NAMES[check].length))
  const unlisted = fields.filter(({ present, allowed }) => present && !allowed)
  return lines([
    `${passes ? '✓ passes' : '✗ would be refused'}: ${type}${underOf(explanation)}`,
    ...errors.flatMap(({ code, pointer, rule, remedy }, index) => [
      ...(index === 0 ? ['', 'What to change'] : []),
      `  ${code} ${titleOf(code)}${pointer ? `, at ${pointer}` : ''}`,
      `          ${remedy}`,
      `          rule: ${articleFor(explanation, rule)}`,
    ]),
    ...(refusedItems.length ? ['', 'Items that would be refused one by one'] : []),
    ...refusedItems.slice(0, MOST_ITEMS).map(one => `  ${one.code} ${one.pointer}: ${one.remedy}`),
    ...(unlisted.length ? ['', 'Fields that the protocol does not let through'] : []),
    ...unlisted.map(
      ({ field, article }) => `  ${field || '(a name that is not shown)'}: ${article}`,
    ),
    '',
    'Checks, in the order of the gateway',
    ...checks.flatMap(one => checkLines(one, width)),
    '',
    ...notes,
  ])
}

const MOST_ITEMS = 20

function underOf({ protocol, recipient, purpose }: Explanation): string {
  if (!protocol) return ''
  const to = recipient && `, to ${recipient.party ?? recipient.kind} (${recipient.function})`
  const what = purpose === undefined ? '' : `, purpose ${purpose}`
  return ` under ${protocol.id} ${protocol.version}${to ?? ''}${what}`
}

function titleOf(code: string): string {
  return ERRORS[code as keyof typeof ERRORS]?.[1] ?? ''
}

/** The Dutch title of a rule, where a check or a field of the explanation tells it. */
function articleFor({ checks, fields }: Explanation, rule: string): string {
  const known = [...checks, ...fields].find(one => one.rule === rule)
  return known && known.article !== rule ? `${known.article} (${rule})` : rule
}

function checkLines({ check, outcome, code, article, note }: Check, width: number): string[] {
  const name = NAMES[check].padEnd(width)
  const end = outcome === 'stops' ? `${code}: ${article}` : outcome === 'passes' ? article : outcome
  return [`  ${MARKS[outcome]} ${name}  ${end}`, ...(note === undefined ? [] : [`    ${note}`])]
}
