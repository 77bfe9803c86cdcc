import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import type { ErrorCode, Reason } from '../errors.ts'
import { annotatedCode, reasonsOf } from '../schema-errors.ts'
import { createAjv, ruleOf, type Validator } from '../schemas.ts'
import { type Agreement, digestOf, ruleAt } from './document.ts'
import { formOf } from './forms.ts'
import { narrowSchema } from './narrow.ts'

/** Beyond this, what was compiled for documents of the past is let go. */
const MOST_COMPILED = 200

const compiled = new Map<string, Validator>()
const digests = new WeakMap<Agreement, string>()
let ajv: Ajv2020 | undefined
let serial = 0

/**
 * The validator of a message type under an agreement: the wire schema narrowed to the agreement's
 * data elements, compiled once per digest. Its reasons carry HB-312 for a field that the agreement
 * does not list, HB-315 for an answer in another form than it grants, HB-202 for any other misfit;
 * places are JSON pointers, and no value is repeated.
 * @param general the form of POST /v1/messages, where the type has a named operation as well
 */
export function compileMessage(document: Agreement, type: string, general = false): Validator {
  const key = `${digestFor(document)} ${type} ${general}`
  const known = compiled.get(key)
  if (known) return known
  if (compiled.size >= MOST_COMPILED) forget()
  const validator = compile(document, type, general)
  compiled.set(key, validator)
  return validator
}

function digestFor(document: Agreement): string {
  const known = digests.get(document)
  if (known !== undefined) return known
  const digest = digestOf(document)
  digests.set(document, digest)
  return digest
}

function forget(): void {
  compiled.clear()
  ajv = undefined
}

function compile(document: Agreement, type: string, general: boolean): Validator {
  const form = formOf(type, general)
  const { $id, ...schema } = narrowSchema(document, type, form)
  // A name of its own beside the wire schemas, so that references to them go on working; never used
  // again, so that one that does not compile leaves the others alone.
  serial += 1
  const own = `${$id}~${serial}`
  ajv ??= createAjv()
  const check = ajv.compile({ ...schema, $id: own }) as ValidateFunction
  const translation = {
    rule: (error: ErrorObject) => ruleFor(error, document, `${form.schema}`, own),
    code: codeFor,
  }
  return body => {
    if (check(body)) return []
    const reasons = reasonsOf(check.errors ?? [], translation)
    // ajv keeps the last errors, and with them the data: let go of both.
    check.errors = null
    return reasons.toSorted(protocolFirst)
  }
}

function codeFor(error: ErrorObject): ErrorCode {
  return annotatedCode(error) ?? (error.keyword === 'additionalProperties' ? 'HB-312' : 'HB-202')
}

/** An article of the agreement where it decided, else the keyword of the wire schema. */
function ruleFor(error: ErrorObject, document: Agreement, schema: string, own: string): string {
  if (error.keyword === 'additionalProperties') return ruleAt(document, 'dataElements')
  const narrowed = error.keyword === 'enum' || error.keyword === 'not'
  const article: unknown = narrowed ? error.parentSchema?.['x-rule'] : undefined
  if (typeof article === 'string') return ruleAt(document, article)
  return ruleOf({ ...error, schemaPath: error.schemaPath.replace(own, '') }, schema)
}

/** What the agreement forbids weighs more than a wrong shape. */
function protocolFirst(one: Reason, other: Reason): number {
  return Number(one.code === 'HB-202') - Number(other.code === 'HB-202')
}
