import type { ProblemReason } from '../../client/problem.ts'
import type { RefusedItem } from '../../client/types.ts'
import type { Fault } from './fault.ts'

/** Why something was refused: whole, or one item of it. */
export type Why = Partial<RefusedItem> & Pick<ProblemReason, 'code'>

/** Which way a call went: partner to gateway, counterpart to gateway, gateway to partner or counterpart. */
export type Way = 'partner' | 'counterpart' | 'to-partner' | 'to-counterpart'

/** One call that the sandbox saw. Holds no national number. */
export interface Seen {
  /** From 1, in order. */
  id: number
  at: string
  way: Way
  party: string
  method: string
  path: string
  /** Absent where no answer came. */
  status?: number
  ms: number
  /** What the sandbox did to it on purpose. */
  fault?: Fault
  /** Of a message or event: its kind. */
  type?: string
  messageId?: string
  items?: number
  accepted?: number
  /** Of a refusal as a whole. */
  title?: string
  why: Why[]
  /** Of an event for the partner: what is in it. */
  data?: unknown
  /** How often in a row, where it was asked more than once. */
  times?: number
}

const MOST = 500

/** The last 500 calls, in memory only. */
export class Recorder {
  readonly #seen: Seen[] = []
  #next = 1

  /** Keeps a call; one that looks at something again in a row stands there once. */
  add(seen: Omit<Seen, 'id'>): void {
    const last = this.#seen.at(-1)
    const isAgain = last && seen.method === 'GET' && callOf(last) === callOf(seen)
    if (isAgain) this.#seen.pop()
    const times = isAgain && { times: (last.times ?? 1) + 1 }
    this.#seen.push({ id: this.#next++, ...seen, ...times })
    if (this.#seen.length > MOST) this.#seen.shift()
  }

  /** The newest first. */
  list(after = 0): Seen[] {
    return this.#seen.filter(({ id }) => id > after).reverse()
  }
}

function callOf({ way, party, method, path, status }: Omit<Seen, 'id'>): string {
  return `${way} ${party} ${method} ${path} ${status}`
}

type Json = Record<string, unknown>

/** What a request of a party and its answer say, without who it is about but by the own reference. */
export function readCall(request: unknown, answer: unknown): Partial<Seen> & Pick<Seen, 'why'> {
  const asked = objectOf(request)
  const told = objectOf(answer)
  const list = [asked['tenants'], asked['items'], asked['blinded']].find(Array.isArray)
  const refused = Array.isArray(told['refused']) ? (told['refused'] as Why[]) : []
  const errors = Array.isArray(told['errors']) ? (told['errors'] as Why[]) : []
  const { code, title, detail, error, error_description: description } = told
  const whole = errors.length > 0 ? errors : wholeOf(code ?? error, detail ?? description)
  return {
    ...(list && { items: list.length }),
    ...(typeof asked['type'] === 'string' && { type: asked['type'] }),
    ...(typeof told['accepted'] === 'number' && { accepted: told['accepted'] }),
    ...(typeof told['messageId'] === 'string' && { messageId: told['messageId'] }),
    ...(typeof title === 'string' && { title }),
    why: [...refused, ...whole],
  }
}

function wholeOf(code: unknown, detail: unknown): Why[] {
  if (typeof code !== 'string') return []
  return [{ code, ...(typeof detail === 'string' && { remedy: detail }) }]
}

/** What the gateway hands over: an event for the partner, or a call for a counterpart. */
export function readHandOver(request: unknown, answer: unknown): Partial<Seen> & Pick<Seen, 'why'> {
  const body = objectOf(request)
  const isEvent = body['specversion'] !== undefined
  const list = [body['rows'], body['items']].find(Array.isArray)
  return {
    why: readCall({}, answer).why,
    ...(list && { items: list.length }),
    ...(typeof body['type'] === 'string' && { type: body['type'] }),
    ...(typeof body['messageId'] === 'string' && { messageId: body['messageId'] }),
    ...(isEvent && { data: body['data'] }),
  }
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

/** JSON, or undefined for anything else. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
