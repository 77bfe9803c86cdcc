import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { lockFolder } from '../../client/folder-lock.ts'
import { openBackDoor } from './back-door.ts'
import { Clock } from './clock.ts'
import { type Controls, createControl } from './control.ts'
import { readerOfDeliveries } from './deliveries.ts'
import { createDoor } from './door.ts'
import { Faults } from './fault.ts'
import type { SandboxOptions, SandboxSettings } from './options.ts'
import { joinCompanies, joinVdab, type Setting } from './other-side.ts'
import { People } from './people.ts'
import { Recorder } from './record.ts'
import { type Scenario, USUAL, withNames } from './scenario.ts'
import { writeSettings } from './settings.ts'
import { keysOf, partnerOf, readLogKey, setStanding, startStage } from './stage.ts'

/** A counterpart for a partner, complete and running. */
export interface PartnerSandbox {
  settings: SandboxSettings
  close(): Promise<void>
}

/**
 * Starts a real gateway with a protocol in force, the partner's party registered and the other side simulated;
 * its public address also serves the page. Everybody in it is synthetic.
 * @throws Error that says what kept it from starting; SandboxMisuse for a scenario that there is not
 */
export async function startPartnerSandbox(options: SandboxOptions): Promise<PartnerSandbox> {
  const wanted = withNames({ ...USUAL, afterDays: options.afterDays }, options.scenario)
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 })
  const closing: Setting['closing'] = []
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one()
  }
  try {
    const unlock = lock(options.dataDir)
    closing.push(async () => unlock())
    return { settings: await open(options, wanted, closing), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function open(
  options: SandboxOptions,
  wanted: Scenario,
  closing: Setting['closing'],
): Promise<SandboxSettings> {
  const server = createServer()
  const url = await listen(server, options)
  closing.push(() => end(server))
  const stage = await startStage(options, url)
  closing.push(() => stage.programs.stop())
  let now: Scenario = { ...wanted, ...{ pace: USUAL.pace, protocol: USUAL.protocol } }
  const people = new People(options.seed, options.people, options.ownNumbers)
  const shared = {
    ...{ recorder: new Recorder(), faults: new Faults(), slowMs: options.slowMs },
    scenario: () => now,
  }
  const destinations: Setting['destinations'] = new Map()
  const backDoor = await openBackDoor({ ...shared, destinations })
  closing.push(backDoor.close)
  const partner = partnerOf(stage)
  const door = createDoor({ ...shared, gateway: stage.gateway, partner: partner.id, people })
  let control: typeof door = async (_request, response) => {
    response.writeHead(503, { 'Retry-After': '2' }).end('The sandbox is starting.')
  }
  server.on('request', (request, response) => {
    const handle = isOurs(request.url) ? control : door
    handle(request, response).catch(() => request.socket.destroy())
  })
  const logKey = await readLogKey(stage)
  const settings = await writeSettings(options, partner, {
    ...{ url, logKey, people, run: stage.run },
  })
  const clock = new Clock()
  const setting = { options, stage, url, logKey, people, clock, destinations, closing }
  const join = options.role === 'vdab' ? joinCompanies : joinVdab
  const joined = await join({ ...setting, backDoor: backDoor.url, scenario: () => now })
  const change: Controls['change'] = async alter => {
    const next = alter(now)
    if (next.protocol !== now.protocol) await setStanding(stage, next.protocol)
    if (next.pace !== now.pace) shared.faults.clear()
    now = next
  }
  await change(() => wanted)
  const controls: Controls = {
    ...{ change, act: joined.act, forward: days => clock.forward(days) },
    state: () => ({ scenario: now, day: clock.day, waiting: clock.waiting() }),
    deliveries: readerOfDeliveries({
      ...{ gateway: stage.gateway, publicUrl: url, party: partner.id },
      privateKey: (await keysOf(partner, options.jwks)).privateKey,
    }),
  }
  const all = { ...settings, ...(joined.webhookSecret && { webhookSecret: joined.webhookSecret }) }
  const { recorder } = shared
  control = createControl({ settings: all, recorder, controls, codes: options.codes })
  return all
}

function isOurs(url = ''): boolean {
  return /^\/sandbox(?:[/?]|$)/.test(url)
}

function lock(dataDir: string): () => void {
  try {
    return lockFolder(dataDir)
  } catch {
    throw new Error(`another sandbox runs on ${dataDir}: stop it, or give --data <folder>`)
  }
}

async function listen(server: Server, { port, mustHavePort }: SandboxOptions): Promise<string> {
  const attempt = async (one: number) => {
    server.listen(one, '127.0.0.1')
    await once(server, 'listening')
  }
  await attempt(port).catch(error => {
    if (mustHavePort) throw new Error(`port ${port} cannot be used: ${(error as Error).message}`)
    return attempt(0)
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function end(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
}
