import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { importJWK, SignJWT } from 'jose'
import { generateKeyPair } from '../../src/client/index.ts'
import { openPool } from '../../src/db/pool.ts'
import type { Options } from '../part.ts'
import { prepareLoad } from '../system/drive.ts'
import type { LoadReport } from '../system/load-plan.ts'
import { startNode } from '../system/program.ts'
import type { BarePlan } from './bare-plan.ts'
import { type Cost, differenceOf, type Ground, type Sending } from './scene.ts'

const FILE = fileURLToPath(new URL('./bare.ts', import.meta.url))
const PATH = '/v1/detections'
const ISSUER = 'http://127.0.0.1'
const SCOPE = 'detections:write periods:close feedback:progress tenancies:end messages:write'

/** The bare server in a process of its own, with a database of its own in the same PostgreSQL. */
export interface BareServer {
  /** The same load as the product gets, by the same generator. */
  send(load: Sending): Promise<{ report: LoadReport; cost: Cost }>
}

/**
 * Starts the bare server.
 * @param rowBytes as many as the product writes for one message
 */
export async function openBareServer(
  options: Pick<Options, 'atEnd'>,
  { database, system }: Ground,
  rowBytes: number,
): Promise<BareServer> {
  const databaseUrl = await database.create('bare')
  await createTable(databaseUrl)
  const { privateKey: tokenKey } = await generateKeyPair()
  const server = startNode({ file: FILE })
  options.atEnd(() => server.stop())
  const listening = once(server.child, 'message')
  const plan: BarePlan = { databaseUrl, rowBytes, issuer: ISSUER, tokenKey }
  server.child.send(plan)
  const [{ port }] = (await listening) as [{ port: number }]
  const url = `http://127.0.0.1:${port}`
  let firstPerson = 0
  const send = async ({ requests, tenants, ...rest }: Sending) => {
    const senders = await Promise.all(
      system.companies.map(async party => ({ party, token: await signToken(tokenKey, party) })),
    )
    const batch = { senders, requests, tenants, firstPerson }
    firstPerson += requests * tenants
    const load = await prepareLoad({ url, path: PATH, batch, ...rest })
    const read = () => ({ 'bare server': server.seconds(), postgres: database.seconds() })
    const before = read()
    const report = await load.run()
    return { report, cost: { ...differenceOf(before, read()), generator: report.seconds } }
  }
  return { send }
}

// PLAIN: the bytes are written as they are, neither compressed nor in a table beside.
async function createTable(url: string): Promise<void> {
  const pool = openPool(url, { max: 1 })
  await pool.query('CREATE TABLE bare (id text PRIMARY KEY, row bytea STORAGE PLAIN)')
  await pool.end()
}

/** A token with what the gateway's has. */
async function signToken(key: BarePlan['tokenKey'], party: string): Promise<string> {
  return new SignJWT({ client_id: party, scope: SCOPE, jti: randomUUID() })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: key.kid ?? '' })
    .setIssuer(ISSUER)
    .setAudience(ISSUER)
    .setSubject(party)
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(await importJWK(key, 'EdDSA'))
}
