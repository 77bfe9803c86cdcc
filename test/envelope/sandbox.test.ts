import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { checkDestinations } from '../../src/health.ts'
import { type BackOffice, startBackOffice } from '../../src/sandbox/back-office.ts'
import { loadPeerKeys } from '../../src/sandbox/peer-keys.ts'
import { startVdab, type Vdab } from '../../src/sandbox/vdab.ts'
import { type PartyId, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { testKey } from '../support/statements.ts'
import { envelope, hurry } from './support.ts'

// Small, and yet with someone who is hard to reach.
const PEOPLE = { seed: 'c', population: 60 }

let gateway: TestGateway
let folder: string
let vdab: Vdab
let office: BackOffice

beforeAll(async () => {
  gateway = await testGateway({ framework: envelope(), webhooks: false })
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-envelope-'))
  const { keys, config } = gateway.context
  const logKey = await loadLogVerifierKey(keys, config.logOrigin)
  const common = { gateway: gateway.url, ...PEOPLE, retry: { firstPauseMs: 50 } }
  ownKeys('vdab', join(folder, 'vdab'))
  ownKeys('woonboog', join(folder, 'office', 'woonboog'))
  vdab = await startVdab({ ...common, logKey, dataDir: join(folder, 'vdab') })
  const companies = ['woonboog']
  office = await startBackOffice({ ...common, companies, dataDir: join(folder, 'office') })
  await gateway.db.pool.query('UPDATE party SET base_url = $1, token_url = $2 WHERE id = $3', [
    vdab.url,
    `${vdab.url}/oauth/token`,
    'vdab',
  ])
})
afterAll(async () => {
  await Promise.all([office.close(), vdab.close()])
  await gateway.close()
  rmSync(folder, { recursive: true })
})

/** Gives a sandbox peer the signing key that the test gateway knows it by. */
function ownKeys(party: PartyId, own: string): void {
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'keys.json'), JSON.stringify(testKey(party)))
}

async function registerKeys(party: PartyId, own: string): Promise<void> {
  const { jwksFile } = await loadPeerKeys(own)
  const set = JSON.parse(readFileSync(jwksFile, 'utf8'))
  await gateway.context.parties.rotate(party, { set }, 0)
}

test('the main job goes in envelopes both ways, once both have a key for them', async () => {
  await until('VDAB is ready', () => vdab.status().ready.length > 0, 30)
  await office.send()
  const destinations = () => checkDestinations(gateway.context)
  await until('it waits', async () => (await destinations()).detail.includes('vdab'), 30)
  expect(vdab.status().requests).toBe(0)
  await registerKeys('vdab', join(folder, 'vdab'))
  await hurry(gateway)
  await until('VDAB gave feedback', () => vdab.status().feedback > 0, 30)
  await until('feedback waits', async () => (await destinations()).detail.includes('woonboog'))
  const company = () => office.status().companies[0]!
  expect(company().feedback).toBe(0)
  await registerKeys('woonboog', join(folder, 'office', 'woonboog'))
  await hurry(gateway)
  await until('it arrives', () => company().feedback === vdab.status().feedback, 30)
  await until('progress is told', () => company().closed + company().takenUp > 0, 30)
  const isWell = async () => (await destinations()).detail === 'none is paused'
  await until('nothing waits for a key or a pause', isWell, 30)
})
