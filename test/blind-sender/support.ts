import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blindPeople } from '../../src/client/blind-sender.ts'
import type { HuisbrugClient } from '../../src/client/index.ts'
import { RegisterStore } from '../../src/client/register-store.ts'
import type { BlindTenant, Tenant } from '../../src/client/types.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { accedeWithQuota } from '../published-keys/quota.ts'
import { type Company, type TestGateway, testGateway } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'

export const QUOTA = { registerSize: 10_000, dailyAllowance: 100 }

/** A gateway where housing companies may evaluate, with a register at VDAB. */
export interface BlindGateway extends TestGateway {
  register: TestRegister
  domain: string
}

/** @param framework changes the agreement before it is signed */
export async function blindGateway(
  framework: (document: Agreement) => void,
  registered: string[] = [syntheticNumber(99_000)],
): Promise<BlindGateway> {
  const gateway = await testGateway({ framework })
  for (const company of ['woonboog', 'leefgoed'] as const) {
    await accedeWithQuota(gateway, company, QUOTA)
  }
  const register = await prepareTestRegister(gateway, registered)
  const close = async () => {
    register.close()
    await gateway.close()
  }
  return { ...gateway, register, domain: register.domain, close }
}

/** Has all senders make the pseudonyms themselves. */
export function mustBeBlind(document: Agreement): void {
  document.modalities.senderBlind = true
}

/** As protocols are without a word on it: both forms are taken. */
export function mayBeBlind(document: Agreement): void {
  document.modalities.senderBlind = false
}

/** A store of the kit in a folder of its own. */
export interface TestStore {
  store: RegisterStore
  folder: string
  /** Closes it and opens it again, as a new process would. */
  reopen(): RegisterStore
  close(): void
}

export function testStore(): TestStore {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-blind-'))
  const it: TestStore = {
    store: new RegisterStore(folder),
    folder,
    reopen: () => {
      it.store.close()
      it.store = new RegisterStore(folder)
      return it.store
    },
    close: () => {
      it.store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return it
}

/** The keys that the gateway names; that the log publishes them is tested elsewhere. */
export async function keysOf(client: HuisbrugClient, domain: string) {
  const { items } = await client.domains()
  const keyOf = (name: string) => {
    const found = items.find(it => it.domain === name)
    if (!found) throw new Error(`no key of ${name}`)
    return Buffer.from(found.publicKey, 'base64url')
  }
  return { domain: keyOf(domain), subject: keyOf('subject') }
}

/** Tenants as a blind sender's kit makes them. */
export async function blinded(
  gateway: BlindGateway,
  tenants: Iterable<Tenant>,
  {
    company = 'woonboog' as Company,
    domain = gateway.domain,
    store = undefined as TestStore | undefined,
  } = {},
): Promise<BlindTenant[]> {
  const own = store ?? testStore()
  const client = gateway.clients[company]
  const publishedKeys = await keysOf(client, domain)
  const items: BlindTenant[] = []
  const all = { client, domain, publishedKeys, people: tenants, store: own.store }
  for await (const item of blindPeople<Tenant>(all)) items.push(item)
  if (!store) own.close()
  return items
}

/** How many rows each table has that a request writes to. */
export async function stored({ db }: TestGateway): Promise<Record<string, number>> {
  const tables = ['detection_row', 'route', 'period_member', 'participation', 'hand_over']
  const { rows } = await db.pool.query(
    `SELECT ${tables.map(name => `(SELECT count(*)::int FROM ${name}) AS ${name}`).join(', ')}`,
  )
  return rows[0]
}
