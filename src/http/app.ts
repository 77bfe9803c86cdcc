import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import express from 'express'
import helmet from 'helmet'
import type { Role } from '../config.ts'
import type { Context } from '../context.ts'
import { type ErrorCode, Refusal, reason } from '../errors.ts'
import { settleOnce } from '../exchange/once.ts'
import { newId } from '../ids.ts'
import { assertDisclosing } from './disclosing.ts'
import { findAmbiguity } from './front-door.ts'
import { operationOf, toKeyedCall, toReply } from './incoming.ts'
import { addressOf, admit, holderOf, noted } from './limits.ts'
import { BodyLimits } from './limits-bodies.ts'
import { Turns } from './limits-repeats.ts'
import { isLocal } from './local.ts'
import { presentedBy } from './presented.ts'
import { problemReply, toRefusal } from './problem.ts'
import type { ApiRequest, Reply, Route } from './route.ts'
import { EVALUATION_ROUTES, ROUTES, SERVICE_ROUTES } from './routes/index.ts'
import { withSignature } from './signature.ts'

const MAX_BODY_BYTES = 1024 * 1024
// A token request is an assertion and some names; who sends it is not known yet.
const MAX_FORM_BYTES = 16 * 1024
const TOKEN_PATH = '/oauth/token'
const WITNESS_PATH = '/witness/add-checkpoint'
const OPENAPI = fileURLToPath(new URL('../../docs/api/openapi.json', import.meta.url))

/** Assembles the HTTP interface: security headers, the routes, the documentation, the funnel. */
export function createApp(context: Context): express.Express {
  const app = openDoor(context)
  for (const extra of context.mounts) app.use(extra.path, extra.handler)
  serveDocumentation(app)
  serveRoutes(app, context, routesFor(context.config.roles))
  return app
}

/** Health and figures alone, for probes of a process that may serve nothing else. */
export function createHealthApp(context: Context): express.Express {
  const app = openDoor(context)
  serveRoutes(app, context, SERVICE_ROUTES)
  return app
}

function openDoor(context: Context): express.Express {
  const app = express()
  const { trustedProxies } = context.config.limits
  app.disable('x-powered-by')
  app.set('query parser', 'simple')
  // Who closes a path at a proxy closes it as it is written: no other writing may lead to it.
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.set('trust proxy', trustedProxies)
  app.use(helmet())
  app.use((request, response, next) => {
    const refusal = findAmbiguity(request)
    if (refusal) turnAway(context, request, response, refusal)
    else next()
  })
  return app
}

function serveRoutes(app: express.Express, context: Context, routes: Route[]): void {
  const bytes = context.config.limits.bodies
  const desk = { bodies: new BodyLimits({ bytes }), turns: new Turns() }
  app.use(answerWhole)
  for (const route of routes) app[route.method](route.path, serve(context, route, desk))
  app.use((request, response) => refuseUnknown(context, request, response))
  app.use(((_error, request, response, _next) =>
    refuseUnknown(context, request, response)) satisfies express.ErrorRequestHandler)
}

// No reply may be kept (no-store), so none is said to be as it was before.
function answerWhole(request: express.Request, _: express.Response, next: () => void): void {
  delete request.headers['if-none-match']
  delete request.headers['if-modified-since']
  next()
}

/** What a process serves: health and figures always, the rest by its roles. */
function routesFor(roles: ReadonlySet<Role>): Route[] {
  if (roles.has('api')) return ROUTES
  return roles.has('evaluator') ? [...EVALUATION_ROUTES, ...SERVICE_ROUTES] : SERVICE_ROUTES
}

/** What calls of one process share: room for their bodies, and the order of repeated ones. */
interface Desk {
  bodies: BodyLimits
  turns: Turns
}

function serve(context: Context, route: Route, desk: Desk): express.RequestHandler {
  return async (request, response) => {
    const id = newId('req', context.clock())
    const stop = context.metrics.startRequest(route.method, route.path)
    const reply = await answer(context, route, desk, { request, response, id }).catch(error => {
      // Who hung up in the middle of a body gets no answer and is no fault of ours.
      if (request.destroyed && !request.complete) return { status: 499 }
      const refuse = route.refuse ?? problemReply
      return refuse(toRefusal(error, id, context.log), id)
    })
    send(response, reply, id)
    stop(reply.status)
  }
}

async function answer(
  context: Context,
  route: Route,
  desk: Desk,
  call: { request: express.Request; response: express.Response; id: string },
): Promise<Reply> {
  const { request, response, id } = call
  const admitted = await admit(context, route, request, response)
  const known = holderOf(admitted)
  await assertDisclosing(context, route)
  const asked = { ...toApiRequest(context, request, id), ...admitted }
  // Health, figures and what is published are answered however busy it is here.
  if (!known && route.method === 'get') return route.handle(context, asked)
  const largest = known ? MAX_BODY_BYTES : MAX_FORM_BYTES
  const holder = known ?? `address ${addressOf(request)}`
  const place = await noted(context, admitted, () =>
    desk.bodies.enter(holder, sizeOf(request, largest)),
  )
  try {
    const read = { ...asked, ...(await readBody(request, largest)) }
    const whole = await withSignature(context, request, read)
    const work = () => place.handle(() => handle(context, route, whole))
    const key = admitted.caller && whole.header('idempotency-key')
    return await noted(context, admitted, () =>
      key ? desk.turns.inTurn(`${holder} ${operationOf(route, whole)} ${key}`, work) : work(),
    )
  } finally {
    place.leave()
  }
}

