import { hash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import axios from 'axios'
import type { BackOfficeStatus } from './back-office.ts'
import { createBars } from './demo-bars.ts'
import { endOf, type Program, ProgramEnded, Programs } from './demo-programs.ts'
import { DemoProtocols } from './demo-protocols.ts'
import type { DemoOptions, DemoStage, Peer } from './demo-types.ts'
import { readWhole, writeWhole } from './peer-keys.ts'
import { createPopulation } from './population.ts'
import type { VdabStatus } from './vdab.ts'

const USUAL_PORT = 8080
const READY_MS = 120_000
const FREE_MS = 20_000
const IN_USE = /uses the data folder|EADDRINUSE|has this register store open/
const STARTS = 20

interface Ports {
  gateway: number
  vdab: number
}

/**
 * Starts the gateway and its peers, each a program of its own. What the peers keep is kept per
 * database, so that a new database starts with new peers.
 */
export async function setStage(options: DemoOptions): Promise<DemoStage> {
  const { dataDir } = options
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const protocols = new DemoProtocols(options.protocolsDir, join(dataDir, 'protocols'))
  protocols.refresh()
  const ports = await choosePorts(options)
  const gateway = `http://127.0.0.1:${ports.gateway}`
  const environment = options.environmentWith({
    HUISBRUG_PORT: String(ports.gateway),
    HUISBRUG_PUBLIC_URL: gateway,
    HUISBRUG_HOST: '127.0.0.1',
    HUISBRUG_DATA_DIR: dataDir,
    HUISBRUG_PROTOCOLS_DIR: join(dataDir, 'protocols'),
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    HUISBRUG_ROLES: '',
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
  })
  const programs = new Programs({ environment, logFolder: join(dataDir, 'logs') })
  const bars = createBars(options.stderr)
  try {
    await startGateway(programs, gateway, options.signal)
    const peersFolder = join(dataDir, 'peers', await nameOfDatabase(gateway))
    const population = createPopulation(options.seed, options.population)
    const peers = await startPeers(programs, options, { gateway, peersFolder, ports })
    const databaseUrl = options.databaseUrl ?? options.findDatabaseUrl(dataDir)
    if (!databaseUrl) throw new Error('de databank van de gateway is niet te vinden')
    const common = { options, bars, gateway, programs, protocols, population }
    return { ...common, databaseUrl, peersFolder, ...peers }
  } catch (error) {
    bars.stop()
    await programs.stop()
    throw error
  }
}

async function startGateway(programs: Programs, url: string, signal: AbortSignal): Promise<void> {
  await untilFreed(signal, async () => {
    const program = programs.start('gateway', ['serve'])
    await untilProgram(programs, program, untilHealthy(url, signal))
  })
}

// What was killed may need a moment to give its folder and port free.
async function untilFreed<T>(signal: AbortSignal, start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      const isBusy = error instanceof ProgramEnded && IN_USE.test(endOf(error.logFile))
      if (!isBusy || attempt === STARTS) throw error
      await sleep(1_000, undefined, { signal })
    }
  }
}

async function untilProgram<T>(programs: Programs, program: Program, isUp: Promise<T>): Promise<T> {
  try {
    return await Promise.race([isUp, program.ended])
  } catch (error) {
    programs.forget(program)
    throw error
  }
}

async function untilHealthy(url: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_MS
  while (performance.now() < deadline) {
    const response = await axios
      .get(`${url}/health/ready`, { validateStatus: () => true, timeout: 5_000, proxy: false })
      .catch(() => undefined)
    if (response?.status === 200) return
    await sleep(100, undefined, { signal })
  }
  throw new Error('de gateway is niet op tijd klaar')
}

/** A short name for the database behind a gateway: its signing keys were made with it. */
async function nameOfDatabase(gateway: string): Promise<string> {
  const { data } = await axios.get<{ keys: { kid: string }[] }>(
    `${gateway}/.well-known/jwks.json`,
    { proxy: false },
  )
  const first = data.keys
    .map(key => key.kid)
    .sort()
    .join(' ')
  return hash('sha256', first, 'hex').slice(0, 12)
}

async function startPeers(
  programs: Programs,
  { seed, population, signal }: DemoOptions,
  place: { gateway: string; peersFolder: string; ports: Ports },
): Promise<Pick<DemoStage, 'vdab' | 'backOffice'>> {
  const { gateway, peersFolder, ports } = place
  const logKey = await readLogKey(programs)
  const args = (name: string) => [
    ...['sandbox', name, '--gateway', gateway, '--data', join(peersFolder, name)],
    ...['--seed', seed, '--population', String(population)],
  ]
  const [vdab, backOffice] = await Promise.all([
    startPeer<VdabStatus>(programs, signal, 'vdab', [
      ...args('vdab'),
      ...['--port', String(ports.vdab), '--log-key', logKey],
    ]),
    startPeer<BackOfficeStatus>(programs, signal, 'back-office', args('back-office')),
  ])
  return { vdab, backOffice }
}

/** As an operator reads it, to hand it to a partner by another way than the gateway itself. */
async function readLogKey(programs: Programs): Promise<string> {
  const { code, json } = await programs.run(['audit', 'key', '--json'])
  if (code !== 0) throw new Error('de sleutel van het auditlogboek is niet te lezen')
  return String(json['verifierKey'])
}

function startPeer<Status>(
  programs: Programs,
  signal: AbortSignal,
  name: string,
  args: string[],
): Promise<Peer<Status>> {
  return untilFreed(signal, async () => {
    let latest: Status
    const { promise: listening, resolve } = Promise.withResolvers<string>()
    const program: Program = programs.start<Status>(name, args, message => {
      latest = message.status
      if (message.kind === 'listening') resolve(message.url)
    })
    const url = await untilProgram(programs, program, listening)
    return { program, url, status: () => latest }
  })
}

/** VDAB's address is registered with the gateway, so it stays; the gateway's is kept where free. */
async function choosePorts({ dataDir, port, signal }: DemoOptions): Promise<Ports> {
  const file = join(dataDir, 'ports.json')
  const before = readWhole<Ports>(file)
  const gateway = port
    ? await untilFree(port, signal)
    : await firstFree([before?.gateway ?? USUAL_PORT, 0])
  const vdab = before ? await untilFree(before.vdab, signal) : await firstFree([0])
  const ports = { gateway, vdab }
  writeWhole(file, ports)
  return ports
}

// What was killed may need a moment to go.
async function untilFree(port: number, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + FREE_MS
  while (performance.now() < deadline) {
    const free = await firstFree([port]).catch(() => undefined)
    if (free !== undefined) return free
    await sleep(250, undefined, { signal })
  }
  throw new Error(`poort ${port} is in gebruik: stop wat er luistert of kies --port`)
}

async function firstFree(ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ])
    if (!isFree) continue
    const address = server.address()
    server.close()
    await once(server, 'close')
    if (address && typeof address === 'object') return address.port
  }
  throw new Error('er is geen vrije poort')
}
