import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { ClientOptions } from '../client/transport.ts'
import { Company, type CompanyStatus } from './company.ts'
import { createPopulation } from './population.ts'
import { REGION } from './region.ts'
import { sleepUntil } from './retrying-queue.ts'

export interface BackOfficeOptions {
  /** Public URL of the gateway. */
  gateway: string
  /** Its own folder, with one folder per housing company. */
  dataDir: string
  /** 0, the default, for any free port. */
  port?: number
  /** Party ids of the housing companies; all of the region unless given. */
  companies?: readonly string[]
  seed?: string
  population?: number
  onStatus?(status: BackOfficeStatus): void
  retry?: ClientOptions['retry']
}

export interface BackOfficeStatus {
  companies: CompanyStatus[]
}

export interface BackOffice {
  /** Webhooks arrive at `<url>/webhooks/<party id>`. */
  url: string
  status(): BackOfficeStatus
  /** Sends every company's target group for this month and closes the month. */
  send(): Promise<void>
  close(): Promise<void>
}

/**
 * Starts the back offices of housing companies: they take webhooks, verify them, report progress on
 * every feedback, and send their tenants when asked. All people in it are synthetic.
 */
export async function startBackOffice(options: BackOfficeOptions): Promise<BackOffice> {
  const status = () => ({ companies: [...companies.values()].map(company => company.status()) })
  const onChange = () => options.onStatus?.(status())
  const stop = new AbortController()
  const companies = await openCompanies(options, onChange, stop.signal)
  const server = createServer((request, response) => route(companies, request, response))
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const starting = Promise.all(
    [...companies].map(([id, company]) =>
      startCompany(stop.signal, company, `${url}/webhooks/${id}`),
    ),
  )
  return {
    url,
    status,
    send: async () => {
      await starting
      const population = createPopulation(options.seed, options.population)
      const today = new Date().toISOString().slice(0, 10)
      await Promise.all([...companies.values()].map(company => company.send(population, today)))
    },
    close: async () => {
      stop.abort()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await starting
      await Promise.all([...companies.values()].map(company => company.close()))
    },
  }
}

async function openCompanies(
  options: BackOfficeOptions,
  onChange: () => void,
  signal: AbortSignal,
): Promise<Map<string, Company>> {
  const ids = options.companies ?? REGION.housingCompanies.map(({ id }) => id)
  const { gateway, dataDir } = options
  const retry = { sleep: sleepUntil(signal), ...options.retry }
  const open = async (company: string) => {
    const folder = join(dataDir, company)
    return [company, await Company.open({ gateway, company, folder, onChange, retry })] as const
  }
  return new Map(await Promise.all(ids.map(open)))
}

// The gateway may not be up yet, or not know the party yet.
async function startCompany(signal: AbortSignal, company: Company, url: string): Promise<void> {
  while (!signal.aborted) {
    try {
      return await company.start(url)
    } catch {
      await sleepUntil(signal)(300).catch(() => {})
    }
  }
}

function route(
  companies: Map<string, Company>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const id = /^\/webhooks\/([A-Za-z0-9._-]+)$/.exec(request.url ?? '')?.[1]
  const company = request.method === 'POST' ? companies.get(id ?? '') : undefined
  if (company) company.receive(request, response).catch(() => response.destroy())
  else if (request.url === '/health') response.writeHead(200).end('ok')
  else response.writeHead(404).end()
}
