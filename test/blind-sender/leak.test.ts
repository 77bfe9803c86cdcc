import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { sendBlind } from '../../src/client/blind-sender.ts'
import { publishedKey } from '../../src/client/published-key.ts'
import type { Accepted, Tenant } from '../../src/client/types.ts'
import { scanForLeaks } from '../../src/sandbox/leak-scan.ts'
import { writeWhole } from '../../src/sandbox/peer-keys.ts'
import { createPopulation } from '../../src/sandbox/population.ts'
import { startVdab, type Vdab } from '../../src/sandbox/vdab.ts'
import { accedeWithQuota } from '../published-keys/quota.ts'
import { detection, PERIOD } from '../support/detection.ts'
import { type Company, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { testKey } from '../support/statements.ts'
import { mustBeBlind, QUOTA, testStore } from './support.ts'

const SEED = 'blind'
const SIZE = 300
const { tenants: EVERYONE } = createPopulation(SEED, SIZE)
const COMPANY: Company = 'woonboog'
const OWN = EVERYONE.slice(0, 120)
const PEOPLE: Tenant[] = OWN.map(({ insz, tenantRef, tenantGround }) => ({
  ...{ insz, tenantRef, tenantGround },
}))
const FOUND = OWN.filter(({ registered }) => registered).map(({ tenantRef }) => tenantRef)
const { tenants: _, ...MESSAGE } = detection([])

interface World {
  gateway: TestGateway
  vdab: Vdab
  folder: string
  replies: Accepted[]
  /** Of a blind sender: what it sealed with. */
  secrets: Buffer[]
  close(): Promise<void>
}

/** A gateway, a VDAB that keeps to the contract, and one company that sends all its tenants. */
async function world(blind: boolean): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-world-'))
  const gateway = await testGateway({
    framework: document => {
      document.modalities.granularity = 'person'
      if (blind) mustBeBlind(document)
    },
  })
  const { keys, config } = gateway.context
  const logKey = await loadLogVerifierKey(keys, config.logOrigin)
  writeWhole(join(folder, 'keys.json'), testKey('vdab'))
  const place = { gateway: gateway.url, logKey, dataDir: folder }
  const vdab = await startVdab({ ...place, seed: SEED, population: SIZE })
  await gateway.db.pool.query(`UPDATE party SET base_url = $1, token_url = $2 WHERE id = 'vdab'`, [
    vdab.url,
    `${vdab.url}/oauth/token`,
  ])
  // A party is remembered for a moment: the first request must not go to its former address.
  await until('the address is known', async () => {
    return (await gateway.context.parties.find('vdab'))?.baseUrl === vdab.url
  })
  await until('the register is ready', async () => {
    return gateway.context.domains.current('wm-vdab')
  })
  const { replies, secrets } = blind
    ? await sendAllBlind(gateway, logKey)
    : await sendAllPlain(gateway)
  const close = async () => {
    await vdab.close()
    await gateway.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { gateway, vdab, folder, replies, secrets, close }
}

type Sent = Pick<World, 'replies' | 'secrets'>

async function sendAllPlain({ clients }: TestGateway): Promise<Sent> {
  return { replies: [await clients[COMPANY].detect({ ...MESSAGE, tenants: PEOPLE })], secrets: [] }
}

async function sendAllBlind(gateway: TestGateway, logKey: string): Promise<Sent> {
  await accedeWithQuota(gateway, COMPANY, QUOTA)
  const client = gateway.clients[COMPANY]
  const domain = 'wm-vdab/1/1'
  const { items } = await client.domains()
  const keyOf = (name: string) => publishedKey(items.find(it => it.domain === name)!, logKey)
  const own = testStore()
  const people = PEOPLE
  const publishedKeys = { domain: keyOf(domain), subject: keyOf('subject') }
  const options = { client, domain, publishedKeys, people, store: own.store, message: MESSAGE }
  const replies = await sendBlind<Tenant>({ ...options, messageSize: 50 })
  const secrets = PEOPLE.map(({ insz }) => own.store.findByNumber(domain, insz)!.secret)
  own.close()
  return { replies, secrets }
}

/** Every row of every table, binary columns in hexadecimal. */
async function rowsOf({ db }: TestGateway): Promise<string> {
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  )
  const texts = rows.map(async ({ name }) => {
    const { rows: lines } = await db.pool.query<{ line: string }>(
      `SELECT t::text AS line FROM ${name} t`,
    )
    return lines.map(({ line }) => line).join('\n')
  })
  return (await Promise.all(texts)).join('\n')
}

/** Who was found, by the company's own references, once everything is answered. */
async function foundIn({ gateway, replies }: World): Promise<string[]> {
  const client = gateway.clients[COMPANY]
  await client.closePeriod('wm-vdab', PERIOD)
  const results = () =>
    gateway.hooks[COMPANY].received.flatMap(({ body }) => {
      if (body['type'] !== 'be.huisbrug.detection.answered') return []
      return (body['data'] as { results: { tenantRef: string; result: string }[] }).results
    })
  await until('all are answered', () => results().length === PEOPLE.length, 40)
  expect(replies.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(PEOPLE.length)
  return results()
    .filter(({ result }) => result === 'found')
    .map(({ tenantRef }) => tenantRef)
}

describe('two worlds, the same people', () => {
  let plain: World
  let blind: World

  beforeAll(async () => {
    plain = await world(false)
    blind = await world(true)
  })
  afterAll(async () => {
    await plain?.close()
    await blind?.close()
  })

  test('VDAB finds the same people, whoever made the pseudonyms', async () => {
    expect(FOUND.length).toBeGreaterThan(10)
    const ofBlind = await foundIn(blind)
    expect(ofBlind.toSorted()).toEqual(FOUND.toSorted())
    expect((await foundIn(plain)).toSorted()).toEqual(ofBlind.toSorted())
  })

  test('no national number of the sender is anywhere, and no secret either', async () => {
    const { gateway, folder, replies } = blind
    const outputs = join(folder, 'outputs.txt')
    const seen = [
      ...gateway.logged,
      ...gateway.hooks[COMPANY].received.map(({ raw }) => raw),
      ...replies.map(reply => JSON.stringify(reply)),
    ]
    writeFileSync(outputs, seen.join('\n'))
    const places = { databaseUrl: gateway.db.url, files: [folder] }
    const numbers = EVERYONE.map(({ insz }) => insz)
    const report = await scanForLeaks(numbers, places)
    expect(report).toMatchObject({ leaked: 0, leaks: [] })
    expect(report.scanned.rows).toBeGreaterThan(PEOPLE.length)
    expect(report.scanned.files).toBeGreaterThan(1)
    const all = `${await rowsOf(gateway)} ${seen.join(' ')}`
    expect(all).toContain('detection.request')
    expect(blind.secrets).toHaveLength(PEOPLE.length)
    for (const secret of blind.secrets) {
      for (const form of ['hex', 'base64', 'base64url'] as const) {
        expect(all.includes(secret.toString(form).replace(/=+$/, ''))).toBe(false)
      }
    }
    // Planted, one is found: in what the peers received, and in the database.
    writeFileSync(outputs, `x ${numbers[3]} y`)
    await gateway.db.pool.query('CREATE TABLE planted AS SELECT $1::bytea AS bytes', [
      Buffer.from(String(numbers[4])),
    ])
    expect((await scanForLeaks(numbers, places)).leaked).toBe(2)
  })
})
