import { inTransaction } from '../../src/db/pool.ts'
import { newId } from '../../src/ids.ts'
import type { TestGateway } from '../support/gateway.ts'
import { seedRows } from '../support/seed.ts'

/** The UTC day so many days ago, by the clock of this machine. */
export function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)
}

/** One message of a party, with one hand-over to VDAB that has its items. */
export async function seedMessage(
  gateway: TestGateway,
  what: {
    day?: string
    party?: string
    accepted?: number
    refused?: number
    state?: string
    reason?: string
    protocol?: string | null
  } = {},
): Promise<{ messageId: string; handOverId: string }> {
  const { day = daysAgo(0), party = 'woonboog', accepted = 3, refused = 0 } = what
  const at = new Date(`${day}T00:00:01.000Z`)
  const messageId = newId('msg', at)
  const handOverId = newId('del', at)
  await seedRows(gateway.db.pool, async tx => {
    await tx.query(
      `INSERT INTO message (id, type, protocol, party_id, received_at, received_day, digest, accepted, refused)
       VALUES ($1, 'tenancy.ended', $2, $3, $4, $5, 'seed', $6, $7)`,
      [
        messageId,
        what.protocol === undefined ? 'wm-vdab' : what.protocol,
        party,
        at,
        day,
        accepted,
        refused,
      ],
    )
    if (accepted === 0) return
    await tx.query(
      `INSERT INTO hand_over (id, message_id, destination, kind, items, state, reason, due_at, created_at)
       VALUES ($1, $2, 'vdab', 'items', $3, $4, $5, now(), now())`,
      [handOverId, messageId, accepted, what.state ?? 'queued', what.reason],
    )
  })
  return { messageId, handOverId }
}

/** Changes messages and hand-overs as nobody who runs the program can: no trigger sees it. */
export async function tamper(
  gateway: TestGateway,
  sql: string,
  values: unknown[] = [],
): Promise<void> {
  const tables = ['message', 'hand_over']
  await inTransaction(gateway.db.pool, async tx => {
    for (const table of tables) await tx.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`)
    await tx.query(sql, values)
    for (const table of tables) await tx.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`)
  })
}

/** Forgets everything that moved, and its evidence, which no sequencer took yet. */
export async function forget(gateway: TestGateway): Promise<void> {
  await gateway.db.pool.query(
    `DELETE FROM daily_balance; DELETE FROM balance_day; DELETE FROM exception; DELETE FROM attempt;
     DELETE FROM transition; DELETE FROM circuit; DELETE FROM protocol_notice; DELETE FROM hand_over; DELETE FROM message;
     DELETE FROM audit_pending; DELETE FROM audit_detail`,
  )
}

/** The entries of an action, with what is beside the log. */
export async function entriesOf(gateway: TestGateway, action: string) {
  const { rows } = await gateway.db.pool.query<{
    entry: { reason?: string; counts?: Record<string, number>; protocol?: { id: string } }
    details: Record<string, unknown> | null
  }>(
    `SELECT convert_from(e.entry, 'UTF8')::json AS entry, d.details::json AS details FROM (
       SELECT entry_id, entry, action FROM audit_pending
       UNION ALL SELECT entry_id, entry, action FROM audit_entry) e
     LEFT JOIN audit_detail d USING (entry_id) WHERE e.action = $1`,
    [action],
  )
  return rows
}
