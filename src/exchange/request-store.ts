import { joinPieces, piece } from '../db/pieces.ts'
import { inPipeline, type Tx } from '../db/pool.ts'
import { type Reason, Refusal, reason } from '../errors.ts'
import { holdContested } from './contested.ts'
import { type Announcement, findObjected, objectedReason } from './objection.ts'
import { countUses, type Permission, type Use } from './permission.ts'
import {
  findWithdrawn,
  OBJECTION_WINDOW,
  type Participation,
  storeParticipations,
  withdrawnReason,
} from './precondition.ts'

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

/** What two items of one period may not share, in the order in which it is told. */
const ALONE = ['tag', 'secret', 'subjectTag'] as const

/** A request that was checked, with its persons: what is stored of it beside its message. */
export interface NewRequest extends PeriodPlace {
  type: string
  messageId: string
  domain: string
  handOverId: string
  destination: string
  at: Date
  /** The end of an objection window, where there is one. */
  heldUntil: Date | undefined
  expiresAt: Date
  sealed: SealedPerson[]
  profile: Permission['profile']
  use: Use
  participations: Participation[]
  announcements: Announcement[]
  /** The place of an item in the body, or of a member of it. */
  pointerOf(position: number, member?: (typeof ALONE)[number]): string
}

/** Requests that may not be stored, each with why, by the id of its message; the others may. */
export class Refused extends Error {
  readonly refusals: ReadonlyMap<string, Refusal>

  constructor(refusals: ReadonlyMap<string, Refusal>) {
    super('requests are refused')
    this.refusals = refusals
  }
}

/** Somebody in one of these requests was sent before, or is in two of them: to find out, each goes alone. */
export class SentBefore extends Error {}

/**
 * Writes requests in the transaction of their messages, set-based: members, rows, routes and hand-overs.
 * Who is new in a period, its ceilings and its closing are exact, also beside other writers.
 * @throws Refused HB-509, HB-404, HB-415, HB-417, HB-313, HB-604; SentBefore of several requests
 */
export async function storeRequests(tx: Tx, requests: readonly NewRequest[]): Promise<void> {
  if (requests.length === 0) return
  // In this order, and nothing waits for what comes before it.
  await inPipeline(
    sharePeriods(tx, requests),
    refuseClosed(tx, requests),
    ...requests.map(request => refuseWithdrawn(tx, request)),
    insertRequests(tx, requests),
    holdContested(tx, requests),
    // The routes are locked by now: an objection either sees this request or is seen here.
    ...requests.map(request => refuseStopped(tx, request)),
    // Last, for it keeps out all others who count the same.
    refuseTooMany(tx, requests),
  )
}

type Refusals = Map<string, Refusal>

function refuseAll(refusals: Refusals): void {
  if (refusals.size > 0) throw new Refused(refusals)
}

/** Of each message of which something is wrong a refusal. */
function refusalsOf(faults: readonly { messageId: string; reason: Reason }[]): Refusals {
  const byMessage = Map.groupBy(faults, ({ messageId }) => messageId)
  return new Map(
    [...byMessage].map(([messageId, all]) => [messageId, new Refusal(all.map(it => it.reason))]),
  )
}

/** The lock of a period: shared by those who send in it, alone by who closes it. */
export function periodLock({ protocol, party, period }: PeriodPlace): string {
  return `period ${protocol} ${party} ${period}`
}

async function sharePeriods(tx: Tx, requests: readonly NewRequest[]): Promise<void> {
  await tx.query({
    name: 'share-periods',
    text: 'SELECT pg_advisory_xact_lock_shared(hashtextextended(name, 0)) FROM unnest($1::text[]) AS p (name)',
    values: [[...new Set(requests.map(periodLock))].toSorted()],
  })
}

