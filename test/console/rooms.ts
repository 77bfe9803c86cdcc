import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { type ConsoleRole, ConsoleSessions } from '../../src/access/session.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { sequenceOnce } from '../../src/audit/sequencer.ts'
import type { FourEyes } from '../../src/config.ts'
import { createConsole } from '../../src/console/console.ts'
import type { ConsoleDeps } from '../../src/console/deps.ts'
import { Reading } from '../../src/db/reading.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import type { LoadedProtocol } from '../../src/protocol/document.ts'
import type { ProtocolSet } from '../../src/protocol/load.ts'
import { DomainStore } from '../../src/pseudonym/domains.ts'
import { LocalEvaluator } from '../../src/pseudonym/evaluator.ts'
import { PseudonymPool } from '../../src/pseudonym/pool.ts'
import { sampleSet } from '../protocol/sample.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { NOW } from './seed.ts'

const LOG_ORIGIN = 'huisbrug.example/log'

/** The console on a port of its own, with a database of its own and a clock that stands still. */
export interface Rooms {
  database: TestDatabase
  deps: ConsoleDeps
  /** http://127.0.0.1:<port>/console */
  url: string
  /** What was logged as an error. */
  logged: unknown[]
  /** Gives all recorded entries their place in the log. */
  sequence(): Promise<void>
  link(role?: ConsoleRole): Promise<string>
  /** Asks for a page, signed in or not. */
  get(path: string, cookie?: string): Promise<{ status: number; html: string; headers: Headers }>
  /** Sends a form. */
  post(
    path: string,
    form: Record<string, string>,
    cookie?: string,
  ): Promise<{ status: number; html: string; headers: Headers }>
  /** Signs in without a browser; the cookie header for later requests. */
  signIn(role?: ConsoleRole, party?: string): Promise<{ cookie: string; csrf: string }>
  close(): Promise<void>
}

/** Opens the rooms; `publicUrl` decides how cookies are named. */
export async function openRooms(
  options: { publicUrl?: string; protocols?: ProtocolSet; fourEyes?: FourEyes[] } = {},
): Promise<Rooms> {
  const database = await testDatabase()
  const keys = new KeyStore(database.pool, randomBytes(32))
  const clock = () => NOW
  const sessions = new ConsoleSessions({ pool: database.pool, now: clock })
  const logged: unknown[] = []
  const protocols = options.protocols ?? sampleProtocols()
  const pseudonyms = new PseudonymPool({ threads: 1 })
  const evaluator = new LocalEvaluator({ keys, pseudonyms })
  const deps: ConsoleDeps = {
    evaluator,
    domains: new DomainStore({ pool: database.pool, keys, evaluator, clock }),
    pool: database.pool,
    reading: new Reading(database.pool),
    protocols: { current: () => protocols },
    log: { error: ((...parts: unknown[]) => logged.push(parts)) as never },
    config: {
      publicUrl: options.publicUrl ?? 'http://127.0.0.1',
      fourEyes: new Set(options.fourEyes),
    },
    clock,
    verifierKey: () => loadLogVerifierKey(keys, LOG_ORIGIN),
    sessions,
  }
  const server = await listen(deps)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/console`
  const sequencing = { pool: database.pool, keys, config: { logOrigin: LOG_ORIGIN }, clock }
  return {
    database,
    deps,
    url,
    logged,
    sequence: async () => {
      await sequenceOnce(sequencing)
    },
    get: (path, cookie) => ask(`${url}${path}`, { headers: cookie ? { cookie } : {} }),
    post: (path, form, cookie) =>
      ask(`${url}${path}`, {
        method: 'POST',
        body: new URLSearchParams(form),
        headers: cookie ? { cookie } : {},
      }),
    link: role => sessions.makeLink(role ?? 'privacy-officer'),
    signIn: async (role, party) => {
      const link = await sessions.makeLink(role ?? 'privacy-officer', party)
      const session = await sessions.openSession(link)
      const name = deps.config.publicUrl.startsWith('https')
        ? '__Host-huisbrug-sessie'
        : 'huisbrug-sessie'
      return { cookie: `${name}=${session.cookie}`, csrf: session.csrf }
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await pseudonyms.close()
      await database.close()
    },
  }
}

async function ask(url: string, options: RequestInit) {
  const response = await fetch(url, { redirect: 'manual', ...options })
  return { status: response.status, html: await response.text(), headers: response.headers }
}

async function listen(deps: ConsoleDeps): Promise<Server> {
  const app = express()
  app.use('/console', createConsole(deps))
  const server = createServer(app)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}

/**
 * The sample protocols in four states: the framework and Woonboog in force, De Noorderkempen
 * suspended, Leefgoed not signed by VDAB, and one document that cannot be read.
 */
export function sampleProtocols(): ProtocolSet {
  const set = sampleSet(NOW)
  const protocols = new Map(set.protocols)
  change(protocols, 'wm-vdab-de-noorderkempen', protocol => ({
    ...protocol,
    record: {
      ...protocol.record,
      suspensions: [
        { from: '2026-03-01T00:00:00.000Z', until: null, by: 'vdab', reason: 'Onderzoek' },
      ] as never,
    },
  }))
  change(protocols, 'wm-vdab-leefgoed', protocol => ({
    ...protocol,
    record: {
      ...protocol.record,
      signatures: protocol.record.signatures.filter(({ party }) => party !== 'vdab'),
    },
    presented: protocol.presented.filter(({ party }) => party !== 'vdab'),
    statements: protocol.statements.filter(({ party }) => party !== 'vdab'),
  }))
  const finding = {
    severity: 'refused' as const,
    protocol: 'kapot',
    folder: 'kapot',
    code: 'not-json',
    path: '<b>protocol.json</b>',
    text: '<b>protocol.json</b> is not JSON',
    source: 'schemas/protocol.json',
  }
  return {
    protocols,
    versions: set.versions,
    broken: new Map([['kapot', [finding]]]),
    findings: [finding],
  }
}

function change(
  protocols: Map<string, LoadedProtocol>,
  id: string,
  alter: (protocol: LoadedProtocol) => LoadedProtocol,
): void {
  const protocol = protocols.get(id)
  if (!protocol) throw new Error(`no sample ${id}`)
  protocols.set(id, alter(protocol))
}
