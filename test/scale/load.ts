import { setTimeout as sleep } from 'node:timers/promises'
import { type HuisbrugClient, HuisbrugProblem, newNonce } from '../../src/client/index.ts'
import { detection, tenants } from '../support/detection.ts'

const EVERY_MS = 150
const TENANTS = 2

/** Requests that go on all the time. */
export interface Load {
  /** By message id, when it was accepted. */
  accepted: Map<string, number>
  /** What was refused or failed: names and codes. */
  failed: string[]
  /** Milliseconds of each accepted call since this was last emptied. */
  took: number[]
  /** Who sends; changed to change how. */
  client: HuisbrugClient
  open: number
  stop(): Promise<void>
}

/** The next persons, whom nobody sent before. */
export function personCounter(): (count: number) => number {
  let next = 0
  return count => {
    next += count
    return next - count
  }
}

/** Sends a request about every 150 ms, whether or not the one before it was answered. */
export function startLoad(client: HuisbrugClient, take: (count: number) => number): Load {
  let running = true
  const send = async () => {
    const began = performance.now()
    load.open++
    try {
      const request = detection(tenants(take(TENANTS), TENANTS))
      const options = { idempotencyKey: crypto.randomUUID(), nonce: newNonce() }
      const { messageId } = await load.client.detect(request, options)
      load.accepted.set(messageId, Date.now())
      load.took.push(performance.now() - began)
    } catch (error) {
      load.failed.push(nameOf(error))
    } finally {
      load.open--
    }
  }
  const stop = async () => {
    running = false
    while (load.open > 0) await sleep(20)
  }
  const load: Load = { accepted: new Map(), failed: [], took: [], client, open: 0, stop }
  const go = async () => {
    while (running) {
      void send()
      await sleep(EVERY_MS)
    }
  }
  void go()
  return load
}

/** Code of a refusal, or what kind of error it is. */
export function nameOf(error: unknown): string {
  if (error instanceof HuisbrugProblem) return `${error.status} ${error.code}`
  const { code, name, cause } = error as { code?: string; name?: string; cause?: { code?: string } }
  return code ?? cause?.code ?? name ?? 'error'
}
