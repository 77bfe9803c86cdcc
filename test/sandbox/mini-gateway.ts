import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import axios from 'axios'
import { signCheckpoint } from '../../src/audit/checkpoint.ts'
import { leafHash } from '../../src/audit/merkle.ts'
import { noteSigner } from '../../src/audit/note.ts'
import { formatProof } from '../../src/audit/proof-file.ts'
import { ASSERTION_TYPE, signAssertion } from '../../src/client/assertion.ts'
import {
  generateKeyPair,
  type KeyPair,
  signMessage,
  signWebhook,
  toJwks,
} from '../../src/client/index.ts'
import {
  deriveRowId,
  deriveRowKey,
  deriveTag,
  inputOf,
  tagInfo,
} from '../../src/pseudonym/derive.ts'
import { encodeContent, sealRow } from '../../src/pseudonym/row.ts'
import {
  evaluateBatch,
  evaluateDirectly,
  generateKeyPair as generateDomainKey,
  VOPRF,
} from '../../src/pseudonym/voprf.ts'

export interface Call {
  operation: string
  key: string | undefined
  body: Record<string, unknown>
  raw: string
}

type Reply = { status: number; body?: object }

/**
 * A gateway as far as peers see it, with real VOPRF keys: the contract's paths, the same answer for
 * the same Idempotency-Key, and faults where a test wants them.
 */
export class MiniGateway {
  readonly domain = 'wm-vdab/1/1'
  readonly domainKey = generateDomainKey()
  readonly log = noteSigner('mini.example/log', generateKeyPairSync('ed25519').privateKey)
  readonly calls: Call[] = []
  domainState = 'opening'
  /** Answers of the next calls whose operation starts so, instead of the usual ones. */
  readonly faults: { operation: string; reply: Reply | 'hang up' | 'take, then hang up' }[] = []
  webhook: { url: string; secret: string } | undefined
  url = ''
  #keys!: KeyPair
  readonly #outcomes = new Map<string, Reply>()
  readonly #server = createServer((request, response) => this.#serve(request, response))

  static async start(port = 0): Promise<MiniGateway> {
    const gateway = new MiniGateway()
    gateway.#keys = await generateKeyPair()
    await gateway.#listen(port)
    return gateway
  }

