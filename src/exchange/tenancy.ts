import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import type { Queryable, Tx } from '../db/pool.ts'
import { type DoomedRow, type Withdrawn, withdrawRows } from '../delivery/withdraw-rows.ts'
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
    assertItems(items, incoming.at)
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
      store: async tx => {
        await permission.assertCeilings(tx, newest.length)
        await storeEnded(
          tx,
          messageId,
          incoming.caller.party,
          permission.recipient,
          ended,
          newest,
          incoming.at,
        )
      },
    }
  })
}

function assertItems(items: EndedItem[], at: Date): void {
  const today = at.toISOString().slice(0, 10)
  const seen = new Set<string>()
  const faults: Reason[] = []
  items.forEach((item, index) => {
    if (seen.has(item.tenantRef)) {
      faults.push(reason('HB-403', `/items/${index}/tenantRef`, 'one item per tenant'))
    }
    seen.add(item.tenantRef)
    if (item.endedOn > today) {
      const remedy = 'Report the end on the last day of the tenancy or later.'
      faults.push(
        reason('HB-202', `/items/${index}/endedOn`, 'a date in the past or today', remedy),
      )
    }
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
  await lockRoutes(tx, party, ended)
  await tx.query(END_ROUTES, [party, ...columns(ended)])
  const feedback = await withdrawFeedback(tx, party, ended, at)
  const rows = await withdrawRows(tx, await findOpenRows(tx, party, ended), 'tenancy-ended', at)
  await recordWithdrawals(tx, party, feedback, 'feedback.reachability', at)
  await recordWithdrawals(tx, party, rows, 'detection.request', at)
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

// In one order, so that two messages about the same tenants wait for one another; a tenancy ends once.
async function lockRoutes(tx: Tx, party: string, ended: Ended[]): Promise<void> {
  const { rows } = await tx.query<{ tag: Buffer; ended: boolean }>(
    `SELECT r.tag, r.ended_on IS NOT NULL AS ended FROM route r
     JOIN unnest($2::text[], $3::bytea[]) AS e (domain, tag) ON r.domain = e.domain AND r.tag = e.tag
     WHERE r.party_id = $1 ORDER BY r.domain, r.tag FOR NO KEY UPDATE OF r`,
    [party, ended.map(it => it.domain), ended.map(it => it.tag)],
  )
  if (rows.some(row => row.ended)) {
    throw new Refusal(reason('HB-406', '/items', 'a current tenant of the sender'))
  }
}

/** Feedback on its way to this company about its former tenants; @returns the messages it was part of. */
async function withdrawFeedback(
  tx: Tx,
  party: string,
  ended: Ended[],
  at: Date,
): Promise<Withdrawn[]> {
  const { rows } = await tx.query<Withdrawn>(
    `WITH gone AS (
       UPDATE hand_over h SET state = 'withdrawn', reason = 'tenancy-ended', claimed_until = NULL
       FROM feedback f, unnest($2::text[], $3::bytea[]) AS e (domain, tag)
       WHERE h.feedback_id = f.id AND h.kind = 'event' AND f.party_id = $1
         AND f.domain = e.domain AND f.tag = e.tag AND h.delivered_at IS NULL
         AND h.state IN ('queued', 'retrying', 'held', 'parked')
         AND (h.claimed_until IS NULL OR h.claimed_until < now())
       RETURNING h.message_id),
     stepped AS (
       INSERT INTO transition (message_id, state, at, code)
       SELECT DISTINCT message_id, 'withdrawn', $4::timestamptz, 'tenancy-ended' FROM gone)
     SELECT message_id AS "messageId", count(*)::int AS rows, true AS whole FROM gone GROUP BY 1`,
    [party, ended.map(it => it.domain), ended.map(it => it.tag), at],
  )
  return rows
}

// A row that a worker has in hand right now may still go; if that try fails, the next claim takes it out.
async function findOpenRows(tx: Tx, party: string, ended: Ended[]): Promise<DoomedRow[]> {
  const { rows } = await tx.query<DoomedRow>(
    `WITH open AS (
       SELECT h.id, h.message_id FROM hand_over h JOIN message m ON m.id = h.message_id
       WHERE m.party_id = $1 AND h.kind = 'detection' AND h.state IN ('queued', 'retrying', 'held', 'parked')
         AND (h.claimed_until IS NULL OR h.claimed_until < now()) ORDER BY h.id FOR NO KEY UPDATE OF h)
     SELECT open.id AS "handOverId", r.subject_tag AS "subjectTag"
     FROM open JOIN detection_row r ON r.message_id = open.message_id WHERE r.subject_tag = ANY($2)`,
    [party, ended.map(it => it.subjectTag)],
  )
  return rows
}

function recordWithdrawals(
  tx: Tx,
  party: string,
  withdrawn: Withdrawn[],
  type: string,
  at: Date,
): Promise<unknown> {
  return recordEntries(
    tx,
    withdrawn.map(({ messageId, rows }) => ({
      action: 'message.withdrawn' as const,
      at,
      actor: { party, role: 'housing-company' },
      message: { id: messageId, type },
      counts: { items: rows },
      reason: 'tenancy-ended',
    })),
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
