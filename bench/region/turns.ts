import type { HuisbrugClient } from '../../src/client/client.ts'
import { WM_VDAB } from '../../src/sandbox/exchange.ts'
import { syntheticNumber } from '../../src/sandbox/synthetic-number.ts'
import { clientOf } from '../system/parties.ts'
import { tenantsOf } from './people.ts'
import type { Stage } from './stage.ts'

/** Tenants of one request: a day's changes in a back office, not a whole list. */
const TENANTS = 10
/** Numbers from here on are of nobody else. */
const NEWCOMERS = 1_000_000
const PAGES = ['/', '/berichten', '/auditlog', '/systeem', '/terugkoppeling', '/partijen']

interface Sender {
  client: HuisbrugClient
  /** Tenants whom VDAB may know, each sent once. */
  known: { insz: string; tenantRef: string }[]
}

/** One turn of the mixed load; the next number each time. @throws what a call is refused with */
export type Turn = (n: number) => Promise<void>

/**
 * Everything that goes on in a month: requests that VDAB answers and gives feedback on, states and
 * receipts that are read, inboxes, new tokens, pages of the console.
 */
export function mixedTurns({ crowd, system, gateway }: Stage, cookie: string): Turn {
  const people = tenantsOf(crowd)
  const senders = system.companies.map((id, i): Sender => {
    return { client: clientOf(gateway, id), known: [...(people[i] ?? [])] }
  })
  const referenceDate = new Date().toISOString().slice(0, 10)
  const every = (n: number, times: number) => n % times === times - 1
  return async n => {
    const { client, known } = senders[n % senders.length] ?? never()
    const tenants = membersOf(n, known)
    const { messageId } = await client.detect({ ...WM_VDAB, referenceDate, tenants })
    if (every(n, 3)) await client.message(messageId)
    if (every(n, 5)) await client.inbox({ limit: 100 })
    if (every(n, 7)) await client.receipt(messageId)
    if (every(n, 11)) await client.signIn()
    if (every(n, 20)) await readPage(gateway, cookie, Math.floor(n / 20))
  }
}

/** One whom VDAB may know, as long as there are such, and newcomers. */
function membersOf(n: number, known: Sender['known']) {
  const one = known.shift()
  const newcomers = Array.from({ length: one ? TENANTS - 1 : TENANTS }, (_, i) => {
    const index = NEWCOMERS + n * TENANTS + i
    return { insz: syntheticNumber('working-age', index, 0), tenantRef: `n-${index}` }
  })
  const all = one ? [one, ...newcomers] : newcomers
  return all.map(({ insz, tenantRef }) => {
    return { insz, tenantRef, tenantGround: 'art-6.1-1-a' as const }
  })
}

async function readPage(gateway: string, cookie: string, n: number): Promise<void> {
  const path = PAGES[n % PAGES.length]
  const reply = await fetch(`${gateway}/console${path}`, { headers: { cookie } })
  await reply.arrayBuffer()
  if (reply.status !== 200) throw new Error(`${path} answered ${reply.status}`)
}

function never(): never {
  throw new Error('there is no company')
}
