import { randomUUID } from 'node:crypto'
import axios, { type AxiosInstance } from 'axios'
import type { JWK } from 'jose'
import { createProver, type Prover } from './dpop.ts'
import type { DecryptionKeys } from './envelope.ts'
import { SIGNATURE_HEADER, signMessage } from './message-signature.ts'
import { HuisbrugProblem } from './problem.ts'
import { readAnswer, unreachable } from './reply.ts'
import { DEFAULT_RETRY, type RetryPolicy, withRetries } from './retry.ts'
import { createTokenSource, type Token } from './token.ts'

export interface ClientOptions {
  /** The public URL of the gateway, such as `https://gateway.example`. */
  gateway: string
  partyId: string
  /** The private key whose public part the gateway knows: Ed25519, P-256 or RSA. */
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
  /** Whether everyone may: no token is shown. */
  open?: boolean
}

/** One call: authenticated, retried, its answer parsed. */
export type Transport = <T>(call: Call) => Promise<T>

/** The connection of one party with one gateway. */
export interface Connection {
  call: Transport
  /** A new token, as every call fetches one by itself. */
  signIn(): Promise<Token>
}

const TOKEN_REFUSALS = new Set(['HB-101', 'HB-102', 'HB-103'])

/**
 * The connection of one party with one gateway: fetches tokens by itself (one at a time) and
 * repeats a call with the same body and Idempotency-Key while it fails in a way that may pass.
 * @throws HuisbrugProblem for a refusal, HuisbrugUnreachable where no answer came
 */
export function createTransport(options: ClientOptions): Connection {
  const http = createHttp(options)
  const policy = { ...DEFAULT_RETRY, ...options.retry }
  const prover = options.dpop ? createProver() : undefined
  const token = createTokenSource(http, options, prover)
  const call: Transport = <T>(call: Call) => {
    // Serialised once: a retry must repeat the body to the byte.
    const body = call.body && Buffer.from(JSON.stringify(call.body))
    const idempotencyKey = call.idempotencyKey ?? randomUUID()
    const keyed = call.method === 'GET' ? call : { ...call, idempotencyKey }
    const once = async (fresh: boolean) => {
      const shown = keyed.open ? {} : await authorize(options, keyed, await token(fresh), prover)
      const headers = { ...shown, ...(await sign(options, keyed, body)) }
      return send<T>(http, keyed, body, headers)
    }
    const twice = () =>
      once(false).catch(error => (isTokenRefusal(error) ? once(true) : fail(error)))
    return withRetries(twice, policy)
  }
  return { call, signIn: () => withRetries(() => token(true), policy) }
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

function isTokenRefusal(error: unknown): boolean {
  return error instanceof HuisbrugProblem && TOKEN_REFUSALS.has(error.code)
}

function fail(error: unknown): never {
  throw error
}
