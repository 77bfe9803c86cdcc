import { ALL_OPERATIONS } from '../../src/access/operations.ts'
import { PEOPLE_OPERATIONS, SESSION_COOKIE } from '../../src/access/people.ts'
import type { Operation } from './operation.ts'
import type { Schema } from './types.ts'

/** Who may call an operation: parties by a scope, people by their role, either, or everybody. */
export function securityOf({ scope, people }: Operation): Schema[] {
  const roles = people && PEOPLE_OPERATIONS[people]
  return [
    ...(scope ? [{ accessToken: [scope] }] : []),
    ...(roles ? [{ personToken: roles }, { consoleCookie: roles }] : []),
  ]
}

/** components.securitySchemes. */
export function securitySchemes(): Record<string, Schema> {
  const scopes = Object.fromEntries(ALL_OPERATIONS.map(scope => [scope, `Call ${scope}`]))
  return {
    accessToken: {
      type: 'oauth2',
      description:
        'RFC 9068 access token, by client credentials with a signed assertion (RFC 7523)',
      flows: { clientCredentials: { tokenUrl: '/oauth/token', scopes } },
    },
    personToken: {
      type: 'http',
      scheme: 'bearer',
      description:
        'For people, with one of the roles listed: a token of `huisbrug console token`, good for 10 hours or 30 idle minutes',
    },
    consoleCookie: {
      type: 'apiKey',
      in: 'cookie',
      name: `__Host-${SESSION_COOKIE}`,
      description:
        'For people, with one of the roles listed: the session of the console; what is no GET also takes the header X-CSRF-Token',
    },
  }
}
