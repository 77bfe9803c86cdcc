import { randomBytes, randomUUID } from 'node:crypto'
import express from 'express'
import { type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose'
import { ASSERTION_TYPE, verifyAssertion } from '../client/assertion.ts'
import { gatewayKeys, MessageError, verifyMessage } from '../client/message-signature.ts'
import { readWhole, writeWhole } from './peer-keys.ts'

const LIFETIME_SECONDS = 600

export interface VdabAccessOptions {
  /** Public URL of the gateway: its client id here. */
  gateway: string
  /** The own party id: who the calls are signed for. */
  partyId: string
  /** Holds the secret of the access tokens, so that they outlive a restart. */
  secretFile: string
  /** The own public URL, once it is known. */
  ownUrl(): string
  /** The gateway's keys; `<gateway>/.well-known/jwks.json` unless a test says otherwise. */
  gatewayKeys?: JWTVerifyGetKey
}

/**
 * VDAB's own door: gives the gateway a token for a client assertion signed with one of its published
 * keys (RFC 7523), each assertion once, and lets in only who bears such a token.
 */
export function createVdabAccess(options: VdabAccessOptions) {
  const keys = options.gatewayKeys ?? gatewayKeys(options.gateway)
  const secret = loadSecret(options.secretFile)
  const once = createOnceOnly()
  const router = express.Router()
  router.post(
    '/oauth/token',
    express.urlencoded({ extended: false }),
    async (request, response) => {
      const form = (request.body ?? {}) as Record<string, unknown>
      try {
        assertForm(form)
        const audience = `${options.ownUrl()}/oauth/token`
        const verifier = { clientId: options.gateway, keys, audience }
        once(await verifyAssertion(String(form['client_assertion']), verifier))
        const token = await issueToken(secret, options)
        response.json({ access_token: token, token_type: 'Bearer', expires_in: LIFETIME_SECONDS })
      } catch (error) {
        const why = error instanceof Error ? error.message : 'refused'
        response.status(401).json({ error: 'invalid_client', error_description: why })
      }
    },
  )
  return {
    router,
    requireToken: requireToken(secret, options),
    requireSignature: requireSignature(keys, options),
  }
}

function loadSecret(file: string): Uint8Array {
  const stored = readWhole<{ secret: string }>(file)
  if (stored) return Buffer.from(stored.secret, 'base64url')
  const secret = randomBytes(32)
  writeWhole(file, { secret: secret.toString('base64url') })
  return secret
}

function assertForm(form: Record<string, unknown>): void {
  const right =
    form['grant_type'] === 'client_credentials' &&
    form['client_assertion_type'] === ASSERTION_TYPE &&
    typeof form['client_assertion'] === 'string'
  if (!right) throw new Error('grant_type client_credentials with a client assertion is expected')
}

// What was used before a restart is not remembered, so nothing from before it is taken.
function createOnceOnly() {
  const seen = new Map<string, Date>()
  const startedAt = Math.floor(Date.now() / 1000) * 1000
  return ({ jti, issuedAt, expiresAt }: Awaited<ReturnType<typeof verifyAssertion>>) => {
    const now = new Date()
    if (issuedAt.getTime() < startedAt) throw new Error('the assertion is older than this process')
    for (const [old, until] of seen) if (until < now) seen.delete(old)
    if (seen.has(jti)) throw new Error('the assertion was used before')
    seen.set(jti, expiresAt)
  }
}

function issueToken(secret: Uint8Array, options: VdabAccessOptions): Promise<string> {
  return new SignJWT({ jti: randomUUID(), client_id: options.gateway })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer('vdab-sandbox')
    .setSubject(options.gateway)
    .setAudience('vdab-sandbox')
    .setIssuedAt()
    .setExpirationTime(`${LIFETIME_SECONDS}s`)
    .sign(secret)
}

function requireToken(secret: Uint8Array, options: VdabAccessOptions): express.RequestHandler {
  const expected = { issuer: 'vdab-sandbox', audience: 'vdab-sandbox', subject: options.gateway }
  return async (request, response, next) => {
    const token = /^Bearer (\S+)$/.exec(request.get('authorization') ?? '')?.[1]
    try {
      await jwtVerify(token ?? '', secret, { ...expected, algorithms: ['HS256'], typ: 'at+jwt' })
    } catch {
      response.status(401).set('WWW-Authenticate', 'Bearer').end()
      return
    }
    next()
  }
}

/** Takes only what the gateway signed, over the bytes as they came, for this party. */
function requireSignature(
  keys: JWTVerifyGetKey,
  options: VdabAccessOptions,
): express.RequestHandler {
  const { gateway, partyId } = options
  return async (request, response, next) => {
    // Without a body of a known kind there are no bytes.
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    try {
      await verifyMessage(request.headers, bytes, { gateway, partyId, keys })
    } catch (error) {
      response.status(error instanceof MessageError && error.mayPass ? 503 : 403).end()
      return
    }
    next()
  }
}
