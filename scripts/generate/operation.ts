import type { Operation as Scope } from '../../src/access/operations.ts'
import type { PeopleOperation } from '../../src/access/people.ts'
import type { ErrorCode } from '../../src/errors.ts'
import type { SchemaId } from '../../src/schemas.ts'

/** One operation of the outside contract, as the API description shows it. */
export interface Operation {
  method: 'get' | 'post' | 'put' | 'delete'
  path: string
  id: string
  tag: string
  summary: string
  description?: string
  /** The scope that opens it; absent on operations that are public or for people alone. */
  scope?: Scope
  /** What opens it to people. */
  people?: PeopleOperation
  /** It bears persons: a key is required, and the protocol decides. */
  personBearing?: true
  /** A key is honoured where one is given, or has to be given. */
  keyed?: true | 'required'
  /** It is a list: limit and after. */
  list?: true
  request?: SchemaId
  form?: SchemaId
  /** What it takes, where that is plain text. */
  takes?: string
  status: 200 | 202 | 204
  reply?: SchemaId
  /** Instead of a schema: the media type and what is in it. */
  text?: { type: string; description: string; example?: string }
  /** What it answers to `Accept: text/html`, for people. */
  html?: string
  /** What it answers to other media types in Accept, by type. */
  also?: Readonly<Record<string, string>>
  /** Query parameters that it takes, with what they are. */
  query?: Readonly<Record<string, string>>
  refusals: ErrorCode[]
  /** Refusals that are no problem document: by status, the media types and what is in them. */
  plain?: Readonly<Record<number, { description: string; types: readonly string[] }>>
}
