import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, type HuisbrugClient } from '../../src/client/client.ts'
import { gatewayKeys } from '../../src/client/message-signature.ts'
import type { DetectionRequest } from '../../src/client/types.ts'
import { webhookListener } from '../../src/client/webhook-listener.ts'
import { WM_VDAB } from '../../src/sandbox/exchange.ts'
import { RetryingQueue } from '../../src/sandbox/retrying-queue.ts'
import { inBatches } from '../../src/sandbox/sending-plan.ts'
import { tenantsOf } from './people.ts'
import { type FromPeer, listenTo, type OpenCompanies, type ToCompanies, tell } from './talk.ts'

// The back offices of all housing companies: `node bench/region/companies.ts`. They send whole lists, close
// the month and take the number that comes of it.

/** Requests of one company under way at once, as in the demo. */
const AT_ONCE = 2

interface Company {
  client: HuisbrugClient
  requests: DetectionRequest[]
  listen(request: IncomingMessage, response: ServerResponse): Promise<void>
}

const companies = new Map<string, Company>()

const server = createServer((request, response) => {
  const company = companies.get(request.url?.slice(1) ?? '')
  if (company) company.listen(request, response).catch(() => response.destroy())
  else response.writeHead(404).end()
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  tell({ kind: 'listening', url: `http://127.0.0.1:${port}` })
})

listenTo<ToCompanies>(async message => {
  if (message.kind === 'send') return sendAll([...companies.values()].slice(0, message.companies))
  open(message)
  return { kind: 'done', seconds: 0 }
})

function open({ gateway, keys, webhookSecrets, crowd }: OpenCompanies): void {
  const referenceDate = new Date().toISOString().slice(0, 10)
  const tenants = tenantsOf(crowd)
  const gatewaysKeys = gatewayKeys(gateway)
  Object.entries(keys).forEach(([id, privateKey], position) => {
    const people = (tenants[position] ?? []).map(({ insz, tenantRef, tenantGround }) => {
      return { insz, tenantRef, tenantGround }
    })
    const seen = new Set<string>()
    companies.set(id, {
      client: createClient({ gateway, partyId: id, privateKey, timeoutMs: 300_000 }),
      requests: inBatches(people).map(some => ({ ...WM_VDAB, referenceDate, tenants: some })),
      listen: webhookListener({
        secrets: () => [webhookSecrets[id] ?? ''],
        gateway: { gateway, partyId: id, keys: gatewaysKeys },
        seen,
        handle: () => {},
      }),
    })
  })
}

async function sendAll(senders: readonly Company[]): Promise<FromPeer> {
  const replies = await Promise.all(senders.map(sendOne))
  const sum = (field: 'accepted' | 'refused' | 'requests') =>
    replies.reduce((total, reply) => total + reply[field], 0)
  const [accepted, refused, requests] = [sum('accepted'), sum('refused'), sum('requests')]
  return { kind: 'sent', accepted, refused, requests }
}

/** Sends the whole list of a company, a few requests at once, and closes the month. */
async function sendOne({ client, requests }: Company) {
  const counts = { accepted: 0, refused: 0, requests: requests.length }
  let failed: unknown
  const queue = new RetryingQueue<DetectionRequest>({
    atOnce: AT_ONCE,
    onSettled: () => {},
    // What is refused, or has no answer after some tries, ends the measurement.
    settle: async request => {
      const reply = await client.detect(request).catch(error => {
        failed = error
      })
      counts.accepted += reply?.accepted ?? 0
      counts.refused += reply?.refused.length ?? 0
    },
  })
  queue.add(...requests)
  await queue.idle()
  if (failed) throw failed
  const period = String(requests[0]?.referenceDate).slice(0, 7)
  await client.closePeriod(WM_VDAB.protocol, period)
  return counts
}
