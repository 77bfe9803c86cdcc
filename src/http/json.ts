import { parseStrictJson } from '../json.ts'
import type { WireTypes } from '../schemas.generated.ts'
import { assertShape, type SchemaId } from '../schemas.ts'
import type { ApiRequest } from './route.ts'

/**
 * The JSON body of a request that bears no person, checked against its schema.
 * @throws Refusal HB-201, HB-202, HB-203, HB-211, HB-212
 */
export function readJson<Id extends SchemaId>(request: ApiRequest, schema: Id): WireTypes[Id] {
  const body = parseJson(request)
  assertShape(schema, body)
  return body
}

/**
 * The JSON body of a request as it is, of any shape.
 * @throws Refusal HB-201, HB-203, HB-204, HB-211, HB-212
 */
export function parseJson(request: ApiRequest): unknown {
  if (request.unreadable) throw request.unreadable
  return parseStrictJson(request.raw)
}
