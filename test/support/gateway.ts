import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { RequestHandler } from 'express'
import { createClient, type HuisbrugClient, type KeyPair, toJwks } from '../../src/client/index.ts'
import { readConfig } from '../../src/config.ts'
import type { Context } from '../../src/context.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import { createLogger } from '../../src/log.ts'
import { type Agreement, digestOf, type Signatures } from '../../src/protocol/document.ts'
import { watchContract } from './contract.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { misfitsOf } from './evidence.ts'
import { keepLines, keepSecrets, watchReceived, watchReply, watchRequest } from './kept-log.ts'
import { type Peer, startPeer } from './peer.ts'
import { signFolders, testKey, writeRecord } from './statements.ts'
import { PATIENCE } from './until.ts'

export const COMPANIES = ['de-noorderkempen', 'woonboog', 'leefgoed'] as const
export type Company = (typeof COMPANIES)[number]
export type PartyId = Company | 'vdab'

/** A gateway as in production, on a database of its own, with peers that record. */
export interface TestGateway {
  url: string
  context: Context
  db: TestDatabase
  gateway: Gateway
  /** Where VDAB's endpoints and every company's webhook are. */
  vdab: Peer
  hooks: Record<Company, Peer>
  clients: Record<PartyId, HuisbrugClient>
  keys: Record<PartyId, KeyPair>
  webhookSecrets: Record<Company, string>
  protocolsDir: string
  /** What the process logged, line by line. */
  logged: string[]
  close(): Promise<void>
}

export interface TestGatewayOptions {
  /** Changes the framework document before it is signed for the test. */
  framework?: (document: Agreement) => void
  roles?: string
  queueUrl?: string
  overrides?: Partial<Context>
  /** Further settings. */
  settings?: Record<string, string>
  /** Without webhooks, events wait in the inbox. */
  webhooks?: boolean
}

const KBO = {
  vdab: '0999000129',
  'de-noorderkempen': '0999000228',
  woonboog: '0999000327',
  leefgoed: '0999000426',
}

/** Starts a gateway with the sample protocol in force, four parties and recording peers. */
export async function testGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const db = await testDatabase({ max: 20 })
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-gateway-'))
  const protocolsDir = join(folder, 'protocols')
  cpSync(new URL('../../protocols/', import.meta.url), protocolsDir, { recursive: true })
  signFolders(protocolsDir)
  if (options.framework) amendFramework(protocolsDir, options.framework)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const config = readConfig({
    HUISBRUG_PORT: String(port),
    HUISBRUG_PUBLIC_URL: url,
    HUISBRUG_DATA_DIR: folder,
    HUISBRUG_DATABASE_URL: db.url,
    HUISBRUG_PROTOCOLS_DIR: protocolsDir,
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    HUISBRUG_LOG_LEVEL: 'debug',
    // Tests count entries and hand-overs: those of probes come where a test asks for them.
    HUISBRUG_PROBE_MINUTES: '0',
    ...(options.queueUrl && { HUISBRUG_QUEUE_URL: options.queueUrl }),
    ...(options.roles && { HUISBRUG_ROLES: options.roles }),
    ...options.settings,
  })
  const logged: string[] = []
  const sink = new PassThrough().on('data', chunk => {
    keepLines(chunk)
    logged.push(String(chunk))
  })
  const { handler, violations } = watchContract()
  const watch: RequestHandler = (request, response, next) => {
    watchRequest(request)
    watchReply(response)
    handler(request, response, next)
  }
  const mounts = [{ path: '/', handler: watch }]
  const log = createLogger(config.logLevel, sink)
  const gateway = await startGateway(config, log, { mounts, ...options.overrides })
  const { context } = gateway
  const vdab = await startPeer()
  const hooks = {
    'de-noorderkempen': await startPeer(),
    woonboog: await startPeer(),
    leefgoed: await startPeer(),
  }
  const joined = await joinParties(
    context,
    url,
    vdab,
    options.webhooks === false ? undefined : hooks,
  )
  keepSecrets(Object.values(joined.keys).map(({ privateKey }) => privateKey.d))
  const masterKey = join(folder, 'master.key')
  if (existsSync(masterKey)) keepSecrets([readFileSync(masterKey, 'utf8').trim()])
  await untilInForce(context)
  const close = async () => {
    await gateway.close()
    for (const peer of [vdab, ...Object.values(hooks)]) watchReceived(peer.received)
    await Promise.all([vdab, ...Object.values(hooks)].map(peer => peer.close()))
    const misfits = await misfitsOf(db.pool)
    await db.close()
    rmSync(folder, { recursive: true, force: true })
    expect(violations).toEqual([])
    expect(misfits).toEqual([])
  }
  return { url, context, db, gateway, vdab, hooks, protocolsDir, logged, close, ...joined }
}

