import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PartyStore } from '../../src/access/party.ts'
import { createClient, type HuisbrugClient, toJwks } from '../../src/client/index.ts'
import { readConfig } from '../../src/config.ts'
import { createLogger } from '../../src/log.ts'
import { openStore, type Store } from '../../src/parts.ts'
import { draws } from '../../src/sandbox/draw.ts'
import { amendFramework } from '../support/gateway.ts'
import { signFolders, testKey } from '../support/statements.ts'
import { Books, COMPANIES, type Company, INBOX_ONLY } from './books.ts'
import { type CompanyParts, webhookOf } from './companies.ts'
import type { Done } from './faults.ts'
import { type BreakPeer, openPeer } from './peers.ts'
import { type EngineKind, type System, startSystem } from './system.ts'
import { openVdab } from './vdab.ts'

export interface Options {
  minutes: number
  seed: string
  engine: EngineKind
  json: boolean
  keep: boolean
}

/** Everything of one run. */
export interface Run {
  options: Options
  folder: string
  system: System
  store: Store
  books: Books
  peers: BreakPeer[]
  clients: Record<Company | 'vdab', HuisbrugClient>
  companies: CompanyParts[]
  persons: number
  /** Instants at which the audit log had grown. */
  sequenced: number[]
  done: Done[]
  problems: Set<string>
  signal: AbortSignal
}

const KBO = {
  vdab: '0999000129',
  'de-noorderkempen': '0999000228',
  woonboog: '0999000327',
  leefgoed: '0999000426',
}
// Tried often and soon, so that a short outage costs little time: as an operator sets it for a party.
const RETRIES = { firstSeconds: 1, tries: 100, hours: 0.25 }
const PERSONS_A_MINUTE = 700

/** Numbers in [0, 1) that the seed fixes. */
export function randomOf(seed: string, label: string): () => number {
  let index = 0
  return () => draws(seed, label, index++)[0] ?? 0
}

/** Starts the system with four parties, their protocol in force and VDAB's client file prepared. */
export async function setUp(options: Options, signal: AbortSignal): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-break-'))
  writeProtocols(join(folder, 'protocols'))
  const system = await startSystem(folder, options.engine)
  try {
    await system.allReady()
    const store = await openStore(readConfig(system.settings), createLogger('error'))
    const books = new Books(randomOf(options.seed, 'repeats'))
    const persons = Math.ceil(options.minutes * PERSONS_A_MINUTE) + 200
    const common = { options, folder, system, store, books, persons, signal }
    const own = { sequenced: [], done: [], problems: books.problems }
    return { ...common, ...own, ...(await openParties(common)) }
  } catch (error) {
    await system.close()
    throw error
  }
}

function writeProtocols(dir: string): void {
  for (const name of ['wm-vdab', ...COMPANIES.map(company => `wm-vdab-${company}`)]) {
    cpSync(new URL(`../../protocols/${name}/`, import.meta.url), join(dir, name), {
      recursive: true,
    })
  }
  signFolders(dir)
  amendFramework(dir, document => {
    Object.assign(document.periodicity.ceilings ?? {}, { perDay: 1_000_000, perEpoch: 9_000_000 })
  })
}

type Opening = Pick<Run, 'options' | 'folder' | 'system' | 'store' | 'books' | 'persons' | 'signal'>

async function openParties(run: Opening) {
  const { options, system, store, books, persons, signal, folder } = run
  const takers = new Map<string, Parameters<typeof openPeer>[1]>()
  const names = ['vdab', ...COMPANIES] as const
  const random = randomOf(options.seed, 'peers')
  const peers = await Promise.all(
    names.map(name => openPeer(name, async (...call) => takeWith(takers.get(name), call), random)),
  )
  const clients = {} as Run['clients']
  for (const name of names) clients[name] = clientOf(system.url, name, signal)
  let next = 0
  const nextPersons = (count: number) =>
    Array.from({ length: Math.min(count, persons - next) }, () => next++)
  const companies: CompanyParts[] = COMPANIES.map(company => {
    const random = randomOf(options.seed, company)
    return { company, client: clients[company], books, random, signal, nextPersons }
  })
  const secrets = await register(store, peers)
  const vdab = await openVdab({
    client: clients.vdab,
    books,
    folder: join(folder, 'register'),
    persons,
    signal,
  })
  takers.set('vdab', vdab.take)
  for (const parts of companies) {
    const secret = secrets.get(parts.company)
    if (secret) takers.set(parts.company, webhookOf(parts, secret))
  }
  return { peers, clients, companies }
}

async function takeWith(
  take: Parameters<typeof openPeer>[1] | undefined,
  call: Parameters<Parameters<typeof openPeer>[1]>,
) {
  return take ? take(...call) : { status: 503, isNew: false }
}

function clientOf(gateway: string, partyId: string, signal: AbortSignal): HuisbrugClient {
  const pause = (ms: number) => sleep(ms, undefined, { signal })
  const retry = { attempts: 10_000, longestPauseMs: 2_000, sleep: pause }
  const { privateKey } = testKey(partyId)
  return createClient({ gateway, partyId, privateKey, timeoutMs: 8_000, retry })
}

/** @returns the webhook secrets */
async function register(
  { pool, keys, log }: Store,
  peers: BreakPeer[],
): Promise<Map<string, string>> {
  const fetchJwks = () => Promise.reject(new Error('no key set is fetched'))
  const parties = new PartyStore({ pool, keys, log, fetchJwks, allowLoopback: true })
  const secrets = new Map<string, string>()
  for (const { name, url } of peers) {
    const id = name as keyof typeof KBO
    const calls = { baseUrl: `${url}/api`, tokenUrl: `${url}/oauth/token` }
    const { webhookSecret } = await parties.add({
      ...{ id, name: id, kbo: KBO[id], jwks: { set: toJwks(testKey(id)) }, retries: RETRIES },
      kind: id === 'vdab' ? 'employment-service' : 'housing-company',
      ...(id === 'vdab' ? calls : id === INBOX_ONLY ? {} : { webhook: `${url}/webhook` }),
    })
    if (webhookSecret) secrets.set(id, webhookSecret)
  }
  return secrets
}
