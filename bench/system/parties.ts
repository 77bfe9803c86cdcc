import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { ASSERTION_TYPE, signAssertion } from '../../src/client/assertion.ts'
import { createClient, type HuisbrugClient, toJwks } from '../../src/client/index.ts'
import { readConfig } from '../../src/config.ts'
import type { Context } from '../../src/context.ts'
import { startGateway } from '../../src/gateway.ts'
import { createLogger } from '../../src/log.ts'
import {
  type Accession,
  type Agreement,
  digestOf,
  type Protocol,
} from '../../src/protocol/document.ts'
import { sampleAccession, sampleFramework, signed } from '../../test/protocol/sample.ts'
import { testKey } from '../../test/support/statements.ts'

export const VDAB = 'vdab'
export const PROTOCOL = 'wm-vdab'
const KBO = { vdab: '0999000129', company: '0999000327' }
const NO_CEILING = 1_000_000_000

export interface SystemOptions {
  /** A database that is empty: it is migrated. */
  databaseUrl: string
  folder: string
  /** Housing companies: `company-0` and on. */
  companies: number
  /** Where VDAB is reached: its base and its token URL; absent: nowhere. */
  vdab?: { baseUrl: string; tokenUrl: string }
  /** Where events of a company go; absent: they wait in its inbox. */
  webhook?: (company: string) => string
  /** VDAB prepares a register and reports it ready itself; requests wait for that. */
  ownRegister?: boolean
  /** Puts there what was before, once the parties are known; the log begins with it. */
  fill?: (context: Context) => Promise<void>
  /** Changes the framework document before it is signed; its ceilings are out of the way already. */
  framework?: (document: Agreement) => void
}

/** Parties and a protocol in force. */
export interface System {
  companies: string[]
  /** Settings that each program of this gateway needs; see program.ts. */
  settings: Record<string, string>
  /** Name of the domain that pseudonyms are made in. */
  domain: string
  /** Secrets of the webhooks that were given, by company (`whsec_…`). */
  webhookSecrets: Record<string, string>
}

/**
 * Makes an empty database one of a gateway with N housing companies and VDAB, each with a key of its own,
 * and the sample protocol in force, signed by all. Nobody is connected to it afterwards, so it can be
 * copied (see database.ts).
 */
export async function prepareSystem(options: SystemOptions): Promise<System> {
  const { databaseUrl, folder } = options
  const companies = Array.from({ length: options.companies }, (_, i) => `company-${i}`)
  const protocols = join(folder, 'protocols')
  writeProtocols(protocols, companies, options.framework)
  const settings = {
    HUISBRUG_PROTOCOLS_DIR: protocols,
    HUISBRUG_MASTER_KEY: randomBytes(32).toString('base64url'),
  }
  const config = readConfig({
    ...settings,
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    HUISBRUG_DATA_DIR: join(folder, 'prepared'),
    HUISBRUG_DATABASE_URL: databaseUrl,
    // No sequencer: a log that is filled comes before the evidence of this start.
    HUISBRUG_ROLES: 'api',
    HUISBRUG_PORT: '0',
    HUISBRUG_LOG_LEVEL: 'error',
  })
  const { context, close } = await startGateway(config, createLogger('error'))
  try {
    const webhookSecrets = await joinParties(context, companies, options)
    await putInForce(context, [PROTOCOL, ...companies.map(accessionOf)])
    // As the program does once a protocol comes into force; it may be doing so this moment.
    const { name } = await context.domains.ensureFirstDomain(PROTOCOL, 1)
    if (!options.ownRegister) await context.domains.markReady(name, { party: VDAB, at: new Date() })
    await options.fill?.(context)
    return { companies, settings, domain: name, webhookSecrets }
  } finally {
    await close()
  }
}

/** A kit for a party, which gets its tokens by itself. */
export function clientOf(gateway: string, party: string): HuisbrugClient {
  const { privateKey } = testKey(party)
  return createClient({ gateway, partyId: party, privateKey, retry: { attempts: 1 } })
}

/** An access token of a party: for load that is prepared beforehand; good for ten minutes. */
export async function tokenOf(gateway: string, party: string): Promise<string> {
  const tokenUrl = `${gateway}/oauth/token`
  const { privateKey } = testKey(party) as { privateKey: JWK }
  const reply = await fetch(tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: party,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await signAssertion({ clientId: party, privateKey, audience: tokenUrl }),
    }),
  })
  const { access_token: token } = (await reply.json()) as { access_token?: string }
  if (token === undefined) throw new Error(`${party} got no token: ${reply.status}`)
  return token
}

const accessionOf = (company: string) => `${PROTOCOL}-${company}`

function writeProtocols(
  folder: string,
  companies: readonly string[],
  amend: SystemOptions['framework'],
): void {
  const framework = sampleFramework()
  const { ceilings } = framework.periodicity
  Object.assign(ceilings, { perDay: NO_CEILING, perEpoch: NO_CEILING })
  amend?.(framework)
  const sample = JSON.stringify({ ...sampleAccession(), frameworkDigest: digestOf(framework) })
  const accession = (id: string) =>
    JSON.parse(sample.replaceAll('woonboog', id).replaceAll('Woonboog', id)) as Accession
  for (const document of [framework, ...companies.map(accession)]) write(folder, document)
}

function write(folder: string, document: Protocol): void {
  const own = join(folder, document.protocolId)
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'protocol.json'), JSON.stringify(document))
  writeFileSync(join(own, 'signatures.json'), JSON.stringify(signed(document)))
}

async function joinParties(
  { parties }: Context,
  companies: readonly string[],
  { vdab, webhook }: SystemOptions,
): Promise<Record<string, string>> {
  const jwks = (id: string) => ({ set: toJwks(testKey(id)) })
  const kind = 'employment-service'
  await parties.add({ id: VDAB, kind, name: VDAB, kbo: KBO.vdab, jwks: jwks(VDAB), ...vdab })
  const secrets: Record<string, string> = {}
  for (const id of companies) {
    const { webhookSecret } = await parties.add({
      ...{ id, kind: 'housing-company', name: id, kbo: KBO.company, jwks: jwks(id) },
      ...(webhook && { webhook: webhook(id) }),
    })
    if (webhookSecret) secrets[id] = webhookSecret
  }
  return secrets
}

// Signatures count once the parties that made them are registered.
async function putInForce({ protocols }: Context, ids: readonly string[]): Promise<void> {
  await protocols.reload()
  const standings = protocols.standings()
  const wrong = ids.filter(id => standings.get(id)?.status !== 'in-force')
  if (wrong.length > 0)
    throw new Error(`not in force: ${wrong.map(id => `${id} ${standings.get(id)?.status}`).join()}`)
}
