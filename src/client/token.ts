import type { AxiosInstance } from 'axios'
import { ASSERTION_TYPE, signAssertion } from './assertion.ts'
import type { Prover } from './dpop.ts'
import { HuisbrugProblem } from './problem.ts'
import { readAnswer, unreachable } from './reply.ts'
import type { ClientOptions } from './transport.ts'

/** An access token of this party. */
export interface Token {
  value: string
  type: 'Bearer' | 'DPoP'
  /** What it allows, such as `detections:write`. */
  scope: string[]
  expiresAt: Date
  /** Until when it is used, in milliseconds since 1970. */
  goodUntil: number
}

interface TokenAnswer {
  access_token: string
  token_type?: string
  expires_in: number
  scope?: string
}

// A token that dies on the way is a refusal for nothing.
const TOKEN_MARGIN_MS = 30_000

const NOT_BOUND = {
  title: 'The token URL gave a token that is not bound',
  detail: 'Use a token URL that knows DPoP (RFC 9449), or leave out dpop.',
}

/** Gives the current token, or a new one: concurrent callers share one request. */
export function createTokenSource(
  http: AxiosInstance,
  options: ClientOptions,
  prover: Prover | undefined,
) {
  let current: Token | undefined
  let pending: Promise<Token> | undefined
  return async (fresh: boolean): Promise<Token> => {
    if (fresh) current = undefined
    if (current && current.goodUntil > Date.now()) return current
    pending ??= fetchToken(http, options, prover).finally(() => {
      pending = undefined
    })
    current = await pending
    return current
  }
}

async function fetchToken(
  http: AxiosInstance,
  options: ClientOptions,
  prover: Prover | undefined,
): Promise<Token> {
  const url = options.tokenUrl ?? `${options.gateway.replace(/\/+$/, '')}/oauth/token`
  const assertion = await signAssertion({
    clientId: options.partyId,
    privateKey: options.privateKey,
    audience: url,
  })
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: options.partyId,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
  })
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    ...(prover && { DPoP: await prover({ method: 'POST', url }) }),
  }
  const response = await http.post<string>(url, form.toString(), { headers }).catch(unreachable)
  const token = toToken(readAnswer(response) as Partial<TokenAnswer> | undefined)
  // What was to be bound and is not would be open to who steals it.
  if (prover && token.type !== 'DPoP') throw new HuisbrugProblem(400, NOT_BOUND)
  return token
}

const NO_TOKEN = {
  title: 'The token URL answered without a token',
  detail:
    'Check the address of the gateway, or the token URL where another issuer gives the tokens.',
}

function toToken(answer: Partial<TokenAnswer> | undefined): Token {
  const { access_token: value, expires_in: seconds, token_type = '', scope = '' } = answer ?? {}
  if (typeof value !== 'string' || value === '' || typeof seconds !== 'number')
    throw new HuisbrugProblem(200, NO_TOKEN)
  const lifetimeMs = seconds * 1000
  const expires = Date.now() + lifetimeMs
  return {
    value,
    type: token_type.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer',
    scope: scope.split(' ').filter(one => one !== ''),
    expiresAt: new Date(expires),
    goodUntil: expires - Math.min(TOKEN_MARGIN_MS, lifetimeMs / 2),
  }
}
