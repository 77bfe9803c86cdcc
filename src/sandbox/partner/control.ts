import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Delivery } from '../../client/types.ts'
import type { Done } from './companies.ts'
import { readBody } from './forward.ts'
import type { CodeText, SandboxSettings } from './options.ts'
import { drawCodes, drawPage } from './page.ts'
import { parseJson, type Recorder } from './record.ts'
import {
  CHOICES,
  readDays,
  readNumber,
  SandboxMisuse,
  type Scenario,
  withNames,
} from './scenario.ts'
import { type Language, languageOf } from './texts.ts'

/** What can be seen and changed while it runs. */
export interface Controls {
  state(): SandboxSettled
  /** What the gateway hands over to the partner, the newest first. */
  deliveries(): Promise<Delivery[]>
  /** @throws Error where the protocol cannot be changed */
  change(change: (scenario: Scenario) => Scenario): Promise<void>
  forward(days: number): void
  /** Has the simulated housing companies do something. @throws SandboxMisuse where there are none */
  act(what: 'send' | 'end-tenancies', tenants: number): Promise<Done[]>
}

/** The state, with what only the gateway knows. */
export type SandboxState = SandboxSettled & { deliveries: Delivery[] }

export interface SandboxSettled {
  scenario: Scenario
  /** Of the sandbox's own calendar. */
  day: number
  waiting: { people: number; nextDay: number | undefined }
}

export interface ControlParts {
  settings: SandboxSettings
  recorder: Recorder
  controls: Controls
  codes: readonly CodeText[]
}

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
const MOST_TENANTS = 200
const USUAL_TENANTS = 10

/**
 * The page of the sandbox and the calls that change it, under `/sandbox`: for this machine by its own name, and
 * for no page of another site.
 */
export function createControl(parts: ControlParts) {
  const origins = originsOf(parts.settings.gateway)
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const body = await readBody(request)
    if (!isForUs(request, origins) || !body) return say(response, 403, { error: 'not from here' })
    const url = new URL(request.url ?? '/', parts.settings.gateway)
    if (request.method === 'GET') return show(parts, url, response)
    if (request.method !== 'POST') return say(response, 405, { error: 'GET or POST' })
    const isForm = isFormOf(request)
    const given = isForm ? formOf(body) : parseJson(body)
    try {
      const reply = await carryOut(parts, url.pathname, Object(given ?? {}))
      if (!isForm) return say(response, 200, reply)
      response.writeHead(303, { Location: `/sandbox${searchOf(Object(given))}` }).end()
    } catch (error) {
      say(response, error instanceof SandboxMisuse ? 400 : 500, { error: (error as Error).message })
    }
  }
}

async function show(
  { settings, recorder, controls, codes }: ControlParts,
  url: URL,
  response: ServerResponse,
): Promise<void> {
  const language = languageOf(url.searchParams.get('taal'))
  if (url.pathname === '/sandbox/state') {
    const seen = recorder.list(Number(url.searchParams.get('after')) || 0)
    const state = { ...controls.state(), deliveries: await controls.deliveries() }
    say(response, 200, { settings: shownOf(settings), ...state, seen })
  } else if (url.pathname === '/sandbox/codes') {
    sayPage(response, drawCodes(codes, language))
  } else if (url.pathname === '/sandbox') {
    const state = { ...controls.state(), deliveries: await controls.deliveries() }
    const content = { settings, state, seen: recorder.list(), codes }
    sayPage(response, drawPage(content, language))
  } else say(response, 404, { error: 'no such page' })
}

type Given = Record<string, unknown>

async function carryOut({ controls }: ControlParts, path: string, given: Given): Promise<object> {
  if (path === '/sandbox/scenario') {
    const names = namesIn(given)
    const days = given['afterDays'] === undefined ? undefined : readDays(given['afterDays'])
    await controls.change(scenario => ({
      ...withNames(scenario, names),
      ...(days !== undefined && { afterDays: days }),
    }))
    return controls.state()
  }
  if (path === '/sandbox/clock') {
    controls.forward(readDays(given['days']))
    return controls.state()
  }
  const what = /^\/sandbox\/(send|end-tenancies)$/.exec(path)?.[1]
  if (!what) throw new SandboxMisuse('no such call: scenario, clock, send or end-tenancies')
  const tenants = readNumber(given['tenants'] ?? USUAL_TENANTS, 'tenants', 1, MOST_TENANTS)
  return { items: await controls.act(what as 'send' | 'end-tenancies', tenants) }
}

// A form gives one name of each kind; a call may give some, with commas or as a list.
function namesIn(given: Given): string {
  const { scenario } = given
  const parts = Object.keys(CHOICES).map(kind => given[kind])
  return [scenario, ...parts]
    .flat()
    .filter(name => typeof name === 'string')
    .join(',')
}

/** The settings without what is secret: the page may be on a screen that others see. */
function shownOf({ webhookSecret: _, ...settings }: SandboxSettings): Partial<SandboxSettings> {
  return settings
}

function originsOf(gateway: string): ReadonlySet<string> {
  const { port } = new URL(gateway)
  return new Set([`http://127.0.0.1:${port}`, `http://localhost:${port}`])
}

// Another name for this machine is that of a site which rebinds it; another origin is another site's form.
function isForUs({ headers }: IncomingMessage, origins: ReadonlySet<string>): boolean {
  const site = headers['sec-fetch-site']
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none'
  const isNavigation = headers['sec-fetch-mode'] === 'navigate' && headers.origin === undefined
  const isOwnOrigin = headers.origin === undefined || origins.has(headers.origin)
  return origins.has(`http://${headers.host}`) && isOwnOrigin && (isOwnSite || isNavigation)
}

function isFormOf({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
}

function formOf(body: Buffer): Given {
  return Object.fromEntries(new URLSearchParams(body.toString('utf8')))
}

function searchOf({ taal }: { taal?: unknown }): string {
  const language: Language = languageOf(typeof taal === 'string' ? taal : null)
  return language === 'en' ? '?taal=en' : ''
}

function say(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(`${JSON.stringify(body)}\n`)
}

function sayPage(response: ServerResponse, page: string): void {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page)
}
