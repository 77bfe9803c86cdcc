import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { AuditError } from '../audit/errors.ts'
import { latestCheckpoint } from '../audit/log-read.ts'
import {
  readCertificates,
  readTimestamp,
  type Timestamp,
  timestampNonce,
  timestampRequest,
} from '../audit/timestamp.ts'
import { hasStamp, keepStamp, noteStampFault } from '../audit/timestamp-store.ts'
import type { Config } from '../config.ts'
import type { Queryable } from '../db/pool.ts'
import { type Outbound, OutboundError } from '../delivery/outbound.ts'
import type { Logger } from '../log.ts'

const EVERY_MS = 60_000
const TIMEOUT_MS = 10_000
const MAX_BYTES = 64 * 1024
const NONCE_BYTES = 16

/** What asking for timestamps needs. */
export interface StampParts {
  db: Queryable
  outbound: Pick<Outbound, 'request'>
  clock: () => Date
  log: Pick<Logger, 'info' | 'warn'>
}

/** Where timestamps come from. */
export interface StampSettings {
  url: string
  /** Private networks in which that may be. */
  networks?: readonly string[]
  /** PEM of trusted certificates. */
  trusted?: string
}

/**
 * The authority of HUISBRUG_TIMESTAMP_URL, or undefined where there is none.
 * @throws Error naming the setting
 */
export function readStampSettings({
  witness,
  outbound,
}: Pick<Config, 'witness'> & {
  outbound?: Pick<Config['outbound'], 'serviceNetworks'>
}): StampSettings | undefined {
  if (!witness.timestampUrl) return undefined
  const place = { url: witness.timestampUrl, networks: outbound?.serviceNetworks ?? [] }
  if (!witness.timestampCaFile) return place
  try {
    const trusted = readFileSync(witness.timestampCaFile, 'utf8')
    readCertificates(trusted)
    return { ...place, trusted }
  } catch {
    throw new Error('HUISBRUG_TIMESTAMP_CA_FILE: the file holds no certificates (PEM)')
  }
}

/** Has the newest published checkpoint stamped once a UTC day, and tries at most once a minute. */
export function dailyStamper(
  settings: StampSettings,
): (parts: StampParts, signal: AbortSignal) => Promise<void> {
  let next = 0
  return async (parts, signal) => {
    if (performance.now() < next) return
    next = performance.now() + EVERY_MS
    await stampOnce(parts, settings, signal)
  }
}

/** Has it stamped, where it is not today; a failure is noted and told once. */
export async function stampOnce(
  parts: StampParts,
  settings: StampSettings,
  signal?: AbortSignal,
): Promise<void> {
  const day = parts.clock().toISOString().slice(0, 10)
  if (await hasStamp(parts.db, day)) return
  const checkpoint = await latestCheckpoint(parts.db)
  if (!checkpoint) return
  try {
    const { size, note } = checkpoint
    const stamp = await ask(parts, settings, Buffer.from(note), signal)
    await keepStamp(parts.db, { day, size, note, ...stamp })
    parts.log.info('a checkpoint has a timestamp', { day, size })
  } catch (error) {
    if (signal?.aborted) return
    const fault = describe(error)
    if (await noteStampFault(parts.db, fault, parts.clock()))
      parts.log.warn('no timestamp for the log', { fault })
  }
}

async function ask(
  { outbound }: StampParts,
  { url, networks, trusted }: StampSettings,
  data: Buffer,
  signal?: AbortSignal,
): Promise<Timestamp> {
  const nonce = timestampNonce(randomBytes(NONCE_BYTES))
  const { status, headers, body } = await outbound.request({
    method: 'POST',
    url,
    networks,
    headers: { 'content-type': 'application/timestamp-query' },
    body: timestampRequest(data, nonce),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    ...(signal && { signal }),
  })
  const isReply = headers['content-type']?.split(';')[0] === 'application/timestamp-reply'
  if (status !== 200 || !isReply)
    throw new AuditError('timestamp-refused', `the authority answers ${status}`)
  return readTimestamp(body, { data, nonce, ...(trusted !== undefined && { trusted }) })
}

function describe(error: unknown): string {
  if (error instanceof OutboundError) return `the authority could not be called: ${error.reason}`
  if (error instanceof AuditError) return error.message.slice(0, 300)
  throw error
}
