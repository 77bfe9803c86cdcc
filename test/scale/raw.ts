import { createPrivateKey, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { testKey } from '../support/statements.ts'
import type { PartyId } from './parties.ts'

/** An assertion that is good for one token, at any of the hosts. */
export async function assertionOf(publicUrl: string, party: PartyId): Promise<string> {
  const { privateKey } = testKey(party)
  const key = createPrivateKey({ key: privateKey as never, format: 'jwk' })
  return new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'EdDSA', kid: String(privateKey.kid) })
    .setIssuer(party)
    .setSubject(party)
    .setAudience(`${publicUrl}/oauth/token`)
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(key)
}

/** Asks one host for a token with it. */
export async function askToken(host: string, party: PartyId, assertion: string) {
  const response = await fetch(`${host}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: party,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
  })
  const body = (await response.json()) as { access_token?: string; code?: string }
  return { status: response.status, token: body.access_token ?? '', code: body.code }
}

/** Calls one host, whatever the public address is. */
export async function callHost(
  host: string,
  path: string,
  { token, key, body }: { token: string; key?: string; body?: object },
) {
  const response = await fetch(`${host}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${token}`,
      ...(key && { 'idempotency-key': key }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const reply = (await response.json()) as { messageId?: string; code?: string }
  return { status: response.status, ...reply }
}
