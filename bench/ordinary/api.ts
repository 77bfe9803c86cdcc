import { randomUUID } from 'node:crypto'
import express, { type Express, type Request } from 'express'
import { importJWK, jwtVerify } from 'jose'
import type { Log } from './log.ts'
import type { Pseudonyms } from './pseudonym.ts'
import type { ForwardQueue } from './queue.ts'
import { compileRequest, isNationalNumber } from './request-schema.ts'
import { type DetectionRequest, type Forward, type OrdinarySettings, TOKEN } from './settings.ts'

/** What the API puts to work. */
export interface ApiParts {
  settings: OrdinarySettings
  pseudonyms: Pseudonyms
  queue: ForwardQueue
  log: Log
}

/** POST /v1/detections: token, schema, national numbers, pseudonyms, queue; then 202. */
export async function createApi({ settings, pseudonyms, queue, log }: ApiParts): Promise<Express> {
  const validate = compileRequest()
  const key = await importJWK(settings.tokenKey, 'EdDSA')
  const callerOf = async (request: Request) => {
    const token = request.get('authorization')?.replace(/^Bearer /, '') ?? ''
    const { payload } = await jwtVerify(token, key, { ...TOKEN, algorithms: ['EdDSA'] })
    return String(payload.sub)
  }
  const app = express().disable('x-powered-by').disable('etag')
  app.post('/v1/detections', express.json({ limit: '1mb' }), async (request, response) => {
    const sender = await callerOf(request).catch(() => undefined)
    if (!sender) {
      response.status(401).json({ error: 'no valid token' })
      return
    }
    const body: unknown = request.body
    if (!validate(body)) {
      response.status(422).json({ errors: validate.errors })
      return
    }
    const tenants = body.tenants.filter(({ insz }) => isNationalNumber(insz))
    const names = await pseudonyms.of(tenants.map(({ insz }) => insz))
    const message = { ...headOf(body, sender), messageId: `msg-${randomUUID()}` }
    const rows = tenants.map(({ tenantGround }, i) => ({ pseudonym: names[i] ?? '', tenantGround }))
    await queue.add(forwardsOf(message, rows, settings))
    const accepted = tenants.length
    const { messageId } = message
    log.info('accepted', { messageId, sender, accepted, refused: body.tenants.length - accepted })
    response.status(202).json({ messageId, accepted })
  })
  return app
}

type Head = Omit<Forward, 'rows'>

function headOf(body: DetectionRequest, sender: string): Omit<Head, 'messageId'> {
  const { protocol, purpose, referenceDate, targetGroup } = body
  return {
    protocol,
    purpose,
    referenceDate,
    targetGroup,
    sender,
    period: referenceDate.slice(0, 7),
  }
}

function forwardsOf(head: Head, rows: Forward['rows'], { jobs }: OrdinarySettings): Forward[] {
  return jobs === 'per-message' ? [{ ...head, rows }] : rows.map(row => ({ ...head, rows: [row] }))
}
