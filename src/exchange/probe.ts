import { recordEntries } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import type { Config } from '../config.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Queryable, type Tx } from '../db/pool.ts'
import { newId } from '../ids.ts'
import { agreementOf, referenceOf } from '../protocol/lookup.ts'

const KIND = 'probe-late'
/** The gateway itself as a destination: a row that no command or page shows, without any key. */
export const PROBE_PARTY = 'gateway-probe'

/** The last probe of a protocol. */
export interface Probe {
  protocol: string
  /** When one last went the whole way, and how many seconds that took; null where none did yet. */
  at: Date | null
  seconds: number | null
  /** Whether the last one is late, or one should have been sent. */
  late: boolean
  open: boolean
  /** Milliseconds since the last one was made. */
  age: number
}

type ProbeParts = {
  pool: Queryable
  protocols?: Context['protocols']
  config?: Partial<Pick<Config, 'probe'>>
}

/** The last probe of each protocol that is in force now and was probed; none where probes are off. */
export async function readProbes({ pool, protocols, config }: ProbeParts): Promise<Probe[]> {
  const { everyMs = 0, lateMs = 0 } = config?.probe ?? {}
  if (everyMs === 0) return []
  const { rows } = await pool.query<Omit<Probe, 'late'> & { told: boolean }>(LAST)
  const isInForce = ({ protocol }: { protocol: string }) =>
    !protocols || protocols.standings().get(protocol)?.status === 'in-force'
  // The next one is not in time before it arrives.
  return rows.filter(isInForce).map(({ told, ...row }) => ({
    ...row,
    late: row.open ? told || row.age > lateMs : row.age > everyMs + lateMs,
  }))
}

// One that a suspension withdrew says nothing of the gateway.
const LAST = `
  SELECT DISTINCT ON (h.probe) h.probe AS protocol, s.delivered_at AS at,
    extract(epoch FROM s.delivered_at - s.created_at)::float8 AS seconds,
    h.state IN ('queued', 'retrying', 'held', 'parked', 'expired') AS open,
    extract(epoch FROM now() - h.created_at)::float8 * 1000 AS age,
    EXISTS (SELECT FROM exception e
      WHERE e.kind = '${KIND}' AND e.about = h.probe AND e.closed_at IS NULL) AS told
  FROM hand_over h LEFT JOIN LATERAL (
    SELECT delivered_at, created_at FROM hand_over d WHERE d.probe = h.probe AND d.state = 'delivered'
    ORDER BY d.created_at DESC LIMIT 1) AS s ON true
  WHERE h.probe IS NOT NULL ORDER BY h.probe, h.created_at DESC`

/**
 * Sends a synthetic message for each agreement in force that had none for an interval, the whole way to
 * this gateway itself; one that is late is told, and told to be over once one arrives.
 * @returns the destination to wake, where one was sent
 */
export async function probe(context: Context): Promise<string[]> {
  const { everyMs } = context.config.probe
  const probes = await readProbes(context)
  await tellLate(context, probes)
  if (everyMs === 0) return []
  const known = new Map(probes.map(it => [it.protocol, it]))
  const due = agreementsInForce(context).filter(id => (known.get(id)?.age ?? everyMs) >= everyMs)
  if (due.length === 0) return []
  await inTransaction(context.pool, tx => send(context, tx, due))
  return [PROBE_PARTY]
}

function agreementsInForce({ protocols }: Context): string[] {
  const set = protocols.current()
  const standings = [...protocols.standings().values()]
  return standings
    .filter(({ id, status }) => status === 'in-force' && agreementOf(set, id))
    .map(({ id }) => id)
}

/** What was sent before and did not arrive is given up: the new one says more. */
async function send(context: Context, tx: Tx, protocols: string[]): Promise<void> {
  const at = context.clock()
  await tx.query(PARTY, [PROBE_PARTY])
  const { rows: given } = await tx.query<{ protocol: string }>(GIVE_UP, [protocols])
  const ids = protocols.map(() => newId('del', at))
  await tx.query(SEND, [ids, protocols, PROBE_PARTY])
  await recordEntries(
    tx,
    given.map(({ protocol }) => entryOf(context, 'message.expired', protocol)),
  )
}

// It has no key, so no token is ever given to it; where it is called, only a worker knows.
const PARTY = `
  INSERT INTO party (id, kind, name, kbo, jwks, base_url)
  VALUES ($1, 'gateway', 'Proefbericht', '0000000000', '{"keys":[]}', 'loopback:')
  ON CONFLICT (id) DO NOTHING`

const GIVE_UP = `
  UPDATE hand_over SET state = 'expired', reason = '${KIND}', claimed_until = NULL
  WHERE probe = ANY($1) AND state IN ('queued', 'retrying', 'parked') RETURNING probe AS protocol`

const SEND = `
  INSERT INTO hand_over (id, destination, kind, probe, counted, items, state, due_at, created_at)
  SELECT id, $3, 'probe', protocol, false, 0, 'queued', now(), now()
  FROM unnest($1::text[], $2::text[]) AS p (id, protocol)`

async function tellLate(context: Context, probes: readonly Probe[]): Promise<void> {
  const { rows } = await context.pool.query<{ about: string }>(
    `SELECT about FROM exception WHERE kind = '${KIND}' AND closed_at IS NULL`,
  )
  const told = new Set(rows.map(row => row.about))
  // Where a protocol is no longer in force, nothing is late any more.
  const open = new Map(probes.filter(it => it.open).map(it => [it.protocol, it]))
  const late = [...open.values()].filter(it => it.late && !told.has(it.protocol))
  const over = [...told].filter(protocol => !open.has(protocol))
  const names = late.map(it => it.protocol)
  if (names.length + over.length === 0) return
  await inTransaction(context.pool, async tx => {
    await tx.query(OPEN, [names, context.clock()])
    await tx.query(CLOSE, [over, context.clock()])
    await recordEntries(tx, [
      ...names.map(protocol => entryOf(context, 'exception.opened', protocol)),
      ...over.map(protocol => entryOf(context, 'exception.closed', protocol)),
    ])
  })
  for (const protocol of names) context.log.error('a probe is late', { protocol })
  for (const protocol of over) context.log.info('no probe is late any more', { protocol })
}

const OPEN = `
  INSERT INTO exception (kind, about, opened_at)
  SELECT '${KIND}', protocol, $2 FROM unnest($1::text[]) AS p (protocol)`

const CLOSE = `
  UPDATE exception SET closed_at = $2
  WHERE kind = '${KIND}' AND closed_at IS NULL AND about = ANY($1)`

function entryOf(context: Context, action: EntryDraft['action'], protocol: string): EntryDraft {
  const reference = referenceOf(context.protocols.current(), protocol)
  const entry = { action, at: context.clock(), actor: { role: 'gateway' }, reason: KIND }
  return { ...entry, ...(reference && { protocol: reference }) }
}
