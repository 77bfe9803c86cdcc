import type { Operation } from './operations.ts'

/** Whose credentials a request has: a party, a person by role, or nobody. */
export type Role = string | undefined

/** A request before it is written: what mutations change. */
export interface Draft {
  operation: Operation
  as: Role
  method: string
  params: Record<string, string>
  query: [name: string, value: string][]
  headers: Record<string, string>
  /** The body as a value; undefined for none. */
  tree: unknown
  /** Instead of the value: the body as it is sent. */
  raw?: string | Buffer
  /** What else of the path is other than described. */
  bendPath?: (path: string) => string
  /** What was done to it, such as `live` or `live odd method`. */
  made: string[]
}

/** A request as it is sent. */
export interface FuzzRequest {
  number: number
  operation: Operation
  as: Role
  method: string
  target: string
  headers: Record<string, string>
  body: Buffer | undefined
  made: string
}

/** Writes a draft. */
export function write(number: number, draft: Draft): FuzzRequest {
  const { operation, as, method, params, query, bendPath, made } = draft
  const filled = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? 'none').replaceAll('%2F', '/'),
  )
  const path = bendPath ? bendPath(filled) : filled
  const asked = query.map(pair => pair.map(encodeOdd).join('='))
  const body = bodyOf(draft)
  const headers = { ...draft.headers, ...(body && { 'content-length': String(body.length) }) }
  return {
    ...{ number, operation, as, method, headers, body, made: made.join(' ') },
    target: asked.length > 0 ? `${path}?${asked.join('&')}` : path,
  }
}

function bodyOf({ operation, tree, raw }: Draft): Buffer | undefined {
  if (raw !== undefined) return Buffer.from(raw as string)
  if (tree === undefined) return undefined
  if (operation.body?.type === 'text/plain' && typeof tree === 'string') return Buffer.from(tree)
  if (operation.body?.type !== 'application/x-www-form-urlencoded') return Buffer.from(toJson(tree))
  if (typeof tree !== 'object' || tree === null) return Buffer.from(String(tree))
  const fields = Object.entries(tree).map(([name, value]) => {
    const text = typeof value === 'string' ? value : toJson(value)
    return [name, text].map(encodeOdd).join('=')
  })
  return Buffer.from(fields.join('&'))
}

/** The value as JSON; what has no form in it is null. */
export function toJson(tree: unknown): string {
  return JSON.stringify(tree) ?? 'null'
}

// Half of a surrogate pair is no text that could be written in a URL.
function encodeOdd(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
