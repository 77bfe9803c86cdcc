import { recordEntries } from '../../src/audit/record.ts'
import type { EntryDraft } from '../../src/audit/types.ts'
import type { Pool } from '../../src/db/pool.ts'
import { seedRows } from '../support/seed.ts'

/** The instant of every seeded day: a Tuesday, 14:30 in Belgium. */
export const NOW = new Date('2026-03-10T13:30:00.000Z')
export const PROTOCOL = { id: 'wm-vdab', version: '1.0.0', digest: 'synthetic-digest-of-wm-vdab' }
export const DOMAIN = 'wm-vdab/1/1'
/** A name with markup, of several scripts and directions, with a word that fits no narrow window. */
export const HOSTILE =
  `<script>alert(1)</script> "Wonen" & 'Zo' <img src=x onerror=alert(2)> ` +
  'שלום بيت 住宅 жильё 👩‍👧 Z̃o Woonmaatschappijensamenwerkingsverbandsvergadering'

/** Values that live beside what the console shows, and that no page may ever show. */
export const SECRETS = {
  nationalNumber: '85073003328',
  tenantRef: 'HUURDER-4711',
  reachability: 'hard-to-reach',
  establishedOn: '2026-02-27',
  referenceDate: '2026-03-01',
  found: 48213,
}

let counter = 0

/** An id that sorts by its time, as a ULID does. */
export function idAt(prefix: 'msg' | 'fb' | 'del', at: Date): string {
  counter++
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  const time = at
    .getTime()
    .toString(32)
    .padStart(10, '0')
    .replace(/./g, digit => digits[parseInt(digit, 32)]!)
  return `${prefix}_${time}${String(counter).padStart(16, '0')}`
}

/** An instant some minutes before NOW. */
export function ago(minutes: number): Date {
  return new Date(NOW.getTime() - minutes * 60_000)
}

export interface MessageSeed {
  at: Date
  type: string
  party: string
  accepted: number
  refused?: number
  code?: string
  protocol?: typeof PROTOCOL | null
  inReplyTo?: string
  answer?: 'awaiting' | 'answered'
  fields?: string[]
  receipt?: string
}

/** Inserts one message. */
export async function addMessage(pool: Pool, seed: MessageSeed): Promise<string> {
  const id = idAt('msg', seed.at)
  const protocol = seed.protocol === null ? undefined : (seed.protocol ?? PROTOCOL)
  const isRequest = seed.type === 'detection.request'
  await seedRows(pool, tx =>
    tx.query(
      `INSERT INTO message (id, type, protocol, protocol_version, protocol_digest, fields, party_id,
       purpose, domain, period, reference_date, target_group, in_reply_to, received_at, received_day,
       digest, accepted, refused, code, receipt, answer_state, answer_due_at, answered_at, found)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'detection', $8, $9, $10, $11, $12, $13,
       ($13::timestamptz AT TIME ZONE 'UTC')::date, 'synthetic-body-digest', $14, $15, $16, $17, $18,
       $13::timestamptz + interval '14 days', NULL, $19)`,
      [
        id,
        seed.type,
        protocol?.id,
        protocol?.version,
        protocol?.digest,
        seed.fields,
        seed.party,
        isRequest ? DOMAIN : null,
        isRequest ? '2026-03' : null,
        isRequest ? SECRETS.referenceDate : null,
        isRequest ? JSON.stringify({ id: 'tenants-with-labour-potential', version: '1.0' }) : null,
        seed.inReplyTo,
        seed.at,
        seed.accepted,
        seed.refused ?? 0,
        seed.code,
        seed.receipt,
        seed.answer && 'awaiting',
        seed.type === 'detection.answer' ? SECRETS.found : null,
      ],
    ),
  )
  if (seed.answer === 'answered') {
    await seedRows(pool, tx =>
      tx.query(
        "UPDATE message SET answer_state = 'answered', answered_at = received_at WHERE id = $1",
        [id],
      ),
    )
    await pool.query('DELETE FROM transition WHERE message_id = $1', [id])
  }
  return id
}

