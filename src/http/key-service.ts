import express from 'express'
import { Refusal, refuse } from '../errors.ts'
import { type HealthCheck, isHealthy } from '../health.ts'
import { newId } from '../ids.ts'
import { parseStrictJson } from '../json.ts'
import { bearsSecret, transportKey } from '../keys/service-secret.ts'
import type { Logger } from '../log.ts'
import { PseudonymError } from '../pseudonym/errors.ts'
import type { KeyService } from '../pseudonym/key-service.ts'
import { MAX_BATCH } from '../pseudonym/voprf.ts'
import { findAmbiguity } from './front-door.ts'
import { isLocal } from './local.ts'
import { toRefusal } from './problem.ts'

// 5,000 elements have some 230 KB.
const MAX_BODY = '512kb'
const ELEMENT = /^[A-Za-z0-9_-]{43}$/

export interface KeyServiceDoors {
  service: KeyService
  /** What callers must bear. */
  secret: string
  /** Whether keys that were made elsewhere may come in. */
  takesKeys: boolean
  log: Logger
  clock: () => Date
  health: () => Promise<HealthCheck[]>
  /** Refuses while its evidence is not signed. */
  assertOpen: () => Promise<void>
  /** Figures for Prometheus. */
  figures: () => Promise<string>
}

type HealthDoors = Pick<KeyServiceDoors, 'health' | 'figures'>

type Body = Record<string, unknown>

/**
 * The doors of the key service: for processes that bear its secret and not for parties, so they are not
 * in the description of the interface. Who has not the secret learns nothing else.
 */
export function createKeyServiceApp(doors: KeyServiceDoors): express.Express {
  const app = express()
  app.disable('x-powered-by')
  app.use((request, response, next) => {
    if (!findAmbiguity(request)) return next()
    response.status(400).set('Connection', 'close').json({ code: 'HB-213' })
  })
  serveHealth(app, doors)
  app.use('/evaluator', (request, response, next) => {
    if (bearsSecret(request.get('authorization'), doors.secret)) next()
    else response.status(401).end()
  })
  app.use(
    '/evaluator',
    express.raw({ type: 'application/json', limit: MAX_BODY }),
    (request, _, next) => {
      const { body }: { body: unknown } = request
      request.body = Buffer.isBuffer(body) && body.length > 0 ? parseStrictJson(body) : {}
      next()
    },
  )
  serveKeys(app, doors)
  app.use((_request, response) => {
    response.status(404).end()
  })
  app.use(((error, _request, response, _next) => {
    // What is thrown over a body may quote it.
    const isTooLarge = (error as { status?: unknown }).status === 413
    const wrong = error instanceof Refusal ? error.code : 'HB-201'
    response.status(isTooLarge ? 413 : 400).json({ code: isTooLarge ? 'HB-203' : wrong })
  }) satisfies express.ErrorRequestHandler)
  return app
}

function serveKeys(app: express.Express, doors: KeyServiceDoors): void {
  const { service, secret, takesKeys, health, assertOpen } = doors
  app.get(
    '/evaluator/status',
    serve(doors, async () => {
      // Evidence that waits for its place in the log keeps nothing back.
      const wrong = (await health()).find(({ name, ok }) => !ok && name !== 'evidence')
      if (wrong) throw refuse('HB-904', '', 'key service')
      return { status: 'ok' }
    }),
  )
  const post = (path: string, work: (body: Body) => Promise<object>) =>
    app.post(`/evaluator${path}`, serve(doors, work))
  post('/keys', async body => ({ publicKey: text(await service.make(domainOf(body))) }))
  post('/keys/destroy', async body => ({ destroyed: await service.destroy(domainOf(body)) }))
  post('/keys/take', async body => {
    // Who took over a gateway could else lay a key of its own under the name of the next epoch.
    if (!takesKeys) throw refuse('HB-107', '', 'HUISBRUG_EVALUATOR_TAKES_KEYS')
    const domain = domainOf(body)
    const key = await transportKey(secret)
      .unwrap(domain, Buffer.from(String(body.wrapped), 'base64url'))
      .catch(() => {
        throw refuse('HB-202', '/wrapped', 'wrapped under the shared secret')
      })
    return { publicKey: text(await service.take(domain, key)) }
  })
  post('/evaluations', async body => {
    await assertOpen()
    const { evaluated, proof } = await service.evaluate(domainOf(body), elementsOf(body))
    return { evaluated: evaluated.map(text), proof: text(proof) }
  })
}

/** Health and figures of the key service alone, for probes. */
export function createKeyHealthApp(doors: HealthDoors): express.Express {
  const app = express()
  app.disable('x-powered-by')
  serveHealth(app, doors)
  return app
}

function serveHealth(app: express.Express, { health, figures }: HealthDoors): void {
  app.get('/health/live', (_request, response) => {
    response.json({ status: 'ok' })
  })
  app.get('/health/ready', async (_request, response) => {
    const checks = await health()
    const ok = isHealthy(checks)
    response.status(ok ? 200 : 503).json({ status: ok ? 'ok' : 'failing', checks })
  })
  app.get('/metrics', async (request, response) => {
    if (!isLocal(request)) response.status(404).end()
    else response.type('text/plain; version=0.0.4; charset=utf-8').send(await figures())
  })
}

function serve(
  { log, clock }: KeyServiceDoors,
  work: (body: Body) => Promise<object>,
): express.RequestHandler {
  return async (request, response) => {
    try {
      const body: unknown = request.body
      response.json(await work(isRecord(body) ? body : {}))
    } catch (error) {
      if (error instanceof PseudonymError && error.code.startsWith('element')) {
        response.status(422).json({ code: 'HB-410', index: error.index ?? 0 })
        return
      }
      const { code, status, retryAfter } = toRefusal(error, newId('req', clock()), log)
      response.status(status).json({ code, retryAfter })
    }
  }
}

function domainOf({ domain }: Body): string {
  return typeof domain === 'string' ? domain : ''
}

function elementsOf({ blinded }: Body): Buffer[] {
  if (!Array.isArray(blinded) || blinded.length === 0) throw refuse('HB-202', '/blinded', 'a list')
  if (blinded.length > MAX_BATCH) throw refuse('HB-603', '/blinded', 'RFC 9497, batches')
  if (new Set(blinded).size < blinded.length) throw refuse('HB-411', '/blinded', 'RFC 9497')
  return blinded.map((element: unknown, index) => {
    if (typeof element === 'string' && ELEMENT.test(element))
      return Buffer.from(element, 'base64url')
    throw new PseudonymError('element-length', index)
  })
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function isRecord(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
