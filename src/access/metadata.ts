import { ALL_OPERATIONS } from './operations.ts'
import { SIGNING_ALGORITHMS } from './public-jwks.ts'

/** The token URL of a gateway: the audience of assertions to it. */
export function tokenUrlOf(publicUrl: string): string {
  return `${publicUrl}/oauth/token`
}

/** What /.well-known/oauth-authorization-server says (RFC 8414 section 2, RFC 9449 section 5.1). */
export function authorizationServerMetadata(
  publicUrl: string,
): Record<string, string | boolean | readonly string[]> {
  return {
    issuer: publicUrl,
    token_endpoint: tokenUrlOf(publicUrl),
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: SIGNING_ALGORITHMS,
    dpop_signing_alg_values_supported: SIGNING_ALGORITHMS,
    tls_client_certificate_bound_access_tokens: true,
    scopes_supported: ALL_OPERATIONS,
    service_documentation: `${publicUrl}/docs`,
  }
}
