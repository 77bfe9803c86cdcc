import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import axios from 'axios'
import { type Program, Programs } from '../demo-programs.ts'
import { loadPeerKeys, type PeerKeys, writeWhole } from '../peer-keys.ts'
import { type Acceding, accessionId, writeDocuments } from './documents.ts'
import type { SandboxOptions } from './options.ts'

const READY_MS = 120_000
const RETRIES = '1,20,1'
/** The housing companies that send to a partner who plays VDAB. */
const SENDERS: readonly Acceding[] = [
  { id: 'woonboog', name: 'Woonboog', kbo: '0999000327' },
  { id: 'leefgoed', name: 'LeefGoed', kbo: '0999000426' },
]
const VDAB = { id: 'vdab', name: 'VDAB (zandbak)', kbo: '0999000129' }
const OWN_KBO = '0999000327'

/** A party of the sandbox. */
export interface Member extends Acceding {
  kind: 'housing-company' | 'employment-service'
  isPartner: boolean
  /** Of its keys. */
  folder: string
}

/** A gateway of this run alone, in a process of its own. */
export interface Stage {
  programs: Programs
  /** Is thrown away at the next start. */
  run: string
  /** Where the gateway itself listens. */
  gateway: URL
  members: readonly Member[]
  /** Documents that each party signs. */
  signs: ReadonlyMap<string, string[]>
}

/** Who takes part: the partner, and the other side. */
function membersOf({ role, dataDir, party, name }: SandboxOptions, run: string): Member[] {
  const folderOf = (id: string) => join(run, 'counterpart', id)
  const own = { isPartner: true, folder: join(dataDir, 'you') }
  if (role === 'vdab') {
    const senders = SENDERS.map(one => ({
      ...one,
      ...{ kind: 'housing-company' as const, isPartner: false, folder: folderOf(one.id) },
    }))
    return [{ ...VDAB, name, kind: 'employment-service', ...own }, ...senders]
  }
  return [
    { id: party, name, kbo: OWN_KBO, kind: 'housing-company', ...own },
    { ...VDAB, kind: 'employment-service', isPartner: false, folder: folderOf(VDAB.id) },
  ]
}

/**
 * Starts a gateway on an empty database: every run starts from nothing, so that the same calls have the same
 * outcomes. Keys and settings of the partner stay.
 * @param publicUrl the address that partners call
 */
export async function startStage(options: SandboxOptions, publicUrl: string): Promise<Stage> {
  const { dataDir, protocolsDir, perPerson } = options
  const run = newRunFolder(dataDir)
  const members = membersOf(options, run)
  const companies = members.filter(({ kind }) => kind === 'housing-company')
  const folder = join(run, 'protocols')
  const signs = writeDocuments({ source: protocolsDir, folder, companies, perPerson })
  const port = await freePort()
  const environment = {
    ...options.environment,
    HUISBRUG_PORT: String(port),
    HUISBRUG_HOST: '127.0.0.1',
    HUISBRUG_PUBLIC_URL: publicUrl,
    HUISBRUG_DATA_DIR: run,
    HUISBRUG_PROTOCOLS_DIR: folder,
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    HUISBRUG_PROBE_MINUTES: '0',
    HUISBRUG_ADDRESS_BURST: '10000',
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
  }
  const programs = new Programs({ environment, logFolder: join(dataDir, 'logs') })
  const gateway = new URL(`http://127.0.0.1:${port}`)
  try {
    const program = programs.start('gateway', ['serve'])
    await Promise.race([untilHealthy(gateway), hasEnded(program)])
    return { programs, run, gateway, members, signs }
  } catch (error) {
    await programs.stop()
    throw error
  }
}

// What a killed run left may still be in use for a moment: it goes with a later one.
function newRunFolder(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(dataDir).filter(one => one.startsWith('run-'))) {
    try {
      rmSync(join(dataDir, name), { recursive: true, force: true })
    } catch {
      // Left for the next.
    }
  }
  return mkdtempSync(join(dataDir, 'run-'))
}

function hasEnded(program: Program): Promise<never> {
  return program.ended.catch(() => {
    throw new Error(`the gateway of the sandbox ended: see ${program.logFile}`)
  })
}

async function untilHealthy(gateway: URL): Promise<void> {
  const deadline = performance.now() + READY_MS
  while (performance.now() < deadline) {
    const options = { validateStatus: () => true, timeout: 5_000, proxy: false as const }
    const response = await axios.get(`${gateway}health/ready`, options).catch(() => undefined)
    if (response?.status === 200) return
    await sleep(100)
  }
  throw new Error('the gateway of the sandbox is not ready in time')
}

/** Where the gateway reaches a party. */
export interface Reach {
  webhook?: string
  baseUrl?: string
  tokenUrl?: string
}

