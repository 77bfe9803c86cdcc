import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bareEnvironment } from '../support/bare-environment.ts'
import { type Balancer, openBalancer } from './balancer.ts'
import type { Certificate } from './certificates.ts'
import { type Host, OUTSIDE } from './network.ts'
import type { StoreHost } from './store.ts'

export const API_PORT = 8443
const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const READY_MS = 120_000
/** Small, so that a few hundred calls show whether all processes fill one bucket. */
export const LIMIT = { perSecond: 20, burst: 200 }

/** One process of the program on one host. */
export interface Program {
  host: Host
  roles: string
  child: ChildProcess
  ready: boolean
}

/** The program on several hosts against one store, behind one address. */
export interface System {
  url: string
  settings: Record<string, string>
  programs: Program[]
  start(host: Host, roles: string): Program
  allReady(): Promise<void>
  close(): Promise<void>
}

interface SystemParts {
  folder: string
  apis: readonly Host[]
  store: StoreHost
  certificate: Certificate
}

export async function openSystem(parts: SystemParts): Promise<System> {
  const { folder, apis } = parts
  const addresses = apis.map(({ address }) => address)
  const balancer = await openBalancer(OUTSIDE, addresses, API_PORT)
  const settings = settingsOf(parts, balancer)
  const programs: Program[] = []
  const start = (host: Host, roles: string) => {
    const own = join(folder, `${host.name}-${roles.split(',')[0]}`)
    mkdirSync(own, { recursive: true, mode: 0o700 })
    const env = { ...bareEnvironment(), ...settings, HUISBRUG_ROLES: roles, HUISBRUG_DATA_DIR: own }
    const words = [process.execPath, '--no-warnings', CLI, 'serve']
    const child = host.spawn(words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const program: Program = { host, roles, child, ready: false }
    const log = createWriteStream(join(own, 'program.log'), { flags: 'a', mode: 0o600 })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', chunk => {
        log.write(chunk)
        if (String(chunk).includes('huisbrug is ready')) program.ready = true
      })
    programs.push(program)
    return program
  }
  return {
    ...{ url: settings.HUISBRUG_PUBLIC_URL, settings, programs, start },
    allReady: () => untilReady(programs),
    close: async () => {
      await Promise.all(programs.map(endProgram))
      balancer.close()
    },
  }
}

function settingsOf({ folder, store, certificate }: SystemParts, { port }: Balancer) {
  const { authority, cert, key } = certificate
  return {
    HUISBRUG_PUBLIC_URL: `https://${OUTSIDE}:${port}`,
    HUISBRUG_HOST: '0.0.0.0',
    HUISBRUG_PORT: String(API_PORT),
    HUISBRUG_TLS_CERT_FILE: cert,
    HUISBRUG_TLS_KEY_FILE: key,
    HUISBRUG_CA_FILE: authority,
    HUISBRUG_DATABASE_URL: store.databaseUrl,
    HUISBRUG_PROTOCOLS_DIR: join(folder, 'protocols'),
    HUISBRUG_MASTER_KEY: randomBytes(32).toString('base64url'),
    HUISBRUG_PARTY_PER_SECOND: String(LIMIT.perSecond),
    HUISBRUG_PARTY_BURST: String(LIMIT.burst),
    HUISBRUG_PROBE_MINUTES: '0',
    HUISBRUG_PSEUDONYM_THREADS: '1',
    ...(store.queueUrl && { HUISBRUG_QUEUE_URL: store.queueUrl }),
  }
}

async function untilReady(programs: readonly Program[]): Promise<void> {
  const deadline = performance.now() + READY_MS
  for (;;) {
    const waiting = programs.filter(({ ready, child }) => !ready && child.exitCode === null)
    const ended = programs.find(({ child }) => child.exitCode !== null)
    if (ended) throw new Error(`${ended.roles} on ${ended.host.name} ended`)
    if (waiting.length === 0) return
    if (performance.now() > deadline) throw new Error(`not ready: ${waiting.length} programs`)
    await sleep(100)
  }
}

async function endProgram({ child }: Program): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await Promise.race([ended, sleep(12_000, undefined, { ref: false })])
  child.kill('SIGKILL')
}
