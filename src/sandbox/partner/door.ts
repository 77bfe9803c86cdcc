import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { containsNationalNumber } from '../../pseudonym/national-number.ts'
import { type Fault, type Faults, GARBAGE } from './fault.ts'
import { type Answer, forward, give, readBody } from './forward.ts'
import type { People } from './people.ts'
import { parseJson, type Recorder, readCall } from './record.ts'
import type { Scenario } from './scenario.ts'

export interface DoorParts {
  /** Where the gateway itself listens. */
  gateway: URL
  /** Party id of the partner: the scenario is for its calls alone. */
  partner: string
  people: People
  recorder: Recorder
  faults: Faults
  scenario(): Scenario
  slowMs: number
}

interface Call {
  request: IncomingMessage
  path: string
  body: Buffer
  party: string
  fault: Fault | undefined
}

/**
 * The sandbox's public address: passes calls on to the gateway and keeps what was asked and answered. Calls of
 * the partner meet the scenario; a number that may be of a real person goes no further than here.
 */
export function createDoor(parts: DoorParts) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const body = await readBody(request)
    if (!body) {
      response.writeHead(413, { Connection: 'close' }).end()
      return
    }
    const party = callerOf(request, body)
    const fault = faultFor(parts, request, path, party)
    const call = { request, path, body, party, fault }
    const began = performance.now()
    const answer = await answerTo(parts, call).catch(() => undefined)
    note(parts, call, answer, Math.round(performance.now() - began))
    if (answer) give(response, answer)
    else request.socket.destroy()
  }
}

async function answerTo(parts: DoorParts, call: Call): Promise<Answer | undefined> {
  const { request, body, fault } = call
  const stranger = strangerIn(parts, call)
  if (stranger !== undefined) return notSynthetic(stranger)
  if (fault === 'busy') return BUSY
  if (fault === 'garbage') return garbage()
  if (fault === 'slow') await sleep(parts.slowMs)
  // Never to another host, whatever is asked: an address can name one.
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
  const target = Object.assign(new URL(parts.gateway), { pathname, search })
  const answer = await forward(target, request, body, request.headers.host)
  if (fault !== 'lost') return answer
  await sleep(parts.slowMs)
  return undefined
}

// The documents of the gateway and the door for tokens stay as they are: what is tried out is the exchange.
function faultFor(
  { scenario, faults, partner }: DoorParts,
  request: IncomingMessage,
  path: string,
  party: string,
): Fault | undefined {
  if (party !== partner || !path.startsWith('/v1/')) return undefined
  const key = request.headers['idempotency-key'] ?? ''
  return faults.next(scenario().pace, `${request.method} ${path} ${key}`)
}

function strangerIn({ people }: DoorParts, { body, path }: Call): string | undefined {
  if (body.length === 0 || !path.startsWith('/v1/')) return undefined
  return people.strangerIn(parseJson(body), new Date().toISOString().slice(0, 10))
}

/** Who says to call: shown, and believed for nothing else. */
function callerOf(request: IncomingMessage, body: Buffer): string {
  const token = /^(?:Bearer|DPoP) (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  try {
    if (token) return idOf(decodeJwt(token).sub)
  } catch {
    return ''
  }
  const form = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  return form ? idOf(new URLSearchParams(body.toString('utf8')).get('client_id')) : ''
}

function idOf(text: string | null | undefined): string {
  return text && /^[A-Za-z0-9._-]{1,64}$/.test(text) ? text : ''
}

// Documents, health, console and pages that anyone reads would hide what is exchanged.
const SHOWN = /^\/(v1|oauth)\//
// What a counterpart asks again and again, or does before it can begin.
const ROUTINE = /^\/(oauth|v1\/(pseudonyms|inbox|protocols))\b/

function note(parts: DoorParts, call: Call, answer: Answer | undefined, ms: number): void {
  const { request, path, body, party, fault } = call
  const isMine = party === parts.partner || party === ''
  if (!SHOWN.test(path) || (!isMine && ROUTINE.test(path))) return
  const said = readCall(parseJson(body), answer && parseJson(answer.body))
  parts.recorder.add({
    at: new Date().toISOString(),
    way: isMine ? 'partner' : 'counterpart',
    party,
    method: request.method ?? '',
    path: withoutNumber(path),
    ms,
    ...(answer && { status: answer.status }),
    ...(fault && { fault }),
    ...said,
  })
}

function withoutNumber(path: string): string {
  const today = new Date().toISOString().slice(0, 10)
  return containsNationalNumber(path, today) ? path.replaceAll(/\d/g, '*') : path
}

const REMEDY =
  'Use the numbers of tenants.csv, or start the sandbox with --own-numbers <file> for synthetic numbers of your own.'

function notSynthetic(pointer: string): Answer {
  const rule = 'sandbox: synthetic national numbers only'
  return problem(422, {
    title: 'The national number is not one of the synthetic people of this sandbox',
    code: 'HB-401',
    detail: REMEDY,
    errors: [{ pointer, code: 'HB-401', rule, remedy: REMEDY }],
  })
}

const BUSY = problem(
  503,
  {
    title: 'The sandbox plays that the gateway is not available',
    code: 'HB-903',
    detail: 'Send the same call again, with the same Idempotency-Key, after Retry-After.',
    errors: [],
  },
  { 'retry-after': '1' },
)

function problem(status: number, content: object, headers: Record<string, string> = {}): Answer {
  const body = JSON.stringify({ type: 'about:blank', status, ...content })
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: Buffer.from(body),
  }
}

/** What a proxy in between answers where what is behind it is away. */
export function garbage(): Answer {
  return { status: 502, headers: { 'content-type': 'text/html' }, body: Buffer.from(GARBAGE) }
}
