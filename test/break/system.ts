import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type EmbeddedDatabase, startEmbedded } from '../../src/db/embedded.ts'
import { runningPostmaster } from '../../src/db/embedded-postmaster.ts'
import { createLogger } from '../../src/log.ts'
import { bareEnvironment } from '../support/bare-environment.ts'

export type EngineKind = 'redis' | 'postgresql'
type Role = 'api' | 'worker' | 'sequencer'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const ROLES: readonly Role[] = ['api', 'api', 'worker', 'worker', 'sequencer', 'sequencer']
const READY_MS = 120_000
const RESTART_MS = 500
// Whatever ends this process ends what it started.
const TIED = spawnSync('setpriv', ['--version']).status === 0

/** Whether this machine has Redis. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

/** One process of the program, started again whenever it ends. */
export interface Program {
  name: string
  role: Role
  /** Where it listens. */
  port: number
  child: ChildProcess
  /** Since it last said that it is ready. */
  ready: boolean
  /** It is killed on purpose: that it ends is no news. */
  doomed: boolean
  log: WriteStream
}

/** Two processes of each role on a PostgreSQL and a Redis of their own, behind one address. */
export interface System {
  /** Where parties call. */
  url: string
  databaseUrl: string
  redisUrl: string | undefined
  /** For the program's own `readConfig`. */
  settings: Record<string, string>
  programs: Program[]
  logFolder: string
  /** Programs that ended by themselves after they were ready: a fault of the product. */
  ended: string[]
  allReady(): Promise<void>
  /** Ends PostgreSQL: SIGINT in good order, SIGQUIT as in a crash. It starts again by itself. */
  endPostgres(signal: 'SIGINT' | 'SIGQUIT'): void
  endRedis(): Promise<void>
  /** `huisbrug <words>` beside them: what it printed. */
  command(...words: string[]): Promise<string>
  startRedis(): Promise<void>
  close(): Promise<void>
}

/** Starts it all; the protocols are in `<folder>/protocols`. */
export async function startSystem(folder: string, engine: EngineKind): Promise<System> {
  const logFolder = join(folder, 'logs')
  mkdirSync(logFolder)
  const ownLog = createWriteStream(join(logFolder, 'database.log'), { mode: 0o600 })
  const database = await startEmbedded(join(folder, 'database'), createLogger('warn', ownLog))
  const redis = engine === 'redis' ? new RedisServer(folder, await steadyPort()) : undefined
  await redis?.start()
  const ports = await Promise.all(ROLES.map(() => steadyPort()))
  const apis = ports.filter((_, index) => ROLES[index] === 'api')
  const balancer = await openRoundRobin(apis)
  const settings = {
    HUISBRUG_PUBLIC_URL: balancer.url,
    HUISBRUG_DATA_DIR: folder,
    HUISBRUG_DATABASE_URL: database.url,
    HUISBRUG_PROTOCOLS_DIR: join(folder, 'protocols'),
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    HUISBRUG_MASTER_KEY: randomBytes(32).toString('base64url'),
    ...(redis && { HUISBRUG_QUEUE_URL: redis.url }),
  }
  const runner = new Runner(settings, logFolder)
  for (const [index, role] of ROLES.entries()) {
    runner.start(`${role}-${(index % 2) + 1}`, role, ports[index] ?? 0)
  }
  return {
    ...{ url: balancer.url, databaseUrl: database.url, redisUrl: redis?.url, settings, logFolder },
    ...{ programs: runner.programs, ended: runner.ended },
    allReady: () => runner.allReady(),
    endPostgres: signal => endPostgres(folder, signal),
    endRedis: async () => redis?.end(),
    startRedis: async () => redis?.start(),
    command: (...words) => runCommand(settings, words),
    close: () => closeAll(runner, balancer, redis, database),
  }
}

async function closeAll(
  runner: Runner,
  balancer: { close(): void },
  redis: RedisServer | undefined,
  database: EmbeddedDatabase,
): Promise<void> {
  await runner.close()
  balancer.close()
  await redis?.end()
  await database.stop()
}

function runCommand(settings: Record<string, string>, words: string[]): Promise<string> {
  const env = { ...bareEnvironment(), ...settings }
  return new Promise(resolve => {
    execFile(process.execPath, ['--no-warnings', CLI, ...words], { env }, (_error, out) =>
      resolve(out),
    )
  })
}

function endPostgres(folder: string, signal: NodeJS.Signals): void {
  const running = runningPostmaster(join(folder, 'database', 'postgres'))
  if (running) process.kill(running.pid, signal)
}

class Runner {
  readonly programs: Program[] = []
  readonly ended: string[] = []
  readonly #settings: Record<string, string>
  readonly #logFolder: string
  #closing = false

