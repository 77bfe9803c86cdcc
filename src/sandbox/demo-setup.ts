import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import axios from 'axios'
import { createClient } from '../client/client.ts'
import { HuisbrugProblem } from '../client/problem.ts'
import { targetGroupOf } from './batch-sender.ts'
import type { ProtocolParty } from './demo-protocols.ts'
import type { DemoStage } from './demo-types.ts'
import { WM_VDAB } from './exchange.ts'
import { loadPeerKeys, readWhole, writeWhole } from './peer-keys.ts'

const ATTEMPTED_TENANTS = 25
const NOTICE_MS = 30_000
const ACCESS = 'HB-1'

/** What was done before on this database. */
interface Done {
  /** Thumbprint of the registered key, by party id. */
  registered: Record<string, string>
  refusedBeforeProtocol?: string
}

/**
 * Registers the parties with `huisbrug party add`, as an operator would; a party that is there with
 * another key gets its new one.
 */
export async function registerParties(stage: DemoStage): Promise<void> {
  const done = readDone(stage)
  const parties = stage.protocols.parties()
  await Promise.all(parties.map(party => registerParty(stage, party, done)))
  writeWhole(fileOf(stage), done)
}

async function registerParty(stage: DemoStage, party: ProtocolParty, done: Done): Promise<void> {
  const { jwksFile, publicKey } = await loadPeerKeys(folderOf(stage, party.id))
  const kid = publicKey.kid ?? ''
  if (done.registered[party.id] === kid) return
  const { id, kind, name, kbo } = party
  const { url } = stage.vdab
  const isVdab = kind === 'employment-service'
  const added = await stage.programs.run([
    ...['party', 'add', '--id', id, '--kind', kind, '--name', name, '--kbo', kbo],
    ...['--jwks', jwksFile],
    ...(isVdab ? ['--base-url', url, '--token-url', `${url}/oauth/token`] : []),
  ])
  const given =
    added.code === 0 ? added : await stage.programs.run(['party', 'rotate', id, '--jwks', jwksFile])
  if (given.code !== 0) {
    throw new Error(`partij ${id} is niet geregistreerd: ${JSON.stringify(added.json)}`)
  }
  done.registered[party.id] = kid
}

/**
 * Tries a detection request while no protocol is in force: it must be refused. Once per database; a
 * later run finds the refusal there.
 * @returns the code of the refusal
 */
export async function tryBeforeProtocol(stage: DemoStage): Promise<string> {
  const done = readDone(stage)
  if (done.refusedBeforeProtocol) return done.refusedBeforeProtocol
  stage.protocols.unsign()
  await untilProtocols(stage, state => state !== 'active')
  const code = await attempt(stage)
  writeWhole(fileOf(stage), { ...done, refusedBeforeProtocol: code })
  return code
}

/** Has all parties sign, each with its own private key, and waits until the gateway has noticed. */
export async function putInForce(stage: DemoStage): Promise<void> {
  const { registered } = readDone(stage)
  if (!stage.protocols.isSignedWith(registered)) {
    stage.protocols.unsign()
    const signers = [...stage.protocols.signers()]
    await Promise.all(signers.map(([party, ids]) => signAll(stage, party, ids)))
  }
  await untilProtocols(stage, state => state === 'active')
}

async function signAll(stage: DemoStage, party: string, ids: readonly string[]): Promise<void> {
  const { keysFile } = await loadPeerKeys(folderOf(stage, party))
  const args = ['protocol', 'sign', ...ids, '--party', party, '--key', keysFile]
  const { code } = await stage.programs.run(args)
  if (code !== 0) throw new Error(`${party} kan de protocollen niet ondertekenen`)
}

async function attempt(stage: DemoStage): Promise<string> {
  const { gateway, population } = stage
  const company = population.tenants[0]?.company ?? ''
  const { privateKey } = await loadPeerKeys(folderOf(stage, company))
  const client = createClient({ gateway, partyId: company, privateKey })
  const tenants = targetGroupOf(population, company).slice(0, ATTEMPTED_TENANTS)
  const some = tenants.length > 0 ? tenants : population.tenants.slice(0, 1)
  const request = {
    ...WM_VDAB,
    referenceDate: new Date().toISOString().slice(0, 10),
    tenants: some.map(({ insz, tenantRef, tenantGround }) => ({ insz, tenantRef, tenantGround })),
  }
  const deadline = performance.now() + NOTICE_MS
  while (performance.now() < deadline) {
    const code = await refusalOf(client.detect(request))
    // At the door: the gateway has not noticed yet that this party is registered.
    if (!code.startsWith(ACCESS)) return code
    await sleep(250, undefined, { signal: stage.options.signal })
  }
  throw new Error(`de gateway laat ${company} niet binnen`)
}

async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof HuisbrugProblem) return error.code
    throw error
  }
  throw new Error('zonder protocol ging er iets door: dat mag nooit')
}

interface Summary {
  protocolId: string
  state: string
}

async function untilProtocols(stage: DemoStage, fits: (state: string) => boolean): Promise<void> {
  const ids = new Set(stage.protocols.ids())
  const deadline = performance.now() + NOTICE_MS
  while (performance.now() < deadline) {
    const { data } = await axios.get<{ items: Summary[] }>(`${stage.gateway}/v1/protocols`, {
      proxy: false,
    })
    const ours = data.items.filter(({ protocolId }) => ids.has(protocolId))
    if (ours.length === ids.size && ours.every(({ state }) => fits(state))) return
    await sleep(100, undefined, { signal: stage.options.signal })
  }
  throw new Error('de gateway merkt de handtekeningen onder de protocollen niet op')
}

function folderOf(stage: DemoStage, id: string): string {
  const isVdab = id === 'vdab'
  return isVdab ? join(stage.peersFolder, 'vdab') : join(stage.peersFolder, 'back-office', id)
}

function readDone(stage: DemoStage): Done {
  return readWhole<Done>(fileOf(stage)) ?? { registered: {} }
}

function fileOf(stage: DemoStage): string {
  return join(stage.peersFolder, 'demo.json')
}
