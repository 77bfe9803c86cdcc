import type { Context } from '../../src/context.ts'
import type { Tx } from '../../src/db/pool.ts'
import { HAND_OVER_COLUMNS, type HandOver } from '../../src/delivery/outbox.ts'
import { buildParcels } from '../../src/delivery/parcel.ts'
import { putEvents, putRequests, type Route } from './fill.ts'

/** Name of the bare queue, and of its schema in PostgreSQL. */
export const QUEUE = 'bare'

export type Kind = 'events' | 'requests'

/** One message as it goes out, but for what is made anew at each try. */
export interface Message {
  /** Party id of who receives it. */
  to: string
  url: string
  /** webhook-id of an event, Idempotency-Key of a call. */
  id: string
  body: string
  isEvent: boolean
}

/** What messages are made of. */
export interface Stock {
  context: Context
  domain: string
  companies: string[]
  /** Persons of all companies, by whom there is feedback. */
  routes: Route[]
}

/** Puts so many messages in the outbox, spread over the companies; gives the ids of their hand-overs. */
export async function putMessages(
  tx: Tx,
  { domain, companies, routes }: Stock,
  kind: Kind,
  count: number,
): Promise<string[]> {
  await tx.query("SELECT set_config('huisbrug.evidence', 'yes', true)")
  if (kind === 'events') return putEvents(tx, spread(routes, count))
  return putRequests(tx, domain, spread(companies, count))
}

// A prime: what is next to each other is of different companies, and each gets as much.
const STEP = 7919

function spread<T>(all: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => all[(i * STEP) % all.length] as T)
}

/** The same as the product itself would send them; nothing of it stays in the database. */
export async function makeMessages(stock: Stock, kind: Kind, count: number): Promise<Message[]> {
  const client = await stock.context.pool.connect()
  try {
    await client.query('BEGIN')
    const ids = await putMessages(client, stock, kind, count)
    const { rows } = await client.query<HandOver>(
      `SELECT ${HAND_OVER_COLUMNS} FROM hand_over h JOIN message m ON m.id = h.message_id
       WHERE h.id = ANY($1)`,
      [ids],
    )
    // The product reads what this transaction alone sees.
    const inside = { ...stock.context, pool: client as unknown as Context['pool'] }
    const made: Message[] = []
    for (const [to, batch] of Map.groupBy(rows, row => row.destination)) {
      made.push(...(await messagesTo(inside, to, batch)))
    }
    if (made.length !== count) throw new Error(`${made.length} of ${count} messages`)
    return made
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
}

async function messagesTo(context: Context, to: string, batch: HandOver[]): Promise<Message[]> {
  const parcels = await buildParcels(context, to, batch)
  return batch.map(({ id, kind }) => {
    const parcel = parcels.get(id)
    if (!parcel || typeof parcel === 'string') throw new Error(`${id} is not ready: ${parcel}`)
    return { to, url: parcel.url, id, body: parcel.body, isEvent: kind === 'event' }
  })
}
