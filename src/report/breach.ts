import type { Agreement } from '../protocol/document.ts'

/** What the extract is about; the period is from (included) until (not included). */
export interface BreachFilter {
  from: Date
  until: Date
  protocol?: string | undefined
  /** Who sent it. */
  party?: string | undefined
  recipient?: string | undefined
  type?: string | undefined
}

/** One line as the log has it: what left for one recipient under one document. */
export interface BreachRow {
  protocol: string | null
  version: string | null
  digest: string | null
  recipient: string
  type: string
  purpose: string | null
  senders: string[]
  /** Names of the fields that came in. */
  fields: string[]
  /** Distinct messages that left, and those that arrived. */
  messages: number
  delivered: number
  /** Distinct persons whose tag is still kept. */
  distinct: number
  /** Persons that can only be counted entry by entry: erased, or kept nowhere else any more. */
  byEntries: number
  first: Date
  last: Date
}

/** Messages that were not let through, by who sent them. */
export interface RefusalRow {
  protocol: string | null
  type: string | null
  party: string | null
  code: string | null
  messages: number
  items: number
}

/** The checkpoint against which an extract was made; nothing after it is in it. */
export interface AgainstCheckpoint {
  size: number
  /** RFC 6962 root, base64url. */
  root: string
}

/** A line of the extract. */
export interface BreachLine extends Omit<BreachRow, 'fields' | 'distinct' | 'byEntries'> {
  /** Fields that reached the recipient, and how. */
  fields: { field: string; label: string; as: string }[]
  /** Fields that stayed in the gateway. */
  kept: string[]
  persons: Persons
}

/**
 * How many persons at most: `distinct` people, and `byEntries` that may be the same person more than
 * once. `counted` says which of the two it is.
 */
export interface Persons {
  total: number
  distinct: number
  byEntries: number
  counted: 'none' | 'distinct' | 'by-entries' | 'both'
}

/** The extract for the notification of a breach (art. 33 GDPR). It names no person. */
export interface Breach {
  from: string
  until: string
  filter: Record<string, string>
  checkpoint: AgainstCheckpoint | null
  lines: BreachLine[]
  refusals: RefusalRow[]
  totals: { messages: number; persons: Persons; refusals: number }
}

/** What the whole extract sums to, over distinct messages and persons. */
export interface BreachTotals {
  messages: number
  distinct: number
  byEntries: number
}

/**
 * Puts an extract together: which of the fields that came in went on to the recipient, as the document
 * says that decided then. Pure.
 * @param documents agreements by digest; a field of a document that is not there counts as gone on
 */
export function breachExtract(
  filter: BreachFilter,
  checkpoint: AgainstCheckpoint | undefined,
  read: { rows: readonly BreachRow[]; refusals: readonly RefusalRow[]; totals: BreachTotals },
  documents: ReadonlyMap<string, Agreement>,
): Breach {
  const { from, until, ...only } = filter
  const given = Object.entries(only).filter((one): one is [string, string] => one[1] !== undefined)
  return {
    from: from.toISOString(),
    until: until.toISOString(),
    filter: Object.fromEntries(given),
    checkpoint: checkpoint ?? null,
    lines: read.rows.map(row => lineOf(row, documents.get(row.digest ?? ''))),
    refusals: [...read.refusals],
    totals: {
      messages: read.totals.messages,
      persons: personsOf(read.totals),
      refusals: read.refusals.reduce((sum, { messages }) => sum + messages, 0),
    },
  }
}

function lineOf(row: BreachRow, document: Agreement | undefined): BreachLine {
  const { fields, distinct, byEntries, ...rest } = row
  const told = fields.map(field => {
    const element = document?.dataElements.find(
      one => one.field === field && one.messageTypes.includes(row.type),
    )
    return {
      field,
      label: element?.label ?? field,
      as: element?.transformation ?? 'plain',
      reaches: element?.reaches ?? 'recipient',
    }
  })
  return {
    ...rest,
    fields: told
      .filter(it => it.reaches === 'recipient')
      .map(({ field, label, as }) => ({ field, label, as })),
    kept: told.filter(it => it.reaches !== 'recipient').map(({ field }) => field),
    persons: personsOf({ distinct, byEntries }),
  }
}

function personsOf({ distinct, byEntries }: { distinct: number; byEntries: number }): Persons {
  const rest = byEntries > 0 ? 'by-entries' : 'none'
  const both = byEntries > 0 ? 'both' : 'distinct'
  return {
    total: distinct + byEntries,
    distinct,
    byEntries,
    counted: distinct > 0 ? both : rest,
  }
}