/** Signatures count once the parties that made them are registered. */
async function untilInForce(context: Context): Promise<void> {
  const ids = ['wm-vdab', ...COMPANIES.map(company => `wm-vdab-${company}`)]
  const waiting = () =>
    ids.filter(id => context.protocols.standings().get(id)?.status.startsWith('HB-304'))
  await context.protocols.reload()
  if (waiting().length > 0) throw new Error(`not signed: ${waiting().join()}`)
}

async function joinParties(
  context: Context,
  url: string,
  vdab: Peer,
  hooks: Record<Company, Peer> | undefined,
): Promise<Pick<TestGateway, 'clients' | 'keys' | 'webhookSecrets'>> {
  const clients: Partial<Record<PartyId, HuisbrugClient>> = {}
  const keys: Partial<Record<PartyId, KeyPair>> = {}
  const webhookSecrets: Partial<Record<Company, string>> = {}
  for (const id of ['vdab', ...COMPANIES] as const) {
    const pair = testKey(id)
    const addresses =
      id === 'vdab'
        ? { baseUrl: `${vdab.url}/api`, tokenUrl: `${vdab.url}/oauth/token` }
        : hooks && { webhook: `${hooks[id].url}/webhook` }
    const { webhookSecret } = await context.parties.add({
      id,
      kind: id === 'vdab' ? 'employment-service' : 'housing-company',
      name: id,
      kbo: KBO[id],
      jwks: { set: toJwks(pair) },
      ...addresses,
    })
    if (id !== 'vdab' && webhookSecret) webhookSecrets[id] = webhookSecret
    keys[id] = pair
    clients[id] = createClient({
      gateway: url,
      partyId: id,
      privateKey: pair.privateKey,
      retry: { attempts: 1 },
    })
  }
  return { clients, keys, webhookSecrets } as Pick<
    TestGateway,
    'clients' | 'keys' | 'webhookSecrets'
  >
}

/** Changes the framework of a test's own copy and has all sign what it became, as before. */
export function amendFramework(protocolsDir: string, amend: (document: Agreement) => void): void {
  const folder = join(protocolsDir, 'wm-vdab')
  const document = JSON.parse(readFileSync(join(folder, 'protocol.json'), 'utf8'))
  amend(document)
  writeFileSync(join(folder, 'protocol.json'), JSON.stringify(document))
  resign(folder, signatures => signatures)
  for (const company of COMPANIES) joinText(join(protocolsDir, `wm-vdab-${company}`), document)
}

/** Has an accession join the text of a framework as it is now, signed anew. */
export function joinText(folder: string, framework: Agreement): void {
  const file = join(folder, 'protocol.json')
  const document = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...document, frameworkDigest: digestOf(framework) }))
  resign(folder, signatures => signatures)
}

/** Puts the digest of the folder's document in its record and signs it, after a change to either. */
export function resign(folder: string, amend: (record: Signatures) => void): void {
  writeRecord(folder, (record, document) => {
    const digest = digestOf(document)
    for (const statement of [...record.signatures, ...record.publication]) statement.digest = digest
    amend(record)
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Waits until `test` gives something; fails after {@link PATIENCE} times `seconds`. */
export async function until<T>(
  what: string,
  test: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 15,
): Promise<T> {
  const end = Date.now() + seconds * 1000 * PATIENCE
  for (let rest = 10; ; rest = Math.min(rest * 1.5, 120)) {
    const value = await test()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited ${seconds * PATIENCE} s for: ${what}`)
    await new Promise(resolve => setTimeout(resolve, rest))
  }
}
