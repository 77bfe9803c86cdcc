import type { Agreement, DataElement } from '../document.ts'
import type { Remark } from '../finding.ts'
import { broken, unless } from './rules.ts'

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

/** Names that the gateway uses around the data, or that every object has; no data element may take one. */
const TAKEN = new Set([
  ...['protocol', 'type', 'purpose', 'nonce', 'domain', 'inReplyTo', 'requestDigest'],
  ...['feedbackId', 'items', 'tenants', 'prototype', 'toJSON', 'then'],
  ...Object.getOwnPropertyNames(Object.prototype),
])

/** How a datum looks on the wire, and whether it points at a person. Pure. */
export function lintFields({ dataElements }: Agreement): Remark[] {
  return dataElements.flatMap(element => {
    const at = `dataElements[${element.id}]`
    return [...codeList(element, at), ...pointsAtPerson(element, at), ...fieldForm(element, at)]
  })
}

function codeList({ field, format, codes }: DataElement, at: string): Remark[] {
  const path = `${at}.codes`
  if ((format === 'code') !== (codes !== undefined)) return [broken('code-list', path)]
  const known = Object.hasOwn(KNOWN_CODES, field) ? KNOWN_CODES[field] : undefined
  if (!known || codes?.every(({ code }) => known.includes(code))) return []
  const text = `the gateway knows ${known.join(', ')} here, and nothing else`
  return [broken('unknown-code', path, text)]
}

function pointsAtPerson({ format, transformation }: DataElement, at: string): Remark[] {
  const identifies = format === 'national-number' || format === 'pseudonym' || format === 'row-id'
  const safe = !identifies || transformation === 'pseudonym'
  return unless(safe, 'not-pseudonymised', `${at}.transformation`)
}

function fieldForm({ field, format, reaches }: DataElement, at: string): Remark[] {
  if (TAKEN.has(field)) return [broken('field-taken', `${at}.field`)]
  if (format === 'tenant-reference' && reaches !== 'gateway') {
    return [broken('reference-leaves', `${at}.reaches`)]
  }
  const forms = Object.hasOwn(KNOWN_FIELDS, field) ? KNOWN_FIELDS[field] : undefined
  if (!forms || forms.includes(format)) return []
  return [
    broken('field-form', `${at}.format`, `the gateway knows this field as ${forms.join(' or ')}`),
  ]
}