async function refuseClosed(tx: Tx, requests: readonly NewRequest[]): Promise<void> {
  const { rows } = await tx.query<{ position: number }>({
    name: 'closed-periods',
    text: `SELECT p.ordinality::int - 1 AS position
      FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY
        AS p (protocol, party_id, period, ordinality)
      JOIN period_close c USING (protocol, party_id, period)`,
    values: [
      requests.map(it => it.protocol),
      requests.map(it => it.party),
      requests.map(it => it.period),
    ],
  })
  refuseAll(
    refusalsOf(
      rows.flatMap(({ position }) => {
        const { messageId, period } = requests[position] ?? {}
        if (messageId === undefined) return []
        return [{ messageId, reason: reason('HB-509', '/referenceDate', `period ${period}`) }]
      }),
    ),
  )
}

/**
 * A person is in at most one request of a type per period, across key epochs: by subject tag. What a
 * blind sender says of that cannot be verified, so by tag and by row id as well, which is of the
 * secret: whoever sent one person many times could average away the noise of the counts.
 * @throws Refused HB-404 naming each such tenant
 */
async function refuseSentBefore(tx: Tx, requests: readonly NewRequest[]): Promise<void> {
  const [request, ...others] = requests
  if (!request || others.length > 0) throw new SentBefore()
  const { messageId, sealed } = request
  const { rows } = await tx.query<{ bytes: Buffer; shared: number }>(SENT_BEFORE, [
    request.protocol,
    request.party,
    request.period,
    request.type,
    ...SHARED.map(([, name]) => sealed.map(it => it[name])),
  ])
  const found = SHARED.map(
    (_, at) =>
      new Set(rows.filter(({ shared }) => shared === at).map(it => it.bytes.toString('hex'))),
  )
  const rule = 'a tenant is in at most one request per period'
  refuseAll(
    refusalsOf(
      sealed.flatMap((person, position) => {
        const at = SHARED.findIndex(([, name], kind) =>
          found[kind]?.has(Buffer.from(person[name]).toString('hex')),
        )
        const pointer = request.pointerOf(position, ALONE[at])
        return at < 0 ? [] : [{ messageId, reason: reason('HB-404', pointer, rule) }]
      }),
    ),
  )
  throw new Error('a person was sent before, and cannot be found')
}

/** All persons of requests one after the other, each with the number of its request, from 1. */
function personsOf(requests: readonly NewRequest[]) {
  const numbers = requests.flatMap(({ sealed }, request) => sealed.map(() => request + 1))
  return { numbers, persons: requests.flatMap(({ sealed }) => sealed) }
}

/** The columns of what two items may not share, and the members of a person, as {@link ALONE} names them. */
const SHARED = [
  ['tag', 'tag'],
  ['row_id', 'rowId'],
  ['subject_tag', 'subjectTag'],
] as const

// Whoever was new has a row of this transaction by now.
const SENT_BEFORE = SHARED.map(
  ([column], at) => `
  SELECT ${column} AS bytes, ${at} AS shared FROM period_member
  WHERE protocol = $1 AND party_id = $2 AND period = $3 AND type = $4
    AND ${column} = ANY($${5 + at}::bytea[]) AND xmin <> pg_current_xact_id()::xid`,
).join(' UNION ALL ')

/** Keeps what persons signed; HB-415 where one withdrew at this very moment. */
async function refuseWithdrawn(tx: Tx, request: NewRequest): Promise<void> {
  const gone = await storeParticipations(tx, request, request.participations)
  refuseAll(refusalsOf(gone.map(at => refused(request, at, withdrawnReason))))
}

function refused(
  request: NewRequest,
  at: number,
  why: (profile: NewRequest['profile'], pointer: string) => Reason,
): { messageId: string; reason: Reason } {
  const { messageId, profile } = request
  return { messageId, reason: why(profile, request.pointerOf(at)) }
}

/** Persons of whom nothing may go: who objected, or withdrew. */
async function refuseStopped(tx: Tx, request: NewRequest): Promise<void> {
  const { profile, announcements, participations } = request
  const [objected, withdrawn] = await inPipeline(
    findObjected(tx, request, profile, announcements),
    findWithdrawn(tx, request, participations),
  )
  refuseAll(
    refusalsOf([
      ...objected.map(at => refused(request, at, objectedReason)),
      ...withdrawn.map(at => refused(request, at, withdrawnReason)),
    ]),
  )
}

