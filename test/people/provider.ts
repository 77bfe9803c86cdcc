import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CompactSign,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWTPayload,
} from 'jose'
import { Provider } from 'oidc-provider'

export const CLIENT_ID = 'huisbrug'
export const CLIENT_SECRET = 'a-secret-of-the-test'

/** Changes what an id_token says before it is given out, signed with the provider's own key. */
export type Mangle = (token: { header: { alg: string; kid: string }; claims: JWTPayload }) => void

/** A real OpenID provider on loopback, with any person by any password. */
export interface TestProvider {
  issuer: string
  /** Makes the provider, once the address of the gateway is known; `client` says more of it. */
  open(gateway: string, client?: object): void
  /** Signs any token with the provider's own key, or as the header says. */
  sign: typeof signed
  /** What happens to the next id_token; `unsigned` for `alg: none`. */
  mangle: Mangle | undefined
  /** Answers everything with this status, where set. */
  broken: number | undefined
  close(): Promise<void>
}

/** The people of the test: what the claim `groups` says of whoever signs in with that name. */
const GROUPS: Record<string, unknown> = {
  fg: ['huisbrug-fg', 'iedereen'],
  tweede: ['huisbrug-fg'],
  beheer: ['huisbrug-beheer'],
  lezer: ['huisbrug-lezer', 'huisbrug-audit'],
  niemand: ['iedereen'],
  bijna: ['huisbrug-fg '],
  tekst: 'huisbrug-audit',
}

declare function signed(token: Parameters<Mangle>[0]): Promise<string>

/** Starts it; until it is closed nothing is said on the console, where it says what only a real one has to set. */
export async function startProvider(): Promise<TestProvider> {
  const muted = (['warn', 'info'] as const).map(way => jest.spyOn(console, way).mockReturnValue())
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'test' }
  let handle: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  const server = createServer((request, response) => {
    if (!handle || provider.broken) return void response.writeHead(provider.broken ?? 503).end()
    const mangle = provider.mangle
    if (mangle && request.method === 'POST' && request.url === '/token') intercept(response, mangle)
    handle(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function intercept(response: ServerResponse, mangle: Mangle): void {
    const end = response.end.bind(response)
    response.end = ((body: string | Buffer) => {
      void mangled(String(body), mangle).then(text => {
        response.setHeader('content-length', Buffer.byteLength(text))
        end(text)
      })
      return response
    }) as never
  }

  async function mangled(body: string, mangle: Mangle): Promise<string> {
    const answer = JSON.parse(body) as { id_token?: string }
    if (!answer.id_token) return body
    const token = { header: { alg: 'RS256', kid: 'test' }, claims: decodeJwt(answer.id_token) }
    mangle(token)
    return JSON.stringify({ ...answer, id_token: await sign(token) })
  }

  async function sign({ header, claims }: Parameters<Mangle>[0]): Promise<string> {
    const payload = Buffer.from(JSON.stringify(claims))
    if (header.alg === 'none') {
      const first = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
      return `${first}.${payload.toString('base64url')}.`
    }
    const key =
      header.alg === 'HS256'
        ? Buffer.from(CLIENT_SECRET.padEnd(32, 'x'))
        : header.kid === 'test'
          ? await importJWK(jwk, 'RS256')
          : (await generateKeyPair('RS256')).privateKey
    return new CompactSign(payload).setProtectedHeader({ ...header, kid: 'test' }).sign(key)
  }

  const provider: TestProvider = {
    issuer,
    mangle: undefined,
    broken: undefined,
    open: (gateway, client = {}) => {
      handle = createProvider(issuer, gateway, jwk, client).callback()
    },
    sign,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      for (const one of muted) one.mockRestore()
    },
  }
  return provider
}

function createProvider(issuer: string, gateway: string, jwk: object, more: object): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [`${gateway}/console/aanmelden/terug`],
        post_logout_redirect_uris: [`${gateway}/console/aanmelden`],
        ...more,
      },
    ],
    features: { backchannelLogout: { enabled: true } },
    // The gateway is on loopback, which the provider would not call.
    fetch: (url: string, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown }) =>
      fetch(url, options),
    jwks: { keys: [jwk] },
    cookies: { keys: ['of the test'] },
    claims: { openid: ['sub', 'groups'], profile: ['name'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `Persoon <b>${id}</b>`, groups: GROUPS[id] ?? [] }),
    }),
    // Consent is not what is tested.
    loadExistingGrant: async (context: GrantContext) => {
      const { client, session, provider } = context.oidc
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile')
      await grant.save()
      return grant
    },
  })
}

interface GrantContext {
  oidc: {
    client: { clientId: string }
    session: { accountId: string }
    provider: {
      Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<string> }
    }
  }
}
