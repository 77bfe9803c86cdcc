import { randomUUID } from 'node:crypto'
import axios, { type AxiosInstance, type AxiosResponse, isAxiosError } from 'axios'
import type { JWK } from 'jose'
import { ASSERTION_TYPE, signAssertion } from './assertion.ts'
import type { DecryptionKeys } from './envelope.ts'
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
  /** Where tokens come from; `<gateway>/oauth/token` unless an external issuer is used. */
  tokenUrl?: string
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
  const token = createTokenSource(http, options)
  return <T>(call: Call) => {
    // Serialised once: a retry must repeat the body to the byte.
    const body = call.body && Buffer.from(JSON.stringify(call.body))
    const idempotencyKey = call.idempotencyKey ?? randomUUID()
    const keyed = call.method === 'GET' ? call : { ...call, idempotencyKey }
    const once = async (fresh: boolean) => send<T>(http, keyed, body, await token(fresh))
    const twice = () =>
      once(false).catch(error => (isTokenRefusal(error) ? once(true) : fail(error)))
    return withRetries(twice, policy)
  }
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
  token: string,
): Promise<T> {
  const request = {
    method: call.method,
    url: call.path,
    params: call.query,
    data: body,
    headers: {
      Authorization: `Bearer ${token}`,
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
function createTokenSource(http: AxiosInstance, options: ClientOptions) {
  let current: Token | undefined
  let pending: Promise<Token> | undefined
  return async (fresh: boolean): Promise<string> => {
    if (fresh) current = undefined
    if (current && current.goodUntil > Date.now()) return current.value
    pending ??= fetchToken(http, options).finally(() => {
      pending = undefined
    })
    current = await pending
    return current.value
  }
}

async function fetchToken(http: AxiosInstance, options: ClientOptions): Promise<Token> {
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
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const response = await http.post<string>(url, form.toString(), { headers }).catch(unreachable)
  const answer = readAnswer(response) as { access_token: string; expires_in: number }
  const lifetimeMs = answer.expires_in * 1000
  const margin = Math.min(TOKEN_MARGIN_MS, lifetimeMs / 2)
  return { value: answer.access_token, goodUntil: Date.now() + lifetimeMs - margin }
}

function isTokenRefusal(error: unknown): boolean {
  return error instanceof HuisbrugProblem && TOKEN_REFUSALS.has(error.code)
}

function fail(error: unknown): never {
  throw error
}