/**
 * Registers a party as an operator would. A key of the partner's own stands beside one of the sandbox, with which
 * it signs the protocol in the partner's name.
 * @returns the secret of its webhook, where one was given
 */
export async function register(
  { programs }: Stage,
  member: Member,
  reach: Reach,
  jwks?: SandboxOptions['jwks'],
): Promise<string | undefined> {
  const { id, kind, name, kbo, isPartner } = member
  const { json, code } = await programs.run([
    ...['party', 'add', '--id', id, '--kind', kind, '--name', name, '--kbo', kbo],
    ...['--jwks', await keySetFile(member, jwks), '--retries', RETRIES],
    ...(reach.webhook ? ['--webhook', reach.webhook] : []),
    ...(reach.baseUrl && reach.tokenUrl
      ? ['--base-url', reach.baseUrl, '--token-url', reach.tokenUrl]
      : []),
  ])
  if (code === 0) return json['webhookSecret'] as string | undefined
  const who = isPartner ? 'your party' : id
  throw new Error(`${who} is not registered: ${String(json['reason'] ?? JSON.stringify(json))}`)
}

async function keySetFile(member: Member, jwks: SandboxOptions['jwks']): Promise<string> {
  const { jwksFile, publicKey } = await keysOf(member, jwks)
  if (!member.isPartner || !jwks) return jwksFile
  const file = join(member.folder, 'registered.json')
  writeWhole(file, { keys: [...jwks.keys, publicKey] })
  return file
}

/** The keys that the sandbox has of a party: beside those of a partner who keeps its own, some to sign with. */
export function keysOf(
  { folder, isPartner }: Member,
  jwks: SandboxOptions['jwks'],
): Promise<PeerKeys> {
  return loadPeerKeys(isPartner && jwks ? join(folder, 'sandbox-signs') : folder)
}

/** Has all parties sign, and waits until the gateway has noticed. */
export async function putInForce(stage: Stage, jwks: SandboxOptions['jwks']): Promise<void> {
  await Promise.all(stage.members.map(member => signAll(stage, member, jwks)))
  await untilState(stage, new Set([...stage.signs.values()].flat()), 'active')
}

async function untilState(stage: Stage, ids: ReadonlySet<string>, state: string): Promise<void> {
  const deadline = performance.now() + READY_MS
  while (performance.now() < deadline) {
    const { data } = await axios.get<{ items: { protocolId: string; state: string }[] }>(
      `${stage.gateway}v1/protocols`,
      { proxy: false },
    )
    const fitting = data.items.filter(one => ids.has(one.protocolId) && one.state === state)
    if (fitting.length === ids.size) return
    await sleep(100)
  }
  throw new Error(`the protocol did not become ${state} in time`)
}

async function signAll(
  { programs, signs }: Stage,
  member: Member,
  jwks: SandboxOptions['jwks'],
): Promise<void> {
  const { keysFile } = await keysOf(member, jwks)
  const ids = signs.get(member.id) ?? []
  const args = ['protocol', 'sign', ...ids, '--party', member.id, '--key', keysFile]
  const { code, json } = await programs.run(args)
  if (code !== 0) throw new Error(`${member.id} cannot sign: ${JSON.stringify(json)}`)
}

/** Suspends the exchange of all companies here, or lets it go on; done once the gateway has noticed. */
export async function setStanding(stage: Stage, standing: 'suspended' | 'in-force'): Promise<void> {
  const companies = stage.members.filter(({ kind }) => kind === 'housing-company')
  const ids = companies.map(({ id }) => accessionId(id))
  const change = standing === 'suspended' ? 'suspend' : 'resume'
  for (const id of ids) {
    const args = ['protocol', change, id, '--reason', 'sandbox scenario']
    const { code, json } = await stage.programs.run(args)
    if (code !== 0) throw new Error(String(json['reason'] ?? 'the protocol cannot be changed'))
  }
  await untilState(stage, new Set(ids), standing === 'suspended' ? 'suspended' : 'active')
}

/** The verifier key of the audit log, as an operator hands it over. */
export async function readLogKey({ programs }: Stage): Promise<string> {
  const { code, json } = await programs.run(['audit', 'key'])
  if (code !== 0) throw new Error('the key of the audit log cannot be read')
  return String(json['verifierKey'])
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address && typeof address === 'object') return address.port
  throw new Error('there is no free port')
}

/** A text file for the partner, mode 600. */
export function writeText(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 })
}

/** The party of the partner. */
export function partnerOf({ members }: Pick<Stage, 'members'>): Member {
  const partner = members.find(({ isPartner }) => isPartner)
  if (partner) return partner
  throw new Error('there is no partner')
}
