import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { JWTVerifyGetKey } from 'jose'
import { createClient } from '../client/client.ts'
import { Journal } from '../client/journal.ts'
import { type RegisterCode, RegisterError } from '../client/register-error.ts'
import type { ClientOptions } from '../client/transport.ts'
import { loadPeerKeys } from './peer-keys.ts'
import { createPopulation, type Population } from './population.ts'
import { sleepUntil } from './retrying-queue.ts'
import { createVdabAccess } from './vdab-access.ts'
import { AnswerBook, type AnswerCounts } from './vdab-answers.ts'
import { createVdabApp, type VdabParts } from './vdab-app.ts'
import { type RegisterProgress, VdabRegister } from './vdab-register.ts'
import { createAnswerSender } from './vdab-sender.ts'

export interface VdabOptions {
  /** Public URL of the gateway. */
  gateway: string
  /** Verifier key of the gateway's audit log, as its operator gave it: pinned. */
  logKey: string
  /** Its own folder: keys, prepared register, answers, what it received. */
  dataDir: string
  /** 0, the default, for any free port. */
  port?: number
  partyId?: string
  seed?: string
  population?: number
  /** Its client file is made of these people, in place of those of a seed. */
  people?: Population
  choose?: VdabParts['choose']
  onStatus?(status: VdabStatus): void
  retry?: ClientOptions['retry']
  /** Keys of the gateway; its published ones unless a test says otherwise. */
  gatewayKeys?: JWTVerifyGetKey
}

export interface VdabStatus extends AnswerCounts {
  /** People in the client file. */
  clients: number
  /** How far the preparation is; absent where none is under way. */
  preparing?: RegisterProgress
  /** Domains for which the register is prepared. */
  ready: string[]
  /** Code of the kit where it refuses to prepare, such as key-not-published; it is tried again. */
  refusing?: RegisterCode
}

type Preparation = Pick<VdabStatus, 'preparing' | 'ready' | 'refusing'>

export interface Vdab {
  /** Base URL; tokens at `<url>/oauth/token`. */
  url: string
  status(): VdabStatus
  close(): Promise<void>
}

const POLL_MS = 300
const POLL_READY_MS = 5_000

/**
 * Starts a VDAB that speaks the outside contract only: it prepares its client file blindly for every
 * new domain, matches the rows of requests with it, answers, and says whom it reaches with
 * difficulty or not at all. All people in it are synthetic.
 */
export async function startVdab(options: VdabOptions): Promise<Vdab> {
  const stop = new AbortController()
  const parts = await openParts(options, stop.signal)
  const { register, book, received, encryptionKeys } = parts
  const state: Preparation = { ready: [] }
  const status = () => ({ clients: register.size, ...state, ...book.counts() })
  const onChange = () => options.onStatus?.(status())
  const sender = createAnswerSender(parts.client, book, onChange)
  let url = ''
  const access = createVdabAccess({
    gateway: options.gateway,
    partyId: options.partyId ?? 'vdab',
    secretFile: join(options.dataDir, 'token-secret.json'),
    ownUrl: () => url,
    ...(options.gatewayKeys && { gatewayKeys: options.gatewayKeys }),
  })
  const server = createServer(
    createVdabApp({
      ...{ access, register, book, sender, received, encryptionKeys, onChange },
      ...(options.choose && { choose: options.choose }),
    }),
  )
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const watching = watchDomains(stop.signal, register, state, onChange)
  return {
    url,
    status,
    close: async () => {
      stop.abort()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await Promise.all([watching, sender.close()])
      await Promise.all([book.close(), received.close()])
      register.close()
    },
  }
}

async function openParts(options: VdabOptions, signal: AbortSignal) {
  const { dataDir, gateway, logKey, partyId = 'vdab' } = options
  const { privateKey, encryptionKeys } = await loadPeerKeys(dataDir)
  const retry = { attempts: 6, sleep: sleepUntil(signal), ...options.retry }
  const client = createClient({ gateway, partyId, privateKey, retry })
  const population = options.people ?? createPopulation(options.seed, options.population)
  const book = await AnswerBook.open(join(dataDir, 'answers.jsonl'))
  const received = (await Journal.open<unknown>(join(dataDir, 'received.jsonl'))).journal
  const register = new VdabRegister({
    client,
    population,
    folder: join(dataDir, 'register'),
    logKey,
  })
  return { client, register, book, received, encryptionKeys }
}

// Errors are of the moment: not registered yet, gateway away, quota used up until tomorrow.
async function watchDomains(
  signal: AbortSignal,
  register: VdabRegister,
  state: Preparation,
  onChange: () => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const domains = await register.prepareDomains(progress => {
        state.preparing = progress
        onChange()
      })
      delete state.preparing
      delete state.refusing
      state.ready = [...state.ready, ...domains]
      if (domains.length > 0) onChange()
    } catch (error) {
      if (error instanceof RegisterError) state.refusing = error.code
      onChange()
    }
    const pause = state.ready.length > 0 ? POLL_READY_MS : POLL_MS
    await sleepUntil(signal)(pause).catch(() => {})
  }
}
