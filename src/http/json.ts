import { refuse } from '../errors.ts'
import type { WireTypes } from '../schemas.generated.ts'
import { assertShape, type SchemaId } from '../schemas.ts'
import type { ApiRequest } from './route.ts'

/**
 * The JSON body of a request that bears no person, checked against its schema.
 * @throws Refusal HB-201, HB-202, HB-203
 */
export function readJson<Id extends SchemaId>(request: ApiRequest, schema: Id): WireTypes[Id] {
  const body = parseJson(request)
  assertShape(schema, body)
  return body
}

/**
 * The JSON body of a request as it is, of any shape.
 * @throws Refusal HB-201, HB-203, HB-204
 */
export function parseJson(request: ApiRequest): unknown {
  if (request.unreadable) throw request.unreadable
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.raw))
  } catch {
    throw refuse('HB-201', '', 'RFC 8259')
  }
}
