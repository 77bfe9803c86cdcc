import type { Context } from '../context.ts'
import type { Queryable, Tx } from '../db/pool.ts'
import { type Reason, Refusal, reason } from '../errors.ts'
import { newId } from '../ids.ts'
import { RouteCipher } from '../pseudonym/route-cipher.ts'
import type { Outcome } from './outcome.ts'
import { fieldsOf, permit } from './permission.ts'
import { type Incoming, type ItemRefusal, receive } from './receive.ts'

interface EndedItem {
  tenantRef: string
  endedOn: string
}

interface Ended extends EndedItem {
  domain: string
  tag: Buffer
  subjectTag: Buffer
}

/**
 * Takes in ended tenancies: POST /v1/tenancies/ended. Routes end, what is still on its way about the
 * person for this housing company is withdrawn, and VDAB is told to stop.
 */
export function receiveTenanciesEnded(context: Context, incoming: Incoming): Promise<Outcome> {
  return receive(context, incoming, async (body, messageId) => {
    const permission = permit(context, incoming, {
      body,
      list: 'items',
      fields: fieldsOf(body['items']),
    })
    const items = body['items'] as EndedItem[]
    assertDistinct(items)
    const protocol = permission.protocol.id
    const found = await findTenants(context, protocol, incoming.caller.party, items)
    const ended = items.flatMap(item => found.get(item.tenantRef) ?? [])
    const newest = [...new Map(ended.map(it => [it.tenantRef, it])).values()]
    return {
      message: {
        protocol: permission.protocol,
        purpose: permission.purpose,
        fields: permission.fields,
      },
      accepted: newest.length,
      refused: refusalsFor(items, found),
      evidence: {
        recipient: permission.recipient,
        rule: permission.rule,
        subjects: newest.map(it => it.subjectTag),
      },
      wake: newest.length > 0 ? [permission.recipient] : [],
      store: tx =>
        storeEnded(
          tx,
          messageId,
          incoming.caller.party,
          permission.recipient,
          ended,
          newest,
          incoming.at,
        ),
    }
  })
}

function assertDistinct(items: EndedItem[]): void {
  const seen = new Set<string>()
  const faults: Reason[] = []
  items.forEach((item, index) => {
    if (seen.has(item.tenantRef)) {
      faults.push(reason('HB-403', `/items/${index}/tenantRef`, 'one item per tenant'))
    }
    seen.add(item.tenantRef)
  })
  if (faults.length > 0) throw new Refusal(faults)
}

function refusalsFor(items: EndedItem[], found: Map<string, Ended[]>): ItemRefusal[] {
  return items.flatMap((item, index) => {
    if (found.has(item.tenantRef)) return []
    const why = reason('HB-406', `/items/${index}/tenantRef`, 'a current tenant of the sender')
    return [{ index, tenantRef: item.tenantRef, ...why }]
  })
}

/** The sender's tenants by reference, over all open domains of the protocol, oldest epoch first. */
async function findTenants(
  context: Context,
  protocol: string,
  party: string,
  items: EndedItem[],
): Promise<Map<string, Ended[]>> {
  const found = new Map<string, Ended[]>()
  for (const domain of await context.domains.open(protocol)) {
    const cipher = await RouteCipher.open(context.keys, domain, party)
    const hashes = items.map(item => Buffer.from(cipher.hash(item.tenantRef)))
    const rows = await findRoutes(context.pool, domain, party, hashes)
    items.forEach((item, index) => {
      const row = rows.get(hashes[index]?.toString('base64') ?? '')
      if (row)
        found.set(item.tenantRef, [
          ...(found.get(item.tenantRef) ?? []),
          { ...item, domain, ...row },
        ])
    })
  }
  return found
}

async function findRoutes(
  db: Queryable,
  domain: string,
  party: string,
  hashes: Buffer[],
): Promise<Map<string, { tag: Buffer; subjectTag: Buffer }>> {
  const { rows } = await db.query<{ reference_hash: Buffer; tag: Buffer; subject_tag: Buffer }>(
    `SELECT reference_hash, tag, subject_tag FROM route
     WHERE domain = $1 AND party_id = $2 AND reference_hash = ANY($3)
       AND ended_on IS NULL AND expires_at > now() ORDER BY period`,
    [domain, party, hashes],
  )
  const entries = rows.map(row => {
    return [
      row.reference_hash.toString('base64'),
      { tag: row.tag, subjectTag: row.subject_tag },
    ] as const
  })
  return new Map(entries)
}

