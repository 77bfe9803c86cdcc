import type { ErrorObject } from 'ajv/dist/2020.js'
import { type ErrorCode, type Reason, reason } from './errors.ts'

/** More reasons than this help nobody. */
const MOST_REASONS = 100

/** How an ajv error becomes a code; the default is HB-202 for all but what `x-codes` says. */
export interface Translation {
  /** The rule to name: a schema, or an article of a protocol. */
  rule(error: ErrorObject): string
  /** The code of one error. */
  code(error: ErrorObject): ErrorCode
}

/**
 * Field names are shown only where they are letters and underscores, and no base64 of digits: a
 * caller could hide a national number in any other name, and nothing of a request is repeated.
 */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z_]{1,40}$/.test(name) && !hidesDigits(name)
}

function hidesDigits(name: string): boolean {
  return [0, 1, 2, 3].some(start => {
    const decoded = Buffer.from(name.slice(start), 'base64').toString('latin1')
    return /[0-9]{6}/.test(decoded)
  })
}

/** The longest head of a JSON pointer whose parts are plain names and small indexes. */
export function safePointer(pointer: string): string {
  const parts = pointer.split('/').slice(1)
  const end = parts.findIndex(part => !isPlainName(part) && !/^[0-9]{1,4}$/.test(part))
  return [''].concat(end < 0 ? parts : parts.slice(0, end)).join('/')
}

/**
 * Turns ajv errors (compiled with `verbose`) into reasons. Takes nothing from the data but plain
 * field names and indexes.
 */
export function reasonsOf(errors: ErrorObject[], translation: Translation): Reason[] {
  const seen = new Map<string, Reason>()
  for (const error of errors) {
    if (seen.size >= MOST_REASONS) break
    // Says only that what follows from it is wrong, which has an error of its own.
    if (error.keyword === 'if') continue
    const found = translate(error, translation)
    const key = `${found.code} ${found.pointer} ${found.rule}`
    if (!seen.has(key)) seen.set(key, found)
  }
  return [...seen.values()]
}

function translate(error: ErrorObject, { rule, code }: Translation): Reason {
  return reason(code(error), pointerOf(error), rule(error), remedyOf(error))
}

function pointerOf(error: ErrorObject): string {
  const { missingProperty, additionalProperty } = error.params
  const name: unknown = missingProperty ?? additionalProperty
  return safePointer(
    typeof name === 'string' ? `${error.instancePath}/${name}` : error.instancePath,
  )
}

/** What `x-codes` of the schema says for the keyword that failed. */
export function annotatedCode(error: ErrorObject): ErrorCode | undefined {
  const codes: unknown = error.parentSchema?.['x-codes']
  return (codes as Record<string, ErrorCode> | undefined)?.[error.keyword]
}

const TYPES: Record<string, string> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

const FORMATS: Record<string, string> = {
  date: 'Use a real calendar date, YYYY-MM-DD.',
  'date-time': 'Use a time of RFC 3339 in UTC, such as 2026-11-21T09:30:00.000Z.',
  uri: 'Use an absolute address.',
  'json-pointer': 'Use a JSON pointer of RFC 6901.',
}

const REMEDIES: Record<string, (error: ErrorObject) => string> = {
  required: ({ params }) => `Add the field ${params['missingProperty']}.`,
  dependentRequired: ({ params }) => `Add the field ${params['missingProperty']}.`,
  additionalProperties: error =>
    `Leave out what is not listed; allowed here: ${listedFields(error)}.`,
  type: ({ params }) => `Send ${typeNames(params['type'])} here.`,
  enum: ({ params }) => `Use one of: ${(params['allowedValues'] as unknown[]).join(', ')}.`,
  const: ({ params }) => `Use: ${params['allowedValue']}.`,
  pattern: ({ params }) => `Use the form ${params['pattern']}.`,
  format: ({ params }) => FORMATS[params['format']] ?? `Use the format ${params['format']}.`,
  minItems: ({ params }) => `Send at least ${params['limit']} here.`,
  maxItems: ({ params }) => `Send at most ${params['limit']} here.`,
  uniqueItems: () => 'Send each value once.',
  minLength: ({ params }) => `Use at least ${params['limit']} characters.`,
  maxLength: ({ params }) => `Use at most ${params['limit']} characters.`,
  minimum: ({ params }) => `Use a number of at least ${params['limit']}.`,
  maximum: ({ params }) => `Use a number of at most ${params['limit']}.`,
  discriminator: ({ params }) => `Use a known value of ${params['tag']}.`,
}

function remedyOf(error: ErrorObject): string | undefined {
  return REMEDIES[error.keyword]?.(error).slice(0, 512)
}

function listedFields(error: ErrorObject): string {
  return Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {}).join(', ')
}

function typeNames(type: unknown): string {
  const types = Array.isArray(type) ? type : [type]
  return types.map(name => TYPES[String(name)] ?? String(name)).join(' or ')
}