  constructor(settings: Record<string, string>, logFolder: string) {
    this.#settings = settings
    this.#logFolder = logFolder
  }

  start(name: string, role: Role, port: number): void {
    const log = createWriteStream(join(this.#logFolder, `${name}.log`), { flags: 'a', mode: 0o600 })
    const program = { name, role, port, log, ready: false, doomed: false }
    this.#keep(Object.assign(program, { child: this.#spawn(program) }))
  }

  async allReady(): Promise<void> {
    const deadline = performance.now() + READY_MS
    while (!this.programs.every(program => program.ready)) {
      const waiting = this.programs.filter(it => !it.ready).map(it => it.name)
      if (performance.now() > deadline) throw new Error(`not ready: ${waiting.join(', ')}`)
      await sleep(100)
    }
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(
      this.programs.map(async ({ child, log }) => {
        if (child.exitCode === null && child.signalCode === null) {
          const ended = once(child, 'exit')
          child.kill('SIGCONT')
          child.kill('SIGTERM')
          await Promise.race([ended, sleep(15_000, undefined, { ref: false })])
          child.kill('SIGKILL')
          await ended
        }
        log.end()
      }),
    )
  }

  #keep(program: Program): void {
    this.programs.push(program)
    const watch = () => {
      const { child } = program
      const hear = (chunk: Buffer) => {
        program.log.write(chunk)
        if (chunk.includes('huisbrug is ready')) program.ready = true
      }
      child.stdout?.on('data', hear)
      child.stderr?.on('data', hear)
      child.once('exit', (code, signal) => {
        if (program.ready && !program.doomed && !this.#closing) {
          this.ended.push(`${program.name} (${code ?? signal})`)
        }
        Object.assign(program, { ready: false, doomed: false })
        setTimeout(() => {
          if (this.#closing) return
          program.child = this.#spawn(program)
          watch()
        }, RESTART_MS)
      })
    }
    watch()
  }

  #spawn({ role, port }: Pick<Program, 'role' | 'port'>): ChildProcess {
    const own = { HUISBRUG_ROLES: role, HUISBRUG_PORT: String(port) }
    const env = { ...bareEnvironment(), ...this.#settings, ...own }
    const stdio = ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe']
    return spawnTied([process.execPath, '--no-warnings', CLI, 'serve'], { env, stdio })
  }
}

class RedisServer {
  readonly url: string
  readonly #args: string[]
  #child: ChildProcess | undefined

  constructor(folder: string, port: number) {
    this.url = `redis://127.0.0.1:${port}`
    const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
    this.#args = ['redis-server', ...place, '--save', '', '--appendonly', 'no']
  }

  async start(): Promise<void> {
    const child = spawnTied(this.#args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#child = child
    await new Promise<void>(resolve => {
      child.stdout?.on('data', chunk => String(chunk).includes('Ready to accept') && resolve())
      child.once('exit', () => resolve())
    })
  }

  /** Nothing of what it held is kept. */
  async end(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

function spawnTied(words: string[], options: Parameters<typeof spawn>[2]): ChildProcess {
  const all = TIED ? ['setpriv', '--pdeathsig', 'KILL', ...words] : words
  // A group of its own: Ctrl-C is for this program, which ends the others in order.
  const child = spawn(all[0] ?? '', all.slice(1), { detached: true, ...options })
  child.on('error', () => {})
  return child
}

/** A free port that nobody is given by chance while the program on it is down. */
async function steadyPort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    const server = createServer()
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening')
      return port
    } catch {
      // In use.
    } finally {
      server.close()
    }
  }
}

/** Takes connections and passes each on to the next that listens. */
async function openRoundRobin(ports: number[]): Promise<{ url: string; close(): void }> {
  const sockets = new Set<Socket>()
  let turn = 0
  const server: Server = createServer(client => {
    sockets.add(client)
    client.on('close', () => sockets.delete(client)).on('error', () => {})
    passOn(client, ports, turn++, ports.length)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { url: `http://127.0.0.1:${port}`, close }
}

function passOn(client: Socket, ports: number[], turn: number, tries: number): void {
  if (tries === 0) return void client.destroy()
  const upstream = connect(ports[turn % ports.length] ?? 0, '127.0.0.1')
  let connected = false
  upstream.once('connect', () => {
    connected = true
    client.pipe(upstream).pipe(client)
    client.on('close', () => upstream.destroy())
  })
  upstream.on('error', () => {})
  upstream.on('close', () => {
    if (connected) client.destroy()
    else passOn(client, ports, turn + 1, tries - 1)
  })
}
