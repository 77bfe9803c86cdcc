import { explainEntry } from '../../src/audit/explain.ts'
import type { AuditEntry, EntryAction } from '../../src/audit/types.ts'
import { EVIDENCE_HEAD } from './evidence-head.ts'
import type { Schema } from './types.ts'

/** What the schema of entries says of one kind. */
export interface EntryKind {
  action: EntryAction
  description: string
  /** Members that each has, and those that it may have, in the order of the schema. */
  always: string[]
  sometimes: string[]
  /** Names that its counts may have; undefined where any may be. */
  counts: string[] | undefined
  /** Names of details; undefined where any may be. */
  details: string[] | undefined
  /** Examples of members, where the kind has its own. */
  examples: Record<string, unknown>
}

interface Form {
  description: string
  properties: Record<string, unknown>
  required: string[]
}

interface Member {
  propertyNames?: { enum: string[] }
  'x-details'?: string[]
  examples?: unknown[]
}

/** The kinds of entries, from schemas/audit-entry.json. */
export function kindsOf(schema: Schema): EntryKind[] {
  return (schema['oneOf'] as Form[]).map(({ description, properties, required }) => {
    const { action, ...members } = properties as Record<string, Member> & {
      action: { const: EntryAction }
    }
    const names = Object.keys(members)
    const own = Object.entries(members).flatMap(([name, { examples }]) =>
      examples ? [[name, examples[0]]] : [],
    )
    return {
      action: action.const,
      description,
      always: names.filter(name => required.includes(name)),
      sometimes: names.filter(name => !required.includes(name)),
      counts: members['counts'] && (members['counts'].propertyNames?.enum ?? undefined),
      details: members['details'] && (members['details']['x-details'] ?? undefined),
      examples: Object.fromEntries(own),
    }
  })
}

/** The schema without what differs by kind. */
export function withoutKinds(schema: Schema): Schema {
  const { oneOf: _, discriminator: __, $defs: ___, ...rest } = schema
  return rest
}

/** docs/evidence.md: a handwritten part, then every kind of entry as the schema has it. */
export function evidencePage(schema: Schema): string {
  const sections = kindsOf(schema).map(kind => section(kind, schema))
  return `${EVIDENCE_HEAD}\n${sections.join('\n')}`
}

function section(kind: EntryKind, schema: Schema): string {
  const { action, description, always, sometimes, examples } = kind
  const example = Object.entries(examples).map(([name, value]) => `${name} \`${value}\``)
  const lines: [string, string | undefined][] = [
    ['Always', named(always)],
    ['Where it applies', named(sometimes)],
    ['Counts', [...always, ...sometimes].includes('counts') ? named(kind.counts ?? []) : undefined],
    ['For example', example.join(', ')],
    ['Persons', persons(kind)],
    ['Kept beside it, erasable', besideOf(kind)],
  ]
  const told = lines.flatMap(([what, text]) => (text ? [`- ${what}: ${text}`] : []))
  const sentence = explainEntry(sampleEntry(kind, schema), nameOf)
  return `### \`${action}\`\n\n${description}.\n\n> ${sentence}\n\n${told.join('\n')}\n`
}

function named(names: readonly string[]): string {
  return names.map(name => `\`${name}\``).join(', ')
}

function persons({ always, sometimes }: EntryKind): string {
  if (always.includes('subjects')) return 'always'
  return sometimes.includes('subjects') ? 'where it is about any' : 'none'
}

function besideOf({ always, sometimes, details }: EntryKind): string | undefined {
  if (![...always, ...sometimes].includes('details')) return undefined
  return details ? named(details) : 'what it is about'
}

const NAMES: Readonly<Record<string, string>> = { vdab: 'VDAB', woonboog: 'Woonboog' }
const nameOf = (id: string) => NAMES[id] ?? id

/** Who mostly writes the kinds of an area; the gateway writes the others by itself. */
const ACTORS: Readonly<Record<string, AuditEntry['actor']>> = {
  message: { role: 'housing-company', party: 'woonboog' },
  period: { role: 'housing-company', party: 'woonboog' },
  feedback: { role: 'housing-company', party: 'woonboog' },
  tenancy: { role: 'housing-company', party: 'woonboog' },
  access: { role: 'housing-company', party: 'woonboog' },
  webhook: { role: 'housing-company', party: 'woonboog' },
  protocol: { role: 'operator' },
  key: { role: 'operator' },
  party: { role: 'operator' },
  quota: { role: 'housing-company', party: 'woonboog' },
  console: { role: 'privacy-officer' },
  subject: { role: 'privacy-officer' },
  approval: { role: 'privacy-officer' },
  audit: { role: 'auditor' },
  report: { role: 'privacy-officer' },
  log: { role: 'operator' },
}
const OWN_ACTORS: Readonly<Partial<Record<EntryAction, AuditEntry['actor']>>> = {
  'message.answered': { role: 'employment-service', party: 'vdab' },
  'key.ready': { role: 'employment-service', party: 'vdab' },
  'quota.granted': { role: 'operator' },
  'quota.reviewed': { role: 'privacy-officer' },
}

/** An entry of a kind that has all its members, with synthetic values. */
export function sampleEntry(kind: EntryKind, schema: Schema): AuditEntry {
  const { action, always, sometimes, counts = ['items'], examples } = kind
  const [sample] = schema['examples'] as [AuditEntry]
  const given: Record<string, unknown> = {
    ...sample,
    code: 'HB-304',
    reason: 'a reason',
    details: sample.subjects?.root,
    counts: Object.fromEntries(counts.map((name, at) => [name, at + 1])),
    decision: action.endsWith('.refused') ? 'refused' : 'allowed',
    ...examples,
  }
  // A code says more than a reason of the gateway's own, and only one is in the sentence.
  const members = [...always, ...sometimes]
  const actor = OWN_ACTORS[action] ?? ACTORS[action.split('.')[0] ?? ''] ?? { role: 'gateway' }
  const told = members.map(name => [name, given[name]])
  return { ...Object.fromEntries(told), schema: 1, id: sample.id, at: sample.at, action, actor }
}