async function refuseTooMany(tx: Tx, requests: readonly NewRequest[]): Promise<void> {
  const counted = requests.filter(({ sealed }) => sealed.length > 0)
  const uses = counted.map(({ use }) => use)
  const refusals = await countUses(tx, uses)
  refuseAll(
    new Map(
      counted.flatMap(({ messageId }, position) => {
        const refusal = refusals[position]
        return refusal ? [[messageId, refusal] as const] : []
      }),
    ),
  )
}

/** Writes what is told of persons; each must be new in the period. */
async function insertRequests(tx: Tx, requests: readonly NewRequest[]): Promise<void> {
  const { numbers, persons } = personsOf(requests)
  if (persons.length === 0) return
  const { rows } = await tx.query<{ members: number }>({
    name: 'insert-requests',
    text: INSERT,
    values: [
      requests.map(it => it.messageId),
      requests.map(it => it.protocol),
      requests.map(it => it.party),
      requests.map(it => it.period),
      requests.map(it => it.type),
      requests.map(it => it.domain),
      requests.map(it => it.expiresAt),
      requests.map(it => it.handOverId),
      requests.map(it => it.destination),
      requests.map(it => it.sealed.length),
      requests.map(it => it.at),
      requests.map(it => it.heldUntil),
      numbers,
      ...BYTES.map(([name, size]) =>
        joinPieces(
          persons.map(it => it[name]),
          size,
        ),
      ),
    ],
  })
  if (rows[0]?.members !== persons.length) await refuseSentBefore(tx, requests)
}

/** What is stored of a person: member, bytes, column. */
const BYTES = [
  ['rowId', 16, 'row_id'],
  ['nonce', 12, 'nonce'],
  ['ciphertext', 144, 'ciphertext'],
  ['tag', 16, 'tag'],
  ['subjectTag', 16, 'subject_tag'],
  ['reference', 92, 'reference'],
  ['referenceHash', 32, 'reference_hash'],
] as const

// In the order of the tags, so that two of them never wait for each other.
const INSERT = `
  WITH request AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
      $7::timestamptz[], $8::text[], $9::text[], $10::int[], $11::timestamptz[], $12::timestamptz[])
      WITH ORDINALITY AS r (message_id, protocol, party_id, period, type, domain, expires_at,
        hand_over_id, destination, items, at, held_until, number)),
  tenant AS (
    SELECT r.message_id, r.protocol, r.party_id, r.period, r.type, r.domain, r.expires_at,
      ${BYTES.map(([, size, column], at) => `${piece(`$${14 + at}`, size, 't.place')} AS ${column}`).join(', ')}
    FROM unnest($13::int[]) WITH ORDINALITY AS t (number, place)
      JOIN request r USING (number) ORDER BY tag, party_id),
  member AS (
    INSERT INTO period_member (protocol, party_id, period, type, subject_tag, tag, row_id)
    SELECT protocol, party_id, period, type, subject_tag, tag, row_id FROM tenant
    ON CONFLICT DO NOTHING RETURNING 1),
  sealed AS (
    INSERT INTO detection_row (message_id, row_id, nonce, ciphertext, tag, subject_tag)
    SELECT message_id, row_id, nonce, ciphertext, tag, subject_tag FROM tenant),
  routed AS (
    INSERT INTO route (domain, tag, party_id, subject_tag, reference_hash, reference, period, expires_at)
    SELECT domain, tag, party_id, subject_tag, reference_hash, reference, period, expires_at FROM tenant
    ON CONFLICT (domain, tag, party_id) DO UPDATE SET reference = excluded.reference,
      reference_hash = excluded.reference_hash, period = greatest(route.period, excluded.period),
      ended_on = NULL, expires_at = excluded.expires_at),
  handed AS (INSERT INTO hand_over (id, message_id, destination, kind, domain, items, state, reason, due_at, created_at)
  SELECT hand_over_id, message_id, destination, 'request', domain, items,
    CASE WHEN held_until IS NULL THEN 'queued' ELSE 'held' END,
    CASE WHEN held_until IS NOT NULL THEN '${OBJECTION_WINDOW}' END, coalesce(held_until, now()), at
  FROM request WHERE items > 0)
  SELECT count(*)::int AS members FROM member`
