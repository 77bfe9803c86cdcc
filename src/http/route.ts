import type { Presented } from '../access/binding.ts'
import type { Caller, Operation } from '../access/operations.ts'
import type { PeopleOperation, Person } from '../access/people.ts'
import type { Context } from '../context.ts'
import type { Refusal } from '../errors.ts'

/** What a route sees of a request: no framework object, so that a route is an ordinary function. */
export interface ApiRequest {
  /** `req_…`, also the X-Request-Id of the reply. */
  id: string
  at: Date
  /** The authenticated party; absent on public routes and where a person calls. */
  caller?: Caller
  /** The person who is signed in, on routes for people. */
  person?: Person
  params: Record<string, string>
  query: Record<string, string>
  header(name: string): string | undefined
  /** Whether it comes from this machine itself, not through a proxy. */
  isLocal: boolean
  /** What a token is bound to, as far as the call shows it. */
  presented: Presented
  /** The body as received; empty where there is none. */
  raw: Buffer
  /** Why the body could not be read, such as its size: the route refuses with it, as evidence. */
  unreadable?: Refusal
}

export interface Reply {
  status: number
  /** An object is sent as JSON, text and bytes as they are. */
  body?: object | string | Buffer
  /** Instead of a body: text that is sent as it is made, no faster than it is taken. */
  stream?: AsyncIterable<string>
  type?: string
  headers?: Record<string, string>
}

/**
 * What a writing operation makes of a repeated Idempotency-Key: `message`, the key is required and the
 * route keeps the outcome; `outcome`, the same for any key that is given, kept around the route; `own`, for
 * any key that is given, kept by the route; `natural`, doing it twice is doing it once; `nothing`, for
 * nothing is written.
 */
export type Repeats = 'message' | 'outcome' | 'own' | 'natural' | 'nothing'

/** Which parties may call a route, or which people, or either. */
type Admission =
  | { access: Operation; people?: PeopleOperation }
  | { access: 'public'; people?: never }
  | { access?: never; people: PeopleOperation }

/** One operation of the outside contract. */
export type Route = Admission & {
  /**
   * That what it gives and does for a person obeys the scope of that person (src/access/scope.ts), so that
   * the privacy officer of one party may call it; without this it is closed to her.
   */
  own?: true
  method: 'get' | 'post' | 'put' | 'delete'
  path: string
  /** On every operation that is no GET and not public; people have no keys: `natural` or `nothing`. */
  repeats?: Repeats
  handle(context: Context, request: ApiRequest): Promise<Reply>
  /** How it says no, where that is no problem document. */
  refuse?(refusal: Refusal, requestId: string): Reply
}

/** The person of a route for people alone. */
export function personOf(request: ApiRequest): Person {
  if (!request.person) throw new Error('a route without a person must be for parties or public')
  return request.person
}

/** The caller of a route for parties. */
export function callerOf(request: ApiRequest): Caller {
  if (!request.caller) throw new Error('a route without a caller must be public')
  return request.caller
}
