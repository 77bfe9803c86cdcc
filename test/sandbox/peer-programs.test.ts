import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Programs } from '../../src/sandbox/demo-programs.ts'
import type { PeerMessage } from '../../src/sandbox/parent.ts'
import { createPopulation } from '../../src/sandbox/population.ts'
import type { VdabStatus } from '../../src/sandbox/vdab.ts'
import { until } from '../support/until.ts'
import { MiniGateway } from './mini-gateway.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const SIZE = 150
const { tenants } = createPopulation('programs', SIZE)
const numbers = tenants.map(tenant => tenant.insz)

let gateway: MiniGateway
let folder: string
let children: ChildProcess[]

beforeEach(async () => {
  gateway = await MiniGateway.start()
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-programs-'))
  children = []
})

afterEach(async () => {
  await Promise.all(children.map(killed))
  await gateway.close()
  rmSync(folder, { recursive: true, force: true })
})

function environment(): Record<string, string | undefined> {
  const { NODE_OPTIONS: _, ...inherited } = process.env
  return inherited
}

function peerArgs(name: string): string[] {
  const place = ['--gateway', gateway.url, '--data', join(folder, name)]
  if (name === 'vdab') place.push('--log-key', gateway.log.verifierKey)
  return ['sandbox', name, ...place, '--seed', 'programs', '--population', String(SIZE)]
}

interface Running<Status> {
  child: ChildProcess
  url: string
  status: () => Status
}

async function startPeer<Status>(name: string): Promise<Running<Status>> {
  const child = spawn(process.execPath, [CLI, ...peerArgs(name)], {
    env: environment(),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  children.push(child)
  let latest: PeerMessage<Status> | undefined
  let url = ''
  child.on('message', message => {
    latest = message as PeerMessage<Status>
    if (latest.kind === 'listening') url = latest.url
  })
  await until(() => url !== '', 30_000)
  return { child, url, status: () => latest!.status }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

test('a VDAB that is killed with kill -9 goes on where it was', async () => {
  const first = await startPeer<VdabStatus>('vdab')
  await until(() => first.status().ready.length > 0)
  const away = { operation: 'POST /v1/detections', reply: { status: 503 } }
  gateway.faults.push(...Array.from({ length: 1_000 }, () => away))
  const request = gateway.detection(numbers)
  expect(await gateway.send(first.url, '/detections', request)).toBe(202)
  await until(() => gateway.to('POST /v1/detections').length > 0)
  await killed(first.child)
  gateway.faults.length = 0

  const second = await startPeer<VdabStatus>('vdab')
  await until(() => second.status().open === 0 && second.status().feedback > 0)
  const registered = tenants.filter(tenant => tenant.registered).length
  expect(second.status()).toMatchObject({ requests: 1, found: registered, answered: 1 })
  const calls = gateway.to('POST /v1/detections')
  expect(new Set(calls.map(call => `${call.key} ${call.raw}`)).size).toBe(1)
  expect(gateway.to('POST /v1/pseudonyms/evaluations')).toHaveLength(1)
}, 60_000)

test('back offices send when told, and tell what became of it', async () => {
  const office = await startPeer<{ companies: { notSent?: number; accepted: number }[] }>(
    'back-office',
  )
  office.child.send('send')
  await until(() => office.status().companies.every(company => company.notSent === 0), 30_000)
  const accepted = office.status().companies.reduce((sum, company) => sum + company.accepted, 0)
  expect(accepted).toBe(tenants.filter(tenant => tenant.inTargetGroup).length)
}, 60_000)

test.each(['vdab', 'back-office'])(
  'a %s ends when who started it is gone',
  async name => {
    const { child } = await startPeer(name)
    child.disconnect()
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
  },
  60_000,
)

test('also when that went while it was starting', async () => {
  const child = spawn(process.execPath, [CLI, ...peerArgs('vdab')], {
    env: environment(),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  children.push(child)
  child.disconnect()
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
}, 60_000)

describe('programs of the demo', () => {
  let programs: Programs

  beforeEach(() => {
    programs = new Programs({ environment: environment(), logFolder: join(folder, 'logs') })
  })

  afterEach(() => programs.stop())

  test('one that ends by itself ends what waits for it, and names its log', async () => {
    const program = programs.start('wrong', ['sandbox', 'vdab', '--port', 'none'])
    const forever = new Promise<void>(() => {})
    await expect(programs.during(forever)).rejects.toThrow('wrong.log')
    await expect(program.ended).rejects.toThrow()
    programs.forget(program)
    await expect(programs.during(Promise.resolve(7))).resolves.toBe(7)
  }, 60_000)

  test('a command is run to its end and its JSON read', async () => {
    const debugged = await programs.run(['token', 'debug', 'no-token'])
    expect(debugged).toEqual({ code: 1, json: {} })
  }, 60_000)

  test('stopping ends all of them, in order, cleanly', async () => {
    let listening = 0
    const count = () => {
      listening++
    }
    const peers = ['vdab', 'back-office'].map(name => programs.start(name, peerArgs(name), count))
    await until(() => listening >= 2, 30_000)
    await programs.stop()
    await Promise.all(peers.map(peer => expect(peer.ended).rejects.toThrow(peer.name)))
  }, 60_000)
})
