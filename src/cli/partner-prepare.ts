import { join } from 'node:path'
import { prepareRegister, type RegisterProgress } from '../client/blind.ts'
import { evaluateWith } from '../client/blind-evaluation.ts'
import { publishedKey } from '../client/published-key.ts'
import { RegisterError } from '../client/register-error.ts'
import { RegisterStore } from '../client/register-store.ts'
import type { Domain } from '../client/types.ts'
import { logKeysOf, ProfileError } from './partner-profile.ts'
import { isInterruption, type Partner, type PartnerReport, type RunOptions } from './partner-run.ts'
import { countLines, readPeople } from './people-file.ts'
import { progressBar } from './progress.ts'

export type PrepareCommandOptions = RunOptions & {
  domain?: string[]
  logKey?: string[]
  ready: boolean
  batch: number
}

/** What came of one domain. */
interface Prepared extends RegisterProgress {
  domain: string
  /** People that the store holds for it now. */
  held: number
  /** Whether the gateway was told that requests may use it. */
  reported: boolean
  /** Lines without a valid national number, the first ten. */
  invalidLines: number[]
  /** Why it is not done: interrupted, or the code of what stopped it. */
  stopped?: string
  /** When there are evaluations again. */
  retryAt?: string
}

const MOST_NAMED = 10

interface Work {
  partner: Partner
  options: PrepareCommandOptions
  store: RegisterStore
  file: string
  total: number | undefined
  stop: AbortSignal
}

/**
 * Prepares the people of a file for each domain that is meant, and reports it ready.
 * @throws ProfileError, RegisterError and what the client throws; what was prepared is kept
 */
export async function prepare(
  partner: Partner,
  file: string,
  options: PrepareCommandOptions,
  stop: AbortSignal,
): Promise<PartnerReport> {
  const { profile, client } = partner
  const logKeys = logKeysOf(profile, options.logKey)
  const { items } = await client.domains()
  const wanted = wantedOf(items, options.domain)
  if (file === '-' && wanted.length > 1)
    throw new ProfileError('standard input is read once: name one --domain, or give a file')
  const total = countLines(file)
  const store = new RegisterStore(join(profile.dataDir, 'register'))
  try {
    const prepared: Prepared[] = []
    for (const item of wanted) {
      const work = { partner, options, store, file, total, stop }
      prepared.push(await prepareDomain(work, item, publishedKey(item, logKeys)))
      if (stop.aborted) break
    }
    return reportOf(prepared)
  } finally {
    store.close()
  }
}

function wantedOf(items: readonly Domain[], named: readonly string[] | undefined): Domain[] {
  const open = items.filter(({ state }) => state !== 'closed')
  const missing = named?.filter(name => !open.some(({ domain }) => domain === name)) ?? []
  const known = open.map(({ domain }) => domain).join(', ') || 'none'
  if (missing.length > 0)
    throw new ProfileError(`no open domain ${missing.join(', ')}; there are: ${known}`)
  return named ? open.filter(({ domain }) => named.includes(domain)) : open
}

async function prepareDomain(work: Work, item: Domain, publicKey: Buffer): Promise<Prepared> {
  const { partner, options, store, file, total, stop } = work
  const { domain, state } = item
  const bar = progressBar(domain, !options.json && total !== undefined)
  const invalidLines: number[] = []
  let progress: RegisterProgress = { seen: 0, added: 0, known: 0, invalid: 0 }
  const onProgress = (now: RegisterProgress) => {
    progress = now
    bar.update(now.added + now.known + now.invalid, total ?? 0)
  }
  const onInvalid = (line: number) => {
    if (invalidLines.length < MOST_NAMED) invalidLines.push(line)
  }
  const people = readPeople(file, { stop, onInvalid })
  const evaluate = evaluateWith(partner.client)
  const batchSize = options.batch
  store.openDomain(domain, publicKey)
  const stopped = await prepareRegister({
    ...{ domain, publicKey, numbers: people, store, evaluate, batchSize, onProgress },
  })
    .then(() => (stop.aborted ? { stopped: 'interrupted' } : {}), stoppedBy)
    .finally(() => bar.stop())
  const held = store.count(domain)
  // An empty register would answer every request with nobody.
  const isDone = !('stopped' in stopped) && held > 0
  const reported = isDone && options.ready && state === 'opening'
  if (reported) await partner.client.domainReady(domain)
  return {
    domain,
    ...progress,
    held,
    reported,
    invalidLines,
    ...stopped,
  }
}

/** What was prepared is kept: only what is wrong, and not of the moment, is thrown. */
function stoppedBy(error: unknown): Pick<Prepared, 'stopped' | 'retryAt'> {
  if (isInterruption(error)) return { stopped: 'interrupted' }
  if (!(error instanceof RegisterError) || error.code !== 'quota-used-up') throw error
  return { stopped: error.code, ...(error.retryAt && { retryAt: error.retryAt.toISOString() }) }
}

function reportOf(domains: readonly Prepared[]): PartnerReport {
  const stopped = domains.find(it => it.stopped !== undefined)
  const exit = stopped && (stopped.stopped === 'interrupted' ? (130 as const) : (1 as const))
  return {
    json: { domains },
    text: domains.length > 0 ? domains.flatMap(describe) : ['There is no domain to prepare.'],
    ...(exit !== undefined && { exit }),
  }
}

function describe(it: Prepared): string[] {
  const { domain, held, added, known, invalid, invalidLines, reported, stopped, retryAt } = it
  const more = invalid > invalidLines.length ? ', …' : ''
  return [
    `${domain}: ${held} people prepared (${added} new, ${known} known before, ${invalid} left out)`,
    ...(invalid > 0
      ? [`  no valid national number in line ${invalidLines.join(', ')}${more}`]
      : []),
    ...(reported ? ['  reported ready: requests may use it'] : []),
    ...(stopped === 'interrupted' ? ['  interrupted: run it again, and it goes on'] : []),
    ...(stopped === 'quota-used-up'
      ? [`  the quota is used up: run it again after ${retryAt}, and it goes on`]
      : []),
  ]
}
