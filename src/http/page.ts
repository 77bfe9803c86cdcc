import { Refusal, reason } from '../errors.ts'
import type { ApiRequest } from './route.ts'

const MAX_LIMIT = 1_000
const DEFAULT_LIMIT = 100

/** Where a list goes on: `limit` items after the opaque cursor `after`. */
export interface PageRequest {
  limit: number
  after: string | undefined
}

/**
 * The paging parameters of a list.
 * @throws Refusal HB-208
 */
export function readPage(request: ApiRequest, cursor: RegExp): PageRequest {
  const limit = Number(request.query['limit'] ?? DEFAULT_LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw badParameter('limit', `a whole number from 1 to ${MAX_LIMIT}`)
  }
  const after = request.query['after']
  if (after !== undefined && !cursor.test(after))
    throw badParameter('after', 'a cursor of this list')
  return { limit, after }
}

function badParameter(name: string, form: string): Refusal {
  return new Refusal(reason('HB-208', '', `query parameter ${name}: ${form}`))
}