  async #listen(port: number): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(port, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  to(operation: string): Call[] {
    return this.calls.filter(call => call.operation.startsWith(operation))
  }

  /** A token of a peer, for an assertion with these changes. */
  async tokenFor(
    base: string,
    changes: Partial<Parameters<typeof signAssertion>[0]> = {},
  ): Promise<{ status: number; token: string; assertion: string }> {
    const { privateKey } = this.#keys
    const audience = `${base}/oauth/token`
    const assertion = await signAssertion({ clientId: this.url, privateKey, audience, ...changes })
    return { assertion, ...(await this.present(base, assertion)) }
  }

  async present(base: string, assertion: string): Promise<{ status: number; token: string }> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
    })
    const { status, data } = await axios.post(`${base}/oauth/token`, form.toString(), {
      validateStatus: () => true,
    })
    return { status, token: data.access_token }
  }

  /** Sends a message to VDAB, with a good token unless one is given. */
  async send(base: string, path: string, message: { messageId: string }, token?: string) {
    const bearer = token ?? (await this.tokenFor(base)).token
    const body = Buffer.from(JSON.stringify(message))
    const headers = {
      Authorization: `Bearer ${bearer}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': message.messageId,
      ...(await this.sign(body, 'vdab', `${base}${path}`, message.messageId)),
    }
    const { status } = await axios.post(`${base}${path}`, body, {
      headers,
      validateStatus: () => true,
    })
    return status
  }

  async sign(body: Buffer, audience: string, url: string, id: string) {
    const { privateKey } = this.#keys
    const about = { issuer: this.url, audience, method: 'POST', url, id: String(id), privateKey }
    return { 'X-JWS-Signature': await signMessage(body, about) }
  }

  /** A detection request as the gateway forwards it, over these national numbers. */
  detection(numbers: string[], granularity: 'counts' | 'person' = 'counts') {
    const messageId = `msg_${randomUUID()}`
    const period = '2026-11'
    const info = tagInfo(this.domain)
    const rows = numbers.map(insz => {
      const output = evaluateDirectly(VOPRF, this.domainKey.secretKey, inputOf(insz))
      const { secret } = deriveTag(output, info)
      const rowId = deriveRowId(secret, period)
      const binding = { domain: this.domain, period, messageId, rowId }
      const content = encodeContent({ tenantGround: 'art-6.1-1-a', referenceDate: '2026-11-01' })
      const sealed = sealRow(deriveRowKey(secret, period), randomBytes(12), binding, content)
      return {
        rowId: rowId.toString('base64url'),
        nonce: encode(sealed.nonce),
        ciphertext: encode(sealed.ciphertext),
      }
    })
    return {
      messageId,
      protocol: 'wm-vdab',
      domain: this.domain,
      period,
      sender: 'woonboog',
      purpose: 'detection',
      referenceDate: '2026-11-01',
      targetGroup: { id: 'tenants-with-labour-potential', version: '1.0' },
      requestDigest: `digest-of-${messageId}`,
      granularity,
      rows: rows.toSorted((a, b) => (a.rowId < b.rowId ? -1 : 1)),
    }
  }

  /** The pseudonym of a person, as the gateway knows it. */
  tagOf(insz: string): string {
    const output = evaluateDirectly(VOPRF, this.domainKey.secretKey, inputOf(insz))
    return deriveTag(output, tagInfo(this.domain)).tag.toString('base64url')
  }

  /** Hands an event over to the webhook that was set. */
  async notify(type: string, data: object, id = `del_${randomUUID()}`): Promise<number> {
    if (!this.webhook) throw new Error('no webhook is set')
    const { url, secret } = this.webhook
    const body = Buffer.from(
      JSON.stringify({ specversion: '1.0', id, type, source: this.url, data }),
    )
    const now = Math.floor(Date.now() / 1000)
    const { status } = await axios.post(url, body, {
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(now),
        'webhook-signature': signWebhook(secret, id, now, body),
        ...(await this.sign(body, url.split('/').at(-1) ?? '', url, id)),
      },
      validateStatus: () => true,
    })
    return status
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readAll(request)
    const path = request.url ?? ''
    const json = (reply: Reply) => {
      response.writeHead(reply.status, { 'Content-Type': 'application/json' })
      response.end(reply.body && JSON.stringify(reply.body))
    }
    if (path === '/.well-known/jwks.json') return json({ status: 200, body: toJwks(this.#keys) })
    if (path === '/oauth/token') {
      return json({
        status: 200,
        body: { access_token: 't', token_type: 'Bearer', expires_in: 600 },
      })
    }
    const call: Call = {
      operation: `${request.method} ${path}`,
      key: request.headers['idempotency-key'] as string | undefined,
      body: raw ? JSON.parse(raw) : {},
      raw,
    }
    this.calls.push(call)
    const at = this.faults.findIndex(fault => call.operation.startsWith(fault.operation))
    const fault = at >= 0 ? this.faults.splice(at, 1)[0]?.reply : undefined
    if (fault === 'hang up') return void response.destroy()
    if (fault && fault !== 'take, then hang up') return json(fault)
    const outcome = this.#outcomeOf(call)
    if (fault) return void response.destroy()
    json(outcome)
  }

  #outcomeOf(call: Call): Reply {
    const known = call.key && this.#outcomes.get(`${call.operation} ${call.key} ${call.raw}`)
    if (known) return known
    const reply = this.#answer(call)
    if (call.key) this.#outcomes.set(`${call.operation} ${call.key} ${call.raw}`, reply)
    return reply
  }

  #answer({ operation, body }: Call): Reply {
    const messageId = `msg_${randomUUID()}`
    const items = (body['tenants'] ?? body['items'] ?? [1]) as unknown[]
    const accepted = {
      messageId,
      state: 'accepted',
      accepted: items.length,
      refused: [],
      receipt: 'r',
    }
    switch (operation) {
      case 'GET /v1/pseudonyms/domains':
        return { status: 200, body: { items: [this.#domain()] } }
      case 'POST /v1/pseudonyms/domains/ready':
        this.domainState = 'current'
        return { status: 200, body: this.#domain() }
      case 'POST /v1/pseudonyms/evaluations':
        return { status: 200, body: this.#evaluate(body['blinded'] as string[]) }
      case 'PUT /v1/webhook':
        this.webhook = {
          url: String(body['url']),
          secret: `whsec_${randomBytes(32).toString('base64')}`,
        }
        return { status: 200, body: this.webhook }
      default:
        return { status: 202, body: accepted }
    }
  }

  #domain() {
    const { domain, domainState: state } = this
    const publicKey = encode(this.domainKey.publicKey)
    return { domain, state, publicKey, quotaLeft: 250_000, published: this.#publish(publicKey) }
  }

  /** A log of one entry: the proof needs no hashes. */
  #publish(publicKey: string) {
    const rule = `public-key ${publicKey}`
    const statement = { action: 'key.created', reason: `domain ${this.domain}`, rule, schema: 1 }
    const entry = Buffer.from(JSON.stringify(statement))
    const checkpoint = signCheckpoint(this.log, 1, leafHash(entry))
    return { entry: encode(entry), proof: formatProof({ index: 0, hashes: [], checkpoint }) }
  }

  #evaluate(blinded: string[]) {
    const elements = blinded.map(element => Buffer.from(element, 'base64url'))
    const { evaluated, proof } = evaluateBatch(this.domainKey, elements)
    return {
      domain: this.domain,
      publicKey: encode(this.domainKey.publicKey),
      evaluated: evaluated.map(encode),
      proof: encode(proof),
      quotaLeft: 1,
    }
  }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
