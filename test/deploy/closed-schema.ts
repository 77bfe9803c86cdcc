import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

// Schemas of what our own files use of Compose and Kubernetes, closed: a member that is not listed is a
// mistake. The files were held once against the published schemas too, see docs/deployment.md.

export type Schema = Record<string, unknown>

export const text: Schema = { type: 'string', minLength: 1 }
export const flag: Schema = { type: 'boolean' }
export const count: Schema = { type: 'integer', minimum: 0 }
export const list = (items: Schema): Schema => ({ type: 'array', minItems: 1, items })
export const map = (values: Schema): Schema => ({ type: 'object', additionalProperties: values })
export const oneOf = (...values: unknown[]): Schema => ({ enum: values })
export const matching = (pattern: string): Schema => ({ type: 'string', pattern })

/** An object with these members and no others; a name that ends in `?` may be left out. */
export function closed(members: Record<string, Schema>): Schema {
  const entries = Object.entries(members)
  return {
    type: 'object',
    additionalProperties: false,
    required: entries.map(([name]) => name).filter(name => !name.endsWith('?')),
    properties: Object.fromEntries(entries.map(([name, it]) => [name.replace(/\?$/, ''), it])),
  }
}

/** What is wrong with a value, a line each. */
export function faultsOf(schema: Schema, value: unknown): string[] {
  const validate: ValidateFunction = new Ajv2020({ allErrors: true, strict: false }).compile(schema)
  if (validate(value)) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${instancePath}: ${message} ${JSON.stringify(params.additionalProperty ?? params.allowedValues ?? '')}`,
  )
}
