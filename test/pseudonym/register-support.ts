import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EvaluationReply, PrepareOptions } from '../../src/client/blind.ts'
import { RegisterStore } from '../../src/client/blind.ts'
import { evaluateBatch, generateKeyPair, type KeyPair } from '../../src/pseudonym/voprf.ts'
import { TODAY } from './support.ts'

export const DOMAIN = 'wm-vdab/1/1'

/** A gateway with real cryptography that remembers what it was asked. */
export class FakeGateway {
  readonly key: KeyPair = generateKeyPair()
  readonly asked: Uint8Array[][] = []
  /** Changes the answer on its way, as an attacker would. */
  tamper: (reply: EvaluationReply) => EvaluationReply = reply => reply

  evaluate = async (_domain: string, blinded: Uint8Array[]): Promise<EvaluationReply> => {
    this.asked.push(blinded)
    const batch = evaluateBatch(this.key, blinded)
    return this.tamper({ ...batch, publicKey: this.key.publicKey })
  }

  get count(): number {
    return this.asked.reduce((sum, blinded) => sum + blinded.length, 0)
  }
}

const folders: string[] = []
const stores: RegisterStore[] = []

/** A new, empty folder; `cleanUp` removes it. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-register-'))
  folders.push(folder)
  return folder
}

export function openStore(folder = newFolder()): RegisterStore {
  const store = new RegisterStore(folder)
  stores.push(store)
  return store
}

/** For afterEach. */
export function cleanUp(): void {
  for (const store of stores.splice(0)) store.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

export function optionsFor(
  gateway: FakeGateway,
  store: RegisterStore,
  numbers: PrepareOptions['numbers'],
): PrepareOptions {
  const { evaluate, key } = gateway
  return { evaluate, publicKey: key.publicKey, domain: DOMAIN, numbers, store, today: TODAY }
}
