import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type ConsoleSession, ConsoleSessions } from '../../src/access/session.ts'
import { toJwks } from '../../src/client/index.ts'
import { readConfig } from '../../src/config.ts'
import type { Pool } from '../../src/db/pool.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import { createLogger } from '../../src/log.ts'
import type { Accession, Protocol } from '../../src/protocol/document.ts'
import { sampleAccession, sampleFramework, signed } from '../../test/protocol/sample.ts'
import { testKey } from '../../test/support/statements.ts'
import { COMPANIES } from '../audit-query/fill.ts'

/** Who asks for pages: the privacy officer of all, or of one party. */
export const PEOPLE = {
  all: undefined,
  'a company': 'company-1',
  vdab: 'vdab',
} as const
export type Who = keyof typeof PEOPLE

/** A person who is signed in. */
export interface Person {
  session: ConsoleSession
  cookie: string
}

/** A gateway that serves pages out of a database. */
export interface Served {
  gateway: Gateway
  people: Record<Who, Person>
}

/** Starts a gateway that serves the console on a filled database, with its protocols, and signs people in. */
export async function serveSystem(url: string, folder: string, pool: Pool): Promise<Served> {
  const protocols = join(folder, 'protocols')
  writeProtocols(protocols)
  const port = await freePort()
  await registerKeys(pool)
  const config = readConfig({
    HUISBRUG_PORT: String(port),
    HUISBRUG_PUBLIC_URL: `http://127.0.0.1:${port}`,
    HUISBRUG_DATA_DIR: folder,
    HUISBRUG_DATABASE_URL: url,
    HUISBRUG_PROTOCOLS_DIR: protocols,
    HUISBRUG_ROLES: 'api,console',
    HUISBRUG_LOG_LEVEL: 'error',
    // That a page was read waits here for a sequencer that is not there.
    HUISBRUG_EVIDENCE_MINUTES: '1440',
  })
  const gateway = await startGateway(config, createLogger('error'))
  const sessions = new ConsoleSessions({ pool: gateway.context.pool })
  const people: Partial<Served['people']> = {}
  for (const who of Object.keys(PEOPLE) as Who[]) people[who] = await signIn(sessions, PEOPLE[who])
  return { gateway, people: people as Served['people'] }
}

async function signIn(sessions: ConsoleSessions, party: string | undefined): Promise<Person> {
  const link = await sessions.makeLink('privacy-officer', party)
  const { cookie, ...session } = await sessions.openSession(link)
  return { session, cookie: `huisbrug-sessie=${cookie}` }
}

// The signatures of the documents count by the keys of their parties.
async function registerKeys(pool: Pool): Promise<void> {
  const ids = ['vdab', ...companies()]
  const sets = ids.map(id => JSON.stringify(toJwks(testKey(id))))
  await pool.query(
    `UPDATE party p SET jwks = k.jwks::jsonb FROM unnest($1::text[], $2::text[]) AS k (id, jwks) WHERE p.id = k.id`,
    [ids, sets],
  )
}

function companies(): string[] {
  return Array.from({ length: COMPANIES }, (_, i) => `company-${i}`)
}

/** The framework, and an accession of each company to it. */
function writeProtocols(folder: string): void {
  const accession = JSON.stringify(sampleAccession())
  const of = (id: string) =>
    JSON.parse(accession.replaceAll('woonboog', id).replaceAll('Woonboog', id)) as Accession
  for (const document of [sampleFramework(), ...companies().map(of)]) write(folder, document)
}

function write(folder: string, document: Protocol): void {
  const own = join(folder, document.protocolId)
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'protocol.json'), JSON.stringify(document))
  writeFileSync(join(own, 'signatures.json'), JSON.stringify(signed(document)))
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return address && typeof address === 'object' ? address.port : 0
}
