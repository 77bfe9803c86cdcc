import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenedRow, openRows, prepareRegister, RegisterStore } from '../../src/client/blind.ts'
import { type TestGateway, until } from './gateway.ts'
import type { Received } from './peer.ts'

/** A register at VDAB that matches blindly, for tests that need true answers. */
export interface TestRegister {
  domain: string
  open(forwarded: Received): Promise<OpenedRow[]>
  close(): void
}

/** Prepares a register by blind evaluation and reports ready, so that detections are accepted. */
export async function prepareTestRegister(
  gateway: TestGateway,
  numbers: string[],
  protocol = 'wm-vdab',
  epoch?: string,
): Promise<TestRegister> {
  const { vdab } = gateway.clients
  const domain = await until('a domain opens', async () => {
    const { items } = await vdab.domains()
    return items.find(it => (epoch ? it.domain === epoch : it.domain.startsWith(`${protocol}/`)))
  })
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-register-'))
  const store = new RegisterStore(folder)
  await prepareRegister({
    domain: domain.domain,
    publicKey: Buffer.from(domain.publicKey, 'base64url'),
    numbers,
    store,
    evaluate: async (name, blinded) => {
      const reply = await vdab.evaluate({
        domain: name,
        blinded: blinded.map(element => Buffer.from(element).toString('base64url')),
      })
      return {
        evaluated: reply.evaluated.map(element => Buffer.from(element, 'base64url')),
        proof: Buffer.from(reply.proof, 'base64url'),
        publicKey: Buffer.from(reply.publicKey, 'base64url'),
      }
    },
  })
  await vdab.domainReady(domain.domain)
  return {
    domain: domain.domain,
    open: forwarded => {
      const { period, messageId, rows } = forwarded.body as unknown as Parameters<
        typeof openRows
      >[1]
      return openRows(store, { domain: domain.domain, period, messageId, rows })
    },
    close: () => {
      store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
