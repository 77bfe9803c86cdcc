import { authorizationServerMetadata } from '../../access/metadata.ts'
import type { Route } from '../route.ts'

/** The gateway's public keys. */
export const getJwks: Route = {
  method: 'get',
  path: '/.well-known/jwks.json',
  access: 'public',
  handle: async context => ({ status: 200, body: await context.signing.publicJwks() }),
}

/** Where and how to get tokens (RFC 8414). */
export const getAuthorizationServer: Route = {
  method: 'get',
  path: '/.well-known/oauth-authorization-server',
  access: 'public',
  handle: async context => ({
    status: 200,
    body: authorizationServerMetadata(context.config.publicUrl),
  }),
}
