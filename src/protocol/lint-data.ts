import { deniedData } from './deny-list.ts'
import type { Agreement, DataElement } from './document.ts'
import type { Remark } from './finding.ts'

const DENY_LIST =
  'The deny list of Huisbrug, after the lists of the concept note, VIONA and the call'
const INVARIANT = 'Huisbrug: no national number is stored or sent'

/** Fields that the gateway itself understands, and the only form that each may have. */
const KNOWN_FIELDS: Readonly<Record<string, readonly DataElement['format'][]>> = {
  insz: ['national-number'],
  tenantRef: ['tenant-reference'],
  tenantGround: ['code'],
  referenceDate: ['date'],
  targetGroup: ['target-group'],
  found: ['count', 'row-id'],
  tag: ['pseudonym'],
  reachability: ['code'],
  establishedOn: ['date'],
  status: ['code'],
  on: ['date'],
  endedOn: ['date'],
}

/** Codes that the gateway understands of those fields; an agreement may list fewer, never others. */
export const KNOWN_CODES: Readonly<Record<string, readonly string[]>> = {
  tenantGround: ['art-6.1-1-a', 'art-6.1-1-b'],
  reachability: ['hard-to-reach', 'not-reached'],
  status: ['taken-up', 'closed'],
}

/** Names that the gateway uses around the data; no data element may take one. */
const TAKEN = new Set([
  ...['protocol', 'type', 'purpose', 'nonce', 'domain', 'inReplyTo', 'requestDigest'],
  ...['items', 'tenants', 'constructor', 'toString', 'valueOf', 'hasOwnProperty'],
])

/** What may never be a data element, whoever signs. Pure. */
export function lintData({ dataElements }: Agreement): Remark[] {
  return dataElements.flatMap(element => {
    const at = `dataElements[${element.id}]`
    return [
      ...denied(element, at),
      ...freeText(element, at),
      ...codeList(element, at),
      ...nationalNumber(element, at),
      ...fieldForm(element, at),
    ]
  })
}

function denied(element: DataElement, at: string): Remark[] {
  const codes = (element.codes ?? []).flatMap(({ code, label }) => [code, label])
  if (![element.id, element.field, element.label, ...codes].some(deniedData)) return []
  return [
    { code: 'denied-data', path: at, text: 'this datum may not be exchanged', source: DENY_LIST },
  ]
}

function freeText({ format }: DataElement, at: string): Remark[] {
  if (format !== 'text') return []
  const path = `${at}.format`
  return [{ code: 'free-text', path, text: 'free text may not be exchanged', source: DENY_LIST }]
}

function codeList({ field, format, codes }: DataElement, at: string): Remark[] {
  const path = `${at}.codes`
  if ((format === 'code') !== (codes !== undefined)) {
    const text = 'a code has a code list, and nothing else has one'
    return [{ code: 'code-list', path, text, source: DENY_LIST }]
  }
  const known = Object.hasOwn(KNOWN_CODES, field) ? KNOWN_CODES[field] : undefined
  if (!known || codes?.every(({ code }) => known.includes(code))) return []
  const text = `the gateway knows ${known.join(', ')} here, and nothing else`
  return [{ code: 'unknown-code', path, text, source: 'schemas/common.json' }]
}

function nationalNumber({ format, transformation }: DataElement, at: string): Remark[] {
  const identifies = format === 'national-number' || format === 'pseudonym' || format === 'row-id'
  if (!identifies || transformation === 'pseudonym') return []
  const text = 'what points at a person leaves the gateway as a pseudonym only'
  return [{ code: 'not-pseudonymised', path: `${at}.transformation`, text, source: INVARIANT }]
}

function fieldForm({ field, format, reaches }: DataElement, at: string): Remark[] {
  if (TAKEN.has(field)) {
    const text = 'the gateway uses this name itself'
    return [{ code: 'field-taken', path: `${at}.field`, text, source: 'schemas/' }]
  }
  if (format === 'tenant-reference' && reaches !== 'gateway') {
    const text = "a housing company's own reference stays in the gateway"
    return [{ code: 'reference-leaves', path: `${at}.reaches`, text, source: INVARIANT }]
  }
  const forms = Object.hasOwn(KNOWN_FIELDS, field) ? KNOWN_FIELDS[field] : undefined
  if (!forms || forms.includes(format)) return []
  const text = `the gateway knows this field as ${forms.join(' or ')}`
  return [{ code: 'field-form', path: `${at}.format`, text, source: 'schemas/' }]
}