/** Has a route do its work: once for every key, where the route leaves that to the door. */
async function handle(context: Context, route: Route, request: ApiRequest): Promise<Reply> {
  const isKeyed = route.repeats === 'outcome' && request.header('idempotency-key') !== undefined
  if (!isKeyed) return route.handle(context, request)
  if (request.unreadable) throw request.unreadable
  const call = toKeyedCall(request, operationOf(route, request))
  const settled = await settleOnce(context, call, async within => {
    const { status, body } = await route.handle(within, request)
    return { status, ...(typeof body === 'object' && { body }) }
  })
  return toReply(settled)
}

function toApiRequest(context: Context, request: express.Request, id: string): ApiRequest {
  return {
    id,
    at: context.clock(),
    params: joinSegments(request.params),
    query: singleValues(request.query),
    header: name => request.get(name),
    isLocal: isLocal(request),
    presented: presentedBy(context, request),
    raw: Buffer.alloc(0),
  }
}

// A wildcard of express is a list of path segments.
function joinSegments(params: Record<string, string | string[]>): Record<string, string> {
  const joined = Object.entries(params).map(([name, value]) => {
    return [name, Array.isArray(value) ? value.join('/') : value] as const
  })
  // No id of ours has another character; PostgreSQL refuses some, and none need be stored.
  if (joined.some(([, value]) => !/^[A-Za-z0-9._/-]{1,256}$/.test(value))) {
    throw new Refusal(reason('HB-206', '', 'openapi.json, paths'))
  }
  return Object.fromEntries(joined)
}

// A parameter given twice is read once, the last: no route has a use for a list.
function singleValues(query: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      name,
      String(Array.isArray(value) ? value.at(-1) : value),
    ]),
  )
}

/** How large a body says it will be, as far as it is kept; the most where it does not say. */
function sizeOf(request: express.Request, largest: number): number {
  if (request.get('transfer-encoding') !== undefined) return largest
  return Math.min(largest, Number(request.get('content-length') ?? 0))
}

async function readBody(
  request: express.Request,
  largest: number,
): Promise<Pick<ApiRequest, 'raw' | 'unreadable'>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= largest) chunks.push(chunk)
    else chunks.length = 0
    if (size > 16 * MAX_BODY_BYTES) break
  }
  if (size > 0 && !isExpectedType(request)) return unreadable('HB-204', 'http: Content-Type')
  if (size <= largest) return { raw: Buffer.concat(chunks) }
  return unreadable('HB-203', 'http: a body holds at most 1 MiB')
}

// A form goes to the token endpoint, text to a witness, JSON everywhere else.
function isExpectedType(request: express.Request): boolean {
  const isOther = request.path === TOKEN_PATH || request.path === WITNESS_PATH
  return isOther || request.is('application/json') !== false
}

function unreadable(code: ErrorCode, rule: string): Pick<ApiRequest, 'raw' | 'unreadable'> {
  return { raw: Buffer.alloc(0), unreadable: new Refusal(reason(code, '', rule)) }
}

function send(response: express.Response, reply: Reply, id: string): void {
  if (response.headersSent || response.destroyed) return
  response
    .status(reply.status)
    .set({ 'X-Request-Id': id, 'Cache-Control': 'no-store', ...reply.headers })
  if (reply.stream) sendStream(response, reply.stream, reply.type ?? 'text/plain')
  else if (reply.body === undefined) response.end()
  else if (Buffer.isBuffer(reply.body)) {
    // Bytes have no charset: the type goes as it is.
    response.setHeader('Content-Type', reply.type ?? 'application/octet-stream')
    response.send(reply.body)
  } else if (typeof reply.body === 'string') {
    response.type(reply.type ?? 'text/plain').send(reply.body)
  } else response.type(reply.type ?? 'application/json').send(JSON.stringify(reply.body))
}

// What fails halfway is cut off, which no reader takes for the end.
function sendStream(response: express.Response, stream: AsyncIterable<string>, type: string): void {
  response.type(type)
  pipeline(Readable.from(stream), response, () => {})
}

function refuseUnknown(
  context: Context,
  request: express.Request,
  response: express.Response,
): void {
  const id = newId('req', context.clock())
  const known = ROUTES.some(
    route => request.method !== route.method.toUpperCase() && matches(route, request.path),
  )
  const refusal = new Refusal(reason(known ? 'HB-207' : 'HB-206', '', 'openapi.json, paths'))
  send(response, problemReply(refusal, id), id)
}

// What follows on the connection may be a part of this request in the eyes of another.
function turnAway(
  context: Context,
  request: express.Request,
  response: express.Response,
  refusal: Refusal,
): void {
  const id = newId('req', context.clock())
  response.set('Connection', 'close')
  request.resume()
  send(response, problemReply(refusal, id), id)
}

function matches(route: Route, path: string): boolean {
  return new RegExp(
    `^${route.path
      .replace(/[.]/g, '\\.')
      .replace(/:[a-zA-Z]+/g, '[^/]+')
      .replace(/\*[a-z]+/, '.+')}$`,
  ).test(path)
}

function serveDocumentation(app: express.Express): void {
  const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  app.get('/openapi.json', (_request, response) => {
    response.type('application/json').send(readFileSync(OPENAPI))
  })
  app.get('/docs/swagger-initializer.js', (_request, response) => {
    response.type('text/javascript').send(SWAGGER_INITIALIZER)
  })
  app.use('/docs', express.static(assets))
}

const SWAGGER_INITIALIZER = `window.onload = () => {
  window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis], validatorUrl: null })
}
`
