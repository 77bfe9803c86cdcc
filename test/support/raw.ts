import { createPrivateKey, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { PartyId, TestGateway } from './gateway.ts'

/** What a raw call gave: status, headers, and the body as JSON where it is. */
export interface RawReply {
  status: number
  headers: Headers
  text: string
  body: Record<string, unknown> & {
    code?: string
    errors?: { pointer: string; code: string; rule: string; remedy: string }[]
  }
}

/** An access token of a party, made without the kit. */
export async function tokenFor(gateway: TestGateway, party: PartyId): Promise<string> {
  const { privateKey } = gateway.keys[party]
  const key = createPrivateKey({ key: privateKey as never, format: 'jwk' })
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'EdDSA', kid: String(privateKey.kid) })
    .setIssuer(party)
    .setSubject(party)
    .setAudience(`${gateway.url}/oauth/token`)
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(key)
  const response = await fetch(`${gateway.url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: party,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return token
}

/** Calls the gateway as any HTTP client would; a body that is no string is sent as JSON. */
export async function call(
  gateway: TestGateway,
  method: string,
  path: string,
  options: { token?: string; key?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<RawReply> {
  const { token, key, body, headers } = options
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...(key && { 'idempotency-key': key }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : {},
  }
}
