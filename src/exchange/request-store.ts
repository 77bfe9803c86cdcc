import type { Tx } from '../db/pool.ts'
import { Refusal, reason, refuse } from '../errors.ts'
import { holdContested } from './contested.ts'
import { OBJECTION_WINDOW } from './precondition.ts'

/** A person on the way: pseudonyms, sealed row, encrypted reference; no national number any more. */
export interface SealedPerson {
  index: number
  tag: Uint8Array
  subjectTag: Uint8Array
  rowId: Uint8Array
  nonce: Uint8Array
  ciphertext: Uint8Array
  reference: Uint8Array
  referenceHash: Uint8Array
}

/** One housing company's requests of one month under one protocol. */
export interface PeriodPlace {
  protocol: string
  party: string
  period: string
}

/**
 * Serialises the writers of one period: who is new in it, its ceilings and its closing are exact.
 * @throws Refusal HB-509 where the period is closed
 */
export async function lockPeriod(tx: Tx, place: PeriodPlace): Promise<void> {
  const { protocol, party, period } = place
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `period ${protocol} ${party} ${period}`,
  ])
  const { rowCount } = await tx.query(
    'SELECT FROM period_close WHERE protocol = $1 AND party_id = $2 AND period = $3',
    [protocol, party, period],
  )
  if (rowCount) throw refuse('HB-509', '/referenceDate', `period ${period}`)
}

/** What two items of one period may not share, in the order in which it is told. */
const ALONE = ['tag', 'secret', 'subjectTag'] as const

/**
 * A person is in at most one request of a type per period, across key epochs: by subject tag. What a
 * blind sender says of that cannot be verified, so by tag and by row id as well, which is of the
 * secret: whoever sent one person many times could average away the noise of the counts.
 * @param pointerOf the place of an item's member
 * @throws Refusal HB-404 naming each such tenant
 */
export async function assertNewInPeriod(
  tx: Tx,
  place: PeriodPlace & { type: string },
  sealed: SealedPerson[],
  pointerOf: (index: number, field: (typeof ALONE)[number]) => string,
): Promise<void> {
  const { rows } = await tx.query<{ index: number; shared: number }>(SENT_BEFORE, [
    place.protocol,
    place.party,
    place.period,
    place.type,
    sealed.map(it => it.index),
    sealed.map(it => it.tag),
    sealed.map(it => it.rowId),
    sealed.map(it => it.subjectTag),
  ])
  if (rows.length === 0) return
  const rule = 'a tenant is in at most one request per period'
  throw new Refusal(
    rows.map(({ index, shared }) =>
      reason('HB-404', pointerOf(index, ALONE[shared] ?? 'tag'), rule),
    ),
  )
}

// One join for each, as each has an index of its own.
const SENT_BEFORE = `
  WITH sent AS (
    SELECT * FROM unnest($5::int[], $6::bytea[], $7::bytea[], $8::bytea[])
      AS t (index, tag, row_id, subject_tag)),
  shared AS (
    ${['tag', 'row_id', 'subject_tag']
      .map(
        (column, position) => `SELECT sent.index, ${position} AS shared FROM sent
    JOIN period_member p ON p.protocol = $1 AND p.party_id = $2 AND p.period = $3 AND p.type = $4
      AND p.${column} = sent.${column}`,
      )
      .join(' UNION ALL ')})
  SELECT index, min(shared) AS shared FROM shared GROUP BY index ORDER BY index`

interface NewRequest extends PeriodPlace {
  messageId: string
  domain: string
  handOverId: string
  type: string
  destination: string
  at: Date
  /** The end of an objection window, where there is one. */
  heldUntil: Date | undefined
  expiresAt: Date
  sealed: SealedPerson[]
}

/**
 * Writes members, rows, routes and the hand-over of one request, set-based; holds the feedback that is
 * on its way to another party about the same persons.
 */
export async function insertRequest(tx: Tx, request: NewRequest): Promise<void> {
  const { sealed } = request
  if (sealed.length === 0) return
  await tx.query(INSERT, [
    request.messageId,
    request.protocol,
    request.party,
    request.period,
    request.domain,
    request.expiresAt,
    sealed.map(it => it.rowId),
    sealed.map(it => it.nonce),
    sealed.map(it => it.ciphertext),
    sealed.map(it => it.tag),
    sealed.map(it => it.subjectTag),
    sealed.map(it => it.reference),
    sealed.map(it => it.referenceHash),
    request.handOverId,
    request.destination,
    sealed.length,
    request.at,
    request.type,
    request.heldUntil,
  ])
  await holdContested(tx, request, sealed)
}

const INSERT = `
  WITH tenant AS (
    SELECT * FROM unnest($7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[], $11::bytea[],
      $12::bytea[], $13::bytea[])
      AS t (row_id, nonce, ciphertext, tag, subject_tag, reference, reference_hash)
    ORDER BY tag),
  member AS (
    INSERT INTO period_member (protocol, party_id, period, type, subject_tag, tag, row_id)
    SELECT $2, $3, $4, $18, subject_tag, tag, row_id FROM tenant),
  sealed AS (
    INSERT INTO detection_row (message_id, row_id, nonce, ciphertext, tag, subject_tag)
    SELECT $1, row_id, nonce, ciphertext, tag, subject_tag FROM tenant),
  routed AS (
    INSERT INTO route (domain, tag, party_id, subject_tag, reference_hash, reference, period, expires_at)
    SELECT $5, tag, $3, subject_tag, reference_hash, reference, $4, $6 FROM tenant
    ON CONFLICT (domain, tag, party_id) DO UPDATE SET reference = excluded.reference,
      reference_hash = excluded.reference_hash, period = greatest(route.period, excluded.period),
      ended_on = NULL, expires_at = excluded.expires_at)
  INSERT INTO hand_over (id, message_id, destination, kind, domain, items, state, reason, due_at, created_at)
  VALUES ($14, $1, $15, 'request', $5, $16,
    CASE WHEN $19::timestamptz IS NULL THEN 'queued' ELSE 'held' END,
    CASE WHEN $19::timestamptz IS NOT NULL THEN '${OBJECTION_WINDOW}' END, coalesce($19, now()), $17)`
