import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { type LeakReport, scanForLeaks } from '../../src/sandbox/leak-scan.ts'
import { syntheticNumber } from '../../src/sandbox/synthetic-number.ts'
import { tokenOf } from '../attack/kit.ts'
import { detection } from '../support/detection.ts'
import type { TestGateway } from '../support/gateway.ts'
import { call, type RawReply } from '../support/raw.ts'

/** A valid synthetic number of anyone: a random person of a random population. */
export const anyNumber = fc
  .tuple(fc.nat(1_000_000), fc.nat(5_000_000))
  .map(([index, offset]) => syntheticNumber('any-age', index, offset))

/** How people write a number; the gateway takes the first two. */
export const FORMS = {
  digits: (number: string) => number,
  dotted: (number: string) => number.replace(/(..)(..)(..)(...)(..)/, '$1.$2.$3-$4.$5'),
  spaced: (number: string) => number.replace(/(..)(..)(..)(...)(..)/, '$1 $2 $3 $4 $5'),
}

/** So many random numbers that nobody had before in this process. */
export function newNumbers(count: number): string[] {
  return Array.from({ length: count }, () => syntheticNumber('any-age', next++, OFFSET))
}
const OFFSET = randomBytes(3).readUIntBE(0, 3)
let next = 0

/** A detection request about these numbers, as they are written. */
export function detectionOf(written: readonly string[]) {
  const tenants = written.map((insz, index) => ({
    insz,
    tenantRef: `tenant-${next}-${index}`,
    tenantGround: 'art-6.1-1-a' as const,
  }))
  return detection(tenants)
}

/** The same as a message of the general form. */
export function generalOf(written: readonly string[]) {
  const { tenants: items, ...rest } = detectionOf(written)
  return { type: 'detection.request', ...rest, items }
}

/** What the parties were told, kept to be looked through. */
export class Replies {
  readonly texts: string[] = []
  readonly #gateway: TestGateway

  constructor(gateway: TestGateway) {
    this.#gateway = gateway
  }

  /** Posts a body, with a nonce; every header and text of the reply is kept. */
  async post(
    path: string,
    body: object | string,
    options: { key?: string; headers?: Record<string, string> } = {},
  ): Promise<RawReply> {
    const token = await tokenOf(this.#gateway, 'woonboog')
    const { key = randomUUID(), headers = {} } = options
    const withNonce =
      typeof body === 'string' ? body : { nonce: randomBytes(32).toString('base64url'), ...body }
    const request = { token, key, body: withNonce, headers }
    const reply = await call(this.#gateway, 'POST', path, request)
    this.keep(reply)
    return reply
  }

  keep({ status, headers, text }: Pick<RawReply, 'status' | 'headers' | 'text'>): void {
    this.texts.push(`${status} ${JSON.stringify([...headers])} ${text}`)
  }
}

/**
 * Looks for numbers in all that a gateway left behind: database and queue, log, replies, metrics, and
 * what every peer received.
 */
export async function scanGateway(
  gateway: TestGateway,
  numbers: Iterable<string>,
  replies: readonly string[],
): Promise<LeakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-leaks-'))
  const { received: toVdab } = gateway.vdab
  const peers = [toVdab, ...Object.values(gateway.hooks).map(hook => hook.received)]
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  const kept = {
    log: gateway.logged.join(''),
    replies: replies.join('\n'),
    metrics,
    peers: peers
      .flat()
      .map(received => JSON.stringify(received))
      .join('\n'),
  }
  try {
    for (const [name, text] of Object.entries(kept)) writeFileSync(join(folder, name), text)
    const report = await scanForLeaks(numbers, { databaseUrl: gateway.db.url, files: [folder] })
    const leaks = report.leaks.map(leak => ({ ...leak, place: leak.place.replace(folder, '') }))
    return { ...report, leaks }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