export async function addTransition(
  pool: Pool,
  messageId: string,
  state: string,
  at: Date,
  code?: string,
): Promise<void> {
  await pool.query(
    "INSERT INTO transition (message_id, was, state, at, code) VALUES ($1, 'queued', $2, $3, $4)",
    [messageId, state, at, code],
  )
}

export interface HandOverSeed {
  messageId: string
  at: Date
  to: string | null
  kind: 'request' | 'items' | 'progress' | 'event' | 'register'
  state: string
  items?: number
  event?: string
  reason?: string
  status?: number
  attempts?: number
  deliveredAt?: Date
}

/** Inserts one hand-over, without a trace of the steps to its state. */
export async function addHandOver(pool: Pool, seed: HandOverSeed): Promise<string> {
  const id = idAt('del', seed.at)
  const start = seed.kind === 'register' || seed.state === 'held' ? seed.state : 'queued'
  await seedRows(pool, async tx => {
    await tx.query(
      `INSERT INTO hand_over (id, message_id, destination, kind, event, items, state, reason, attempts,
       last_status, due_at, created_at, delivered_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)`,
      [
        id,
        seed.messageId,
        seed.to,
        seed.kind,
        seed.event,
        seed.items ?? 1,
        start,
        seed.reason,
        seed.attempts ?? 1,
        seed.status,
        seed.at,
        seed.deliveredAt,
      ],
    )
    await tx.query('UPDATE hand_over SET state = $2 WHERE id = $1', [id, seed.state])
    await tx.query('DELETE FROM transition WHERE hand_over_id = $1', [id])
  })
  return id
}

/** Inserts the feedback rows of one message, with the values that must stay hidden. */
export async function addFeedback(
  pool: Pool,
  messageId: string,
  party: string,
  statuses: readonly string[],
): Promise<void> {
  for (const [index, status] of statuses.entries()) {
    const tag = Buffer.alloc(16, index + 1)
    const id = idAt('fb', NOW)
    await pool.query(
      `INSERT INTO feedback (id, message_id, protocol, type, domain, tag, subject_tag, party_id,
         receiver_id, content, status, created_at)
       VALUES ($1, $2, 'wm-vdab', 'feedback.reachability', $3, $4, $4, $5, $5, $6, 'open', $7)`,
      [
        id,
        messageId,
        DOMAIN,
        tag,
        party,
        JSON.stringify({
          reachability: SECRETS.reachability,
          establishedOn: SECRETS.establishedOn,
        }),
        ago(300),
      ],
    )
    await seedRows(pool, tx =>
      tx.query('UPDATE feedback SET status = $2 WHERE id = $1', [id, status]),
    )
  }
}

/** Records entries in the order given. */
export async function addEntries(pool: Pool, drafts: EntryDraft[]): Promise<void> {
  await recordEntries(pool, drafts)
}

/** The registered parties; numbers are synthetic and begin with 0999. */
export async function addParties(pool: Pool): Promise<void> {
  const parties = [
    ['vdab', 'employment-service', 'VDAB', '0999000129'],
    ['woonboog', 'housing-company', 'Woonboog', '0999000327'],
    ['leefgoed', 'housing-company', 'Leefgoed', '0999000426'],
    ['hostile', 'housing-company', HOSTILE, '0999000525'],
  ]
  for (const party of parties) {
    await pool.query(
      `INSERT INTO party (id, kind, name, kbo, jwks) VALUES ($1, $2, $3, $4, '{"keys":[]}')`,
      party,
    )
  }
  await pool.query(
    `INSERT INTO domain (name, protocol, epoch, state, public_key)
     VALUES ($1, 'wm-vdab', 1, 'current', $2)`,
    [DOMAIN, Buffer.alloc(32, 7)],
  )
}