async function storeEnded(
  tx: Tx,
  messageId: string,
  party: string,
  destination: string,
  ended: Ended[],
  newest: Ended[],
  at: Date,
): Promise<void> {
  if (newest.length === 0) return
  const columns = (list: Ended[]) => [
    list.map(it => it.domain),
    list.map(it => it.tag),
    list.map(it => it.subjectTag),
    list.map(it => it.endedOn),
  ]
  await tx.query(END_ROUTES, [party, ...columns(ended)])
  await withdrawFeedback(tx, party, ended, at)
  await withdrawRows(tx, party, ended, at)
  const domains = [...new Set(newest.map(it => it.domain))]
  await tx.query(INSERT, [
    messageId,
    destination,
    at,
    domains,
    domains.map(() => newId('del', at)),
    ...columns(newest),
  ])
}

async function withdrawFeedback(tx: Tx, party: string, ended: Ended[], at: Date): Promise<void> {
  await tx.query(
    `WITH gone AS (
       UPDATE hand_over h SET state = 'withdrawn', reason = 'tenancy-ended', claimed_until = NULL
       FROM feedback f, unnest($2::text[], $3::bytea[]) AS e (domain, tag)
       WHERE h.feedback_id = f.id AND h.kind = 'event' AND f.party_id = $1
         AND f.domain = e.domain AND f.tag = e.tag
         AND h.state IN ('queued', 'retrying', 'held', 'parked')
         AND (h.claimed_until IS NULL OR h.claimed_until < now())
       RETURNING h.message_id)
     INSERT INTO transition (message_id, state, at, code)
     SELECT DISTINCT message_id, 'withdrawn', $4::timestamptz, 'tenancy-ended' FROM gone`,
    [party, ended.map(it => it.domain), ended.map(it => it.tag), at],
  )
}

// A row that a worker has in hand right now still goes; the end of the tenancy follows it.
async function withdrawRows(tx: Tx, party: string, ended: Ended[], at: Date): Promise<void> {
  await tx.query(
    `WITH open AS (
       SELECT h.id, h.message_id FROM hand_over h JOIN message m ON m.id = h.message_id
       WHERE m.party_id = $1 AND h.kind = 'detection' AND h.state IN ('queued', 'retrying', 'held', 'parked')
         AND (h.claimed_until IS NULL OR h.claimed_until < now()) FOR UPDATE OF h),
     gone AS (
       DELETE FROM detection_row r USING open
       WHERE r.message_id = open.message_id AND r.subject_tag = ANY($2) RETURNING open.id),
     counted AS (SELECT id, count(*)::int AS rows FROM gone GROUP BY id),
     changed AS (
       UPDATE hand_over h SET items = items - rows, withdrawn = withdrawn + rows,
         state = CASE WHEN items = rows THEN 'withdrawn' ELSE state END,
         reason = CASE WHEN items = rows THEN 'tenancy-ended' ELSE reason END
       FROM counted WHERE h.id = counted.id RETURNING h.message_id, h.state)
     INSERT INTO transition (message_id, state, at, code)
     SELECT message_id, 'withdrawn', $3::timestamptz, 'tenancy-ended' FROM changed WHERE state = 'withdrawn'`,
    [party, ended.map(it => it.subjectTag), at],
  )
}

const END_ROUTES = `
  UPDATE route r SET ended_on = e.ended_on
  FROM unnest($2::text[], $3::bytea[], $4::bytea[], $5::date[]) AS e (domain, tag, subject_tag, ended_on)
  WHERE r.domain = e.domain AND r.tag = e.tag AND r.party_id = $1`

const INSERT = `
  WITH ended AS (
    SELECT * FROM unnest($6::text[], $7::bytea[], $8::bytea[], $9::date[])
      AS e (domain, tag, subject_tag, ended_on)),
  stored AS (
    INSERT INTO tenancy_end (message_id, domain, tag, subject_tag, ended_on)
    SELECT $1, domain, tag, subject_tag, ended_on FROM ended)
  INSERT INTO hand_over (id, message_id, destination, kind, domain, items, state, due_at, created_at)
  SELECT d.id, $1, $2, 'tenancy-ended', d.domain, (SELECT count(*) FROM ended e WHERE e.domain = d.domain),
    'queued', now(), $3
  FROM unnest($4::text[], $5::text[]) AS d (domain, id)`
