import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Operation, RIGHTS } from '../../src/access/operations.ts'
import { newNonce } from '../../src/client/index.ts'
import { ROUTES } from '../../src/http/routes/index.ts'
import { openapi } from '../support/contract.ts'
import { TODAY } from '../support/detection.ts'
import type { PartyId, TestGateway } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { call, type RawReply, tokenFor } from '../support/raw.ts'

/** One operation of the published description, and who may call it. */
export interface Target {
  /** `post /v1/messages/{id}`. */
  name: string
  method: string
  /** With its parameters in braces. */
  path: string
  example: Record<string, unknown> | undefined
  parameters: { in: string; name: string }[]
  by: 'anybody' | 'person' | 'woonboog' | 'vdab'
}

interface Described {
  parameters?: ({ in: string; name: string } | { $ref: string })[]
  requestBody?: { content: Record<string, { example?: Record<string, unknown> }> }
}

/** Every operation of the description, with somebody who may call it. */
export const TARGETS: readonly Target[] = ROUTES.map(({ method, path, access, people }) => {
  const described = path.replace(/:(\w+)/g, '{$1}').replace('*path', '{path}')
  const { parameters = [], requestBody } = openapi.paths[described]![method] as Described
  return {
    ...{ name: `${method} ${described}`, method: method.toUpperCase(), path: described },
    example: requestBody?.content['application/json']?.example,
    parameters: parameters.map(parameterOf),
    by: access === 'public' ? 'anybody' : people ? 'person' : partyFor(access as Operation),
  }
})

/** A request as it goes out; what is left out is as it should be. */
export interface Changes {
  path?: string
  query?: string
  body?: unknown
  headers?: Record<string, string>
}

/** Calls operations as somebody who may, with a fresh key each time. */
export async function openCaller(gateway: TestGateway) {
  const { token } = await gateway.context.sessions.makeToken('privacy-officer')
  const tokens: Record<string, string> = {
    person: token,
    woonboog: await tokenFor(gateway, 'woonboog'),
    vdab: await tokenFor(gateway, 'vdab'),
  }
  return (target: Target, changes: Changes = {}): Promise<RawReply> => {
    const { path = fill(target.path), query = '', body, headers } = changes
    const bearer = tokens[target.by]
    return call(gateway, target.method, `${path}${query}`, {
      ...(bearer && { token: bearer }),
      ...(!['GET', 'anybody'].includes(target.method) && { key: randomUUID() }),
      ...(target.method !== 'GET' && body !== undefined && { body }),
      ...(headers && { headers }),
    })
  }
}

/** Asks as a browser would: redirects stay where they are, and of a feed only its head is read. */
export async function browse(url: string, options: RequestInit = {}) {
  const response = await fetch(url, { redirect: 'manual', ...options })
  const { status, headers } = response
  const isFeed = headers.get('content-type')?.includes('event-stream')
  if (isFeed) await response.body?.cancel()
  return { status, headers, html: isFeed ? '' : await response.text() }
}

let next = 5_000

/** A good body of an operation, with a person and a nonce of its own and dates of today. */
export function bodyOf({ example }: Target): Record<string, unknown> | undefined {
  if (!example) return undefined
  const text = JSON.stringify(example)
    .replace(/"(referenceDate|establishedOn|endedOn|on)":"[^"]+"/g, `"$1":"${TODAY}"`)
    .replace(/"insz":"\d[^"]+"/g, () => `"insz":"${syntheticNumber(next++)}"`)
    .replace(/"nonce":"[^"]+"/g, () => `"nonce":"${newNonce()}"`)
  return JSON.parse(text)
}

/** A path with ids that have the form of ids. */
export function fill(path: string, value = 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD'): string {
  return path
    .replace('{level}', '0')
    .replace('{path}', '000')
    .replace(/\{\w+\}/g, value)
}

/** Where texts stand in a body: the way to each, and the name of one more member of each object. */
export function placesIn(value: unknown, way: (string | number)[] = []): (string | number)[][] {
  if (typeof value === 'string') return [way]
  if (typeof value !== 'object' || value === null) return []
  const parts = Object.entries(value).flatMap(([name, part]) =>
    placesIn(part, [...way, Array.isArray(value) ? Number(name) : name]),
  )
  return Array.isArray(value) ? parts : [...parts, [...way, '+']]
}

/** The body with a text put in one place; at `+` as the name of another member. */
export function put(body: unknown, way: readonly (string | number)[], text: string): unknown {
  const [at, ...rest] = way
  if (at === undefined) return text
  if (at === '+') return { ...(body as object), [text]: 1 }
  if (Array.isArray(body))
    return body.map((part, index) => (index === at ? put(part, rest, text) : part))
  const object = body as Record<string, unknown>
  return { ...object, [at]: put(object[at], rest, text) }
}

/** How many cases of a kind the page about testing says there are at least. */
export function promised(kind: string): number {
  return promises().find(row => row.kind === kind)?.cases ?? Number.NaN
}

/** The table of that page: how many cases of each kind there are at least, and where. */
export function promises(): { kind: string; cases: number; file: string }[] {
  const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8')
  const rows = page.matchAll(/^\| ([^|]+) \| ([\d,]+) \| `(test\/intrusion\/[^`]+)` \|$/gm)
  return [...rows].map(([, kind = '', cases = '', file = '']) => ({
    ...{ kind, file, cases: Number(cases.replace(',', '')) },
  }))
}

function parameterOf(one: { in: string; name: string } | { $ref: string }) {
  if (!('$ref' in one)) return { in: one.in, name: one.name }
  const parts = one.$ref.slice(2).split('/')
  return parts.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], openapi) as {
    in: string
    name: string
  }
}

function partyFor(access: Operation): PartyId & ('woonboog' | 'vdab') {
  return 'housing-company' in RIGHTS.parties[access] ? 'woonboog' : 'vdab'
}
