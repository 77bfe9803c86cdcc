import { randomUUID } from 'node:crypto'
import axios, { type AxiosInstance, type AxiosResponse, isAxiosError } from 'axios'
import type { JWK } from 'jose'
import { ASSERTION_TYPE, signAssertion } from './assertion.ts'
import { createProver, type Prover } from './dpop.ts'
import type { DecryptionKeys } from './envelope.ts'
import { SIGNATURE_HEADER, signMessage } from './message-signature.ts'
import { HuisbrugProblem, HuisbrugUnreachable } from './problem.ts'
import { DEFAULT_RETRY, parseRetryAfter, type RetryPolicy, withRetries } from './retry.ts'

export interface ClientOptions {
  /** The public URL of the gateway, such as `https://gateway.example`. */
  gateway: string
  partyId: string
  /** The private key whose public part the gateway knows. */
  privateKey: JWK
  /** Private encryption keys, former ones too: open what the inbox holds in envelopes. */
  encryptionKeys?: DecryptionKeys
  /** Whether each call with a body is signed over its bytes (true): some protocols ask for it. */
  signMessages?: boolean
  /** Where tokens come from; `<gateway>/oauth/token` unless an external issuer is used. */
  tokenUrl?: string
  /** Whether tokens are bound to a key of this process (RFC 9449): some protocols ask for it. */
  dpop?: boolean
  /** How long one answer may take, in milliseconds (30,000). */
  timeoutMs?: number
  retry?: Partial<RetryPolicy>
}

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the gateway's URL, such as `/v1/detections`. */
  path: string
  query?: Record<string, string | number | undefined>
  body?: object
  /** The same for all tries of a call that writes; a fresh one where none is given. */
  idempotencyKey?: string
}

/** One call: authenticated, retried, its answer parsed. */
export type Transport = <T>(call: Call) => Promise<T>

interface Token {
  value: string
  type: 'Bearer' | 'DPoP'
  goodUntil: number
}

// A token that dies on the way is a refusal for nothing.
const TOKEN_MARGIN_MS = 30_000
const TOKEN_REFUSALS = new Set(['HB-101', 'HB-102', 'HB-103'])

/**
 * The connection of one party with one gateway: fetches tokens by itself (one at a time) and
 * repeats a call with the same body and Idempotency-Key while it fails in a way that may pass.
 * @throws HuisbrugProblem for a refusal, HuisbrugUnreachable where no answer came
 */
export function createTransport(options: ClientOptions): Transport {
  const http = createHttp(options)
  const policy = { ...DEFAULT_RETRY, ...options.retry }
  const prover = options.dpop ? createProver() : undefined
  const token = createTokenSource(http, options, prover)
  return <T>(call: Call) => {
    // Serialised once: a retry must repeat the body to the byte.
    const body = call.body && Buffer.from(JSON.stringify(call.body))
    const idempotencyKey = call.idempotencyKey ?? randomUUID()
    const keyed = call.method === 'GET' ? call : { ...call, idempotencyKey }
    const once = async (fresh: boolean) => {
      const shown = await authorize(options, keyed, await token(fresh), prover)
      const headers = { ...shown, ...(await sign(options, keyed, body)) }
      return send<T>(http, keyed, body, headers)
    }
    const twice = () =>
      once(false).catch(error => (isTokenRefusal(error) ? once(true) : fail(error)))
    return withRetries(twice, policy)
  }
}

/** The token, and the proof that it is of this process: anew for each try, for it counts once. */
async function authorize(
  { gateway }: ClientOptions,
  { method, path }: Call,
  { value: token, type }: Token,
  prover: Prover | undefined,
): Promise<Record<string, string>> {
  const proof = prover && type === 'DPoP'
  const url = `${gateway.replace(/\/+$/, '')}${path}`
  return {
    Authorization: `${type} ${token}`,
    ...(proof && { DPoP: await prover({ method, url, token }) }),
  }
}

/** Made anew for each try: it carries the time. */
async function sign(
  { gateway, partyId, privateKey, signMessages = true }: ClientOptions,
  { method, path, idempotencyKey: id }: Call,
  body: Buffer | undefined,
): Promise<Record<string, string>> {
  if (!body || !signMessages) return {}
  const audience = gateway.replace(/\/+$/, '')
  const message = { issuer: partyId, audience, method, url: `${audience}${path}`, privateKey }
  const jws = await signMessage(body, { ...message, ...(id !== undefined && { id }) })
  return { [SIGNATURE_HEADER]: jws }
}

function createHttp(options: ClientOptions): AxiosInstance {
  return axios.create({
    baseURL: options.gateway.replace(/\/+$/, ''),
    timeout: options.timeoutMs ?? 30_000,
    maxRedirects: 0,
    responseType: 'text',
    validateStatus: () => true,
    transformRequest: data => data,
    transformResponse: data => data,
  })
}

async function send<T>(
  http: AxiosInstance,
  call: Call,
  body: Buffer | undefined,
  headers: Record<string, string>,
): Promise<T> {
  const request = {
    method: call.method,
    url: call.path,
    params: call.query,
    data: body,
    headers: {
      ...headers,
      Accept: 'application/json, application/problem+json',
      ...(body && { 'Content-Type': 'application/json' }),
      ...(call.idempotencyKey && { 'Idempotency-Key': call.idempotencyKey }),
    },
  }
  return readAnswer(await http.request<string>(request).catch(unreachable)) as T
}

// Axios's error holds the request, body and token included: only its code may leave here.
function unreachable(error: unknown): never {
  throw new HuisbrugUnreachable((isAxiosError(error) && error.code) || 'no answer')
}

function readAnswer(response: AxiosResponse<string>): unknown {
  const answer = parseJson(response.data)
  if (response.status >= 200 && response.status < 300) return answer
  const document = typeof answer === 'object' && answer !== null ? answer : {}
  const retryAfter = parseRetryAfter(response.headers['retry-after'], new Date())
  throw new HuisbrugProblem(response.status, document as Record<string, unknown>, retryAfter)
}

// A receipt is a compact JWS, not JSON: what does not parse is passed on as text.
function parseJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Gives the current token, or a new one: concurrent callers share one request. */
function createTokenSource(
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
  const answer = readAnswer(response) as TokenAnswer
  const type = answer.token_type?.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer'
  // What was to be bound and is not would be open to who steals it.
  if (prover && type !== 'DPoP') throw new HuisbrugProblem(400, NOT_BOUND)
  const lifetimeMs = answer.expires_in * 1000
  const margin = Math.min(TOKEN_MARGIN_MS, lifetimeMs / 2)
  return { value: answer.access_token, type, goodUntil: Date.now() + lifetimeMs - margin }
}

interface TokenAnswer {
  access_token: string
  token_type?: string
  expires_in: number
}

const NOT_BOUND = {
  title: 'The token URL gave a token that is not bound',
  detail: 'Use a token URL that knows DPoP (RFC 9449), or leave out dpop.',
}

function isTokenRefusal(error: unknown): boolean {
  return error instanceof HuisbrugProblem && TOKEN_REFUSALS.has(error.code)
}

function fail(error: unknown): never {
  throw error
}
