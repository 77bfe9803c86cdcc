import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, type EvaluatorSettings, readConfig } from '../../src/config.ts'
import { type RunningKeyService, startKeyService } from '../../src/key-service.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type TestLog, testLog } from '../support/log.ts'

/** A key service as in production, on a database and a master key of its own. */
export interface TestKeyService {
  url: string
  secret: string
  db: TestDatabase
  config: Config
  logged: TestLog['lines']
  /** Settings of a gateway that calls it. */
  settings: Record<string, string>
  /** Stops it, and starts it again on the same port and database. */
  stop(): Promise<void>
  start(changes?: Partial<EvaluatorSettings>): Promise<void>
  /** A call as a gateway makes it; without the secret where `bearer` says otherwise. */
  call(path: string, body?: object, bearer?: string): Promise<{ status: number; body: unknown }>
  close(): Promise<void>
}

export async function testKeyService(
  settings: Record<string, string> = {},
  clock?: () => Date,
): Promise<TestKeyService> {
  const db = await testDatabase({ max: 20 })
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-key-service-'))
  const secret = randomBytes(32).toString('base64url')
  const { log, lines } = testLog()
  const port = await freePort()
  const config = readConfig({
    HUISBRUG_PORT: String(port),
    HUISBRUG_DATA_DIR: folder,
    HUISBRUG_DATABASE_URL: db.url,
    HUISBRUG_ROLES: 'evaluator,sequencer',
    HUISBRUG_EVALUATOR_SECRET: secret,
    HUISBRUG_LOG_LEVEL: 'debug',
    ...settings,
  })
  let running: RunningKeyService | undefined
  const url = `http://127.0.0.1:${port}`
  const start = async (changes: Partial<EvaluatorSettings> = {}) => {
    const evaluator = { ...config.evaluator, ...changes }
    running = await startKeyService({ ...config, evaluator }, log, clock)
  }
  const stop = async () => {
    await running?.close()
    running = undefined
  }
  await start()
  return {
    url,
    secret,
    db,
    config,
    logged: lines,
    settings: {
      HUISBRUG_EVALUATOR_URL: url,
      HUISBRUG_EVALUATOR_SECRET: secret,
      HUISBRUG_EVALUATOR_TIMEOUT_SECONDS: '20',
    },
    start,
    stop,
    call: (path, body, bearer = secret) => call(`${url}${path}`, body, bearer),
    close: async () => {
      await stop()
      await db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function call(url: string, body: object | undefined, bearer: string) {
  const reply = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body && { body: Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body) }),
  })
  const text = await reply.text()
  return { status: reply.status, body: text && JSON.parse(text) }
}

type Json = Record<string, unknown>
/** @param asked the body of the call */
type Tamper = (path: string, reply: Json, asked: Json) => Json | Promise<Json>

/** Stands before a key service, sees what goes there, and may change what it answers. */
export interface Tamperer {
  url: string
  /** Bodies that went to the service, as text. */
  seen: string[]
  tamper: Tamper
  close(): Promise<void>
}

export async function startTamperer(target: string): Promise<Tamperer> {
  const seen: string[] = []
  const server: Server = createServer(async (request, response) => {
    const body = await textOf(request)
    seen.push(`${request.url} ${body}`)
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    const reply = await fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(body && { body }),
    }).catch(() => undefined)
    if (!reply) return response.destroy()
    const text = await reply.text()
    const changed =
      text && reply.status === 200
        ? await tamperer.tamper(request.url ?? '', JSON.parse(text), JSON.parse(body || '{}'))
        : undefined
    response.writeHead(reply.status, { 'content-type': 'application/json' })
    return response.end(changed ? JSON.stringify(changed) : text)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const tamperer: Tamperer = {
    url: `http://127.0.0.1:${port}`,
    seen,
    tamper: (_path, reply) => reply,
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return tamperer
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
