import { readdirSync, readFileSync } from 'node:fs'
import {
  Ajv2020,
  type AnySchemaObject,
  type ErrorObject,
  type ValidateFunction,
} from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { type Reason, Refusal } from './errors.ts'
import { annotatedCode, reasonsOf } from './schema-errors.ts'
import type { WireTypes } from './schemas.generated.ts'

/** Name of a schema: its file in schemas/ without the extension. */
export type SchemaId = keyof WireTypes

/** Tells everything that is wrong with a body; an empty list means that it fits. */
export type Validator = (body: unknown) => Reason[]

const BASE = 'https://huisbrug.example/schemas/'
const folder = new URL('../schemas/', import.meta.url)

/** A schema as it is on disk, by name. */
export function readSchema(id: string): AnySchemaObject {
  return JSON.parse(readFileSync(new URL(`${id}.json`, folder), 'utf8'))
}

/** Names of all files in schemas/, in alphabetical order. */
export function schemaIds(): string[] {
  const files = readdirSync(folder).filter(file => file.endsWith('.json'))
  return files.map(file => file.slice(0, -'.json'.length)).sort()
}

/**
 * A new ajv instance that knows schemas by their $id, every one where none is named. All errors are wanted, and `verbose` gives
 * the schema beside each error; the data it also gives must never leave the translation.
 */
export function createAjv(ids: readonly string[] = schemaIds()): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    allowUnionTypes: true,
    discriminator: true,
    // Ours are checked against the dialect by a test; here that would cost half of the start.
    validateSchema: false,
  })
  addFormats.default(ajv)
  ajv.addVocabulary(['x-codes', 'x-rule', 'x-details'])
  for (const id of ids) ajv.addSchema(readSchema(id))
  return ajv
}

let shared: Ajv2020 | undefined
const validators = new Map<string, Validator>()

/**
 * The validator of a schema, compiled once per process. Its reasons carry HB-202 (or what `x-codes`
 * of the schema says), the place as a JSON pointer and the schema keyword as the rule; never a value.
 * @throws Error where there is no such schema
 */
export function validatorFor(id: SchemaId): Validator {
  const known = validators.get(id)
  if (known) return known
  shared ??= createAjv()
  const check = shared.getSchema(`${BASE}${id}.json`)
  if (!check) throw new Error(`there is no schema ${id}`)
  const validator = validatorOf(check as ValidateFunction, id)
  validators.set(id, validator)
  return validator
}

/**
 * Asserts that a body has the shape of a schema.
 * @throws Refusal HB-202 with every reason
 */
export function assertShape<Id extends SchemaId>(
  id: Id,
  body: unknown,
): asserts body is WireTypes[Id] {
  const reasons = validatorFor(id)(body)
  if (reasons.length) throw new Refusal(reasons)
}

function validatorOf(check: ValidateFunction, id: string): Validator {
  const translation = {
    rule: (error: ErrorObject) => ruleOf(error, id),
    code: (error: ErrorObject) => annotatedCode(error) ?? 'HB-202',
  } as const
  return body => {
    if (check(body)) return []
    const reasons = reasonsOf(check.errors ?? [], translation)
    // ajv keeps the last errors, and with them the data: let go of both.
    check.errors = null
    return reasons
  }
}

/** Which keyword of which schema file, such as `detection-request.json#/properties/tenants/maxItems`. */
export function ruleOf(error: ErrorObject, id: string): string {
  const path = error.schemaPath.replace(BASE, '').replace('.json/', '.json#/')
  return (path.startsWith('#') ? `${id}.json${path}` : path).slice(0, 256)
}
