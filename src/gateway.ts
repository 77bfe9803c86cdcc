import { startAttention } from './attention/attention.ts'
import { loadLogVerifierKeys } from './audit/log-key.ts'
import { recordEntry } from './audit/record.ts'
import { startSequencer } from './audit/sequencer.ts'
import type { Config } from './config.ts'
import { createConsole } from './console/console.ts'
import type { Context } from './context.ts'
import { handOverDue } from './delivery/hand-over.ts'
import { receiveAnnex1 } from './exchange/annex-1.ts'
import { watchProtocols } from './exchange/protocol-watch.ts'
import { startSettling } from './exchange/settle.ts'
import { readHealth } from './health.ts'
import { createApp, createHealthApp } from './http/app.ts'
import { type Listening, listen, serveHealth } from './listen.ts'
import type { Logger } from './log.ts'
import { createParts, type Parts } from './parts.ts'
import { readRelease } from './release.ts'
import { startPublisher } from './witness/publish.ts'

// A slot is a wait for a peer, which costs little: slow peers must never take them all.
const WORKER_CONCURRENCY = 64

/** A running gateway. */
export interface Gateway {
  context: Context
  /** The address it listens on, absent where no role serves HTTP. */
  url: string | undefined
  close(): Promise<void>
}

/**
 * Starts the roles that the configuration names: migrates, checks the master key, loads the protocols,
 * then opens the doors; evidence of the start is written before the first request is.
 * @param overrides members of the context to replace, for tests
 */
export async function startGateway(
  config: Config,
  log: Logger,
  overrides: Partial<Context> = {},
): Promise<Gateway> {
  const parts = await createParts(config, log, overrides)
  const { context } = parts
  const running: { close(): Promise<void> }[] = []
  try {
    if (config.roles.has('sequencer')) {
      running.push(startSequencer(parts.sequencing))
      // Signing goes on; what is published may wait for witnesses.
      running.push(await startPublisher(context))
    }
    running.push(await watchProtocols(context))
    await noteProgram(context, 'program.started')
    if (config.roles.has('worker')) {
      await context.probePeer.open()
      running.push(context.probePeer)
      context.wakeUps.work((destination, signal) => handOverDue(context, destination, signal), {
        concurrency: WORKER_CONCURRENCY,
      })
      running.push(startSettling(context))
      running.push(startAttention(context))
    }
    const server = serves(config) ? await serve(context) : undefined
    running.push(await serveHealth(createHealthApp(context), config, log))
    log.info('huisbrug is ready', { roles: [...config.roles], url: server && config.publicUrl })
    return { context, url: server?.url, close: () => closeAll(parts, running, server) }
  } catch (error) {
    await closeAll(parts, running, undefined)
    throw error
  }
}

function serves(config: Config): boolean {
  return config.roles.has('api') || config.roles.has('console') || config.roles.has('evaluator')
}

function serve(context: Context): Promise<Listening> {
  const { config } = context
  if (config.roles.has('console')) {
    const verifierKey = () => loadLogVerifierKeys(context.keys, config.logOrigin)
    const takeAnnex1 = (incoming: Parameters<typeof receiveAnnex1>[1]) =>
      receiveAnnex1(context, incoming)
    const health = () => readHealth(context)
    const release = readRelease()
    const handler = createConsole({ ...context, verifierKey, takeAnnex1, health, release })
    context.mounts.push({ path: '/console', handler })
  }
  return listen(createApp(context), config, { log: context.log })
}

async function closeAll(
  parts: Parts,
  running: { close(): Promise<void> }[],
  server: Listening | undefined,
): Promise<void> {
  const { context } = parts
  // Beside each other: either may wait for others for seconds. Who is woken by the last requests is found
  // by the next process.
  await Promise.all([server?.shutdown(), context.wakeUps.close()])
  await noteProgram(context, 'program.stopped').catch(() => {})
  // The sequencer goes last, so that what the others recorded gets its place in the log.
  for (const part of running.reverse()) await part.close()
  await parts.close()
}

function noteProgram(
  context: Context,
  action: 'program.started' | 'program.stopped',
): Promise<unknown> {
  const details = { roles: [...context.config.roles], version: process.version }
  return recordEntry(context.pool, {
    action,
    at: context.clock(),
    actor: { role: 'gateway' },
    details,
  })
}
