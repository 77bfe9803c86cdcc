import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Schema } from './generate.ts'

interface Parameter {
  in: 'path' | 'query' | 'header'
  name: string
  required?: boolean
  schema: Schema
}

interface Described {
  operationId: string
  security?: Record<string, string[]>[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>
}

/** One operation of the published description. */
export interface Operation {
  id: string
  method: string
  /** As described, such as `/v1/messages/{id}`. */
  path: string
  parameters: Parameter[]
  body: { type: string; schema: Schema } | undefined
  /** The scopes of a party's token that open it. */
  scopes: string[]
  /** The roles of people that may do it. */
  roles: string[]
  described: Described
}

interface Description {
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Schema> }
}

export const description = JSON.parse(
  readFileSync(new URL('../../docs/api/openapi.json', import.meta.url), 'utf8'),
) as Description

/** Every operation, in the order of the description. */
export const OPERATIONS: readonly Operation[] = Object.entries(description.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, described]) => toOperation(method, path, described)),
)

function toOperation(method: string, path: string, described: Described): Operation {
  const [type, media] = Object.entries(described.requestBody?.content ?? {})[0] ?? []
  const grants = (name: string) => (described.security ?? []).flatMap(one => one[name] ?? [])
  return {
    id: described.operationId,
    method: method.toUpperCase(),
    path,
    parameters: described.parameters ?? [],
    body: type && media ? { type, schema: media.schema } : undefined,
    scopes: grants('accessToken'),
    roles: grants('personToken'),
    described,
  }
}

const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema({ $id: 'openapi', ...description })
const validators = new Map<string, ValidateFunction>()

/** Whether a value is as a part of the description says; `pointer` as in `/components/schemas/Page`. */
export function faultsBy(pointer: string, value: unknown): string[] {
  const validate = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` })
  validators.set(pointer, validate)
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** The same for a schema that stands in the description. */
export function fitter(schema: Schema): (value: unknown) => boolean {
  const text = JSON.stringify(schema).replaceAll('"#/', '"openapi#/')
  return ajv.compile(JSON.parse(text))
}

/** What of a reply is not as the operation describes it. */
export function faultsOfReply(
  operation: Operation,
  reply: { status: number; type: string; text: string },
): string[] {
  const { status, type, text } = reply
  const listed = operation.described.responses[status]
  if (!listed) return [`status ${status} is not listed`]
  if (!listed.content) return text === '' ? [] : ['a body where none is described']
  if (!listed.content[type]) return [`content type ${type} is not listed`]
  if (!type.includes('json') || type === 'application/jsonl') return []
  const steps = ['paths', operation.path, operation.method.toLowerCase(), 'responses', `${status}`]
  const pointer = [...steps, 'content', type, 'schema'].map(escapeStep).join('/')
  return faultsBy(`/${pointer}`, JSON.parse(text))
}

function escapeStep(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))
}
