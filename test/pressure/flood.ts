import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '../../src/config.ts'
import { nonce } from '../attack/kit.ts'
import { detection, tenants } from '../support/detection.ts'
import { type TestGateway, until } from '../support/gateway.ts'
import { keepLines } from '../support/kept-log.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const MIB = 1024 * 1024

/** A gateway process with little memory, beside one under test. */
export interface SmallGateway {
  url: string
  /** Bytes of memory that it has in use, as the system sees it. */
  rss(): number
  /** How it ended, where it did. */
  ended(): string | undefined
  stop(): Promise<void>
}

/** Starts the program on the database, the keys and the protocols of a gateway under test. */
export async function startSmall(gateway: TestGateway, heapMib: number): Promise<SmallGateway> {
  const { config } = gateway.context
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMib}`, MAIN], {
    env: childEnvironment({
      HUISBRUG_PORT: String(port),
      HUISBRUG_PUBLIC_URL: gateway.url,
      HUISBRUG_DATA_DIR: config.dataDir,
      HUISBRUG_DATABASE_URL: gateway.db.url,
      HUISBRUG_PROTOCOLS_DIR: config.protocolsDir,
      HUISBRUG_ALLOW_LOOPBACK: 'true',
      HUISBRUG_ROLES: 'api,evaluator',
      // Nothing but memory is to stop the flood.
      HUISBRUG_PARTY_BURST: '1000000',
      HUISBRUG_LOG_LEVEL: 'info',
      NODE_OPTIONS: '',
    }) as NodeJS.ProcessEnv,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', chunk => {
    keepLines(chunk)
    output = `${output}${chunk}`.slice(-20_000)
  })
  await until('the program answers', () => answers(url, child, () => output), 60)
  return {
    url,
    rss: () => Number(/VmRSS:\s+(\d+) kB/.exec(statusOf(child))?.[1]) * 1024,
    ended: () => endOf(child, output),
    stop: async () => {
      if (endOf(child, '') !== undefined) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

const statusOf = (child: ChildProcess) => readFileSync(`/proc/${child.pid}/status`, 'utf8')

function endOf({ exitCode, signalCode }: ChildProcess, output: string): string | undefined {
  return exitCode === null && signalCode === null
    ? undefined
    : `${exitCode} ${signalCode} ${output}`
}

async function answers(url: string, child: ChildProcess, output: () => string): Promise<boolean> {
  const ended = endOf(child, output())
  if (ended !== undefined) throw new Error(`it ended: ${ended}`)
  return fetch(`${url}/health/live`).then(
    reply => reply.ok,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** How often each status came; `0` where the connection broke. */
export type Tally = Record<string, number>

/** Posts bodies of a megabyte, one after another, until the end. */
export async function flood(
  url: string,
  token: string,
  until: number,
  body: (turn: number) => Buffer,
  tally: Tally,
): Promise<void> {
  for (let turn = 0; Date.now() < until; turn++) {
    const status = await fetch(`${url}/v1/detections`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': `${token.slice(-20)}-${turn}`.replace(/[^A-Za-z0-9-]/g, ''),
      },
      body: new Uint8Array(body(turn)),
    }).then(
      async reply => {
        await reply.arrayBuffer()
        return reply.status
      },
      () => 0,
    )
    tally[status] = (tally[status] ?? 0) + 1
  }
}

/** Bodies of a megabyte (too many items, nothing but brackets, one string), and a good one of 1,000. */
export const BODIES: readonly Buffer[] = [
  Buffer.from(JSON.stringify({ nonce: nonce(), ...detection(tenants(0, 12_000)) })).subarray(
    0,
    MIB,
  ),
  Buffer.from(JSON.stringify({ nonce: nonce(), ...detection(tenants(0, 11_000)) })),
  Buffer.from(`{"tenants":[${'[],'.repeat(349_000)}[]]}`),
  Buffer.from(`{"protocol":"${'x'.repeat(MIB - 100)}"}`),
  Buffer.from(JSON.stringify({ nonce: nonce(), ...detection(tenants(0, 1_000)) })),
]

/** A client that says it sends a megabyte and gives a byte now and then. */
export function dribble(url: string, token: string | undefined): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(
    `POST /v1/detections HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${MIB}\r\n${token ? `Authorization: Bearer ${token}\r\n` : ''}\r\n{`,
  )
  const timer = setInterval(() => socket.write(' '), 200)
  socket.on('close', () => clearInterval(timer))
  return socket
}
