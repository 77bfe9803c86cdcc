import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { joinPieces, piece } from '../db/pieces.ts'
import { inTransaction, type Queryable, type Tx } from '../db/pool.ts'
import { HAND_OVER_COLUMNS, type HandOver } from '../delivery/outbox.ts'
import { decideAgain } from '../delivery/recheck.ts'
import { TAG_BYTES } from '../pseudonym/derive.ts'

const KIND = 'two-current-routes'
const REASON = 'two-routes'

/** A party that names a person now, and by which tag. */
export interface CurrentRoute {
  party: string
  domain: string
  tag: Buffer
  subjectTag: Buffer
}

/**
 * The parties that name the person of each tag now, under any key epoch of the protocol that is not
 * closed: by its tag, and by who the person is. Those by the tag itself come first, then the newest.
 * @param tags base64url, of `domain`
 * @returns by tag; a tag that is no current route itself is not in it
 */
export async function findCurrentRoutes(
  db: Queryable,
  domain: string,
  tags: readonly string[],
): Promise<Map<string, CurrentRoute[]>> {
  const { rows } = await db.query<CurrentRoute & { asked: Buffer }>(ROUTES, [
    domain,
    tags.map(tag => Buffer.from(tag, 'base64url')),
  ])
  const routes = Map.groupBy(rows, row => row.asked.toString('base64url'))
  return new Map([...routes].filter(([tag, [first]]) => first?.tag.toString('base64url') === tag))
}

/** A request, and the persons whom it names. */
interface Naming {
  protocol: string
  party: string
  domain: string
  at: Date
  sealed: readonly { tag: Uint8Array; subjectTag: Uint8Array }[]
}

/**
 * Feedback on its way to another party about persons whom these requests name as well, from now on: it
 * goes to nobody until one route is left. What a worker has in hand may still go.
 */
export async function holdContested(tx: Tx, requests: readonly Naming[]): Promise<void> {
  const named = requests.flatMap(({ sealed }, request) =>
    sealed.map(({ tag, subjectTag }) => ({ request, tag, subjectTag })),
  )
  if (named.length === 0) return
  const { rows } = await tx.query<{ id: string }>({
    name: 'contested',
    text: CONTESTED,
    values: [
      requests.map(it => it.protocol),
      requests.map(it => it.party),
      requests.map(it => it.domain),
      named.map(it => it.request + 1),
      joinPieces(
        named.map(it => it.tag),
        TAG_BYTES,
      ),
      joinPieces(
        named.map(it => it.subjectTag),
        TAG_BYTES,
      ),
    ],
  })
  const at = new Date(Math.max(...requests.map(it => it.at.getTime())))
  await hold(tx, rows, at)
}

/** What was in a worker's hand while its person came to have two routes, and did not arrive. */
export async function holdContestedRetries(context: Context): Promise<void> {
  await inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<{ id: string }>(RETRYING)
    await hold(tx, rows, context.clock())
  })
}

async function hold(tx: Tx, found: { id: string }[], at: Date): Promise<void> {
  if (found.length === 0) return
  const { rows } = await tx.query<{ id: string; type: string; items: number; parties: string[] }>(
    HOLD,
    [found.map(it => it.id), at],
  )
  await recordEntries(
    tx,
    rows.map(({ id, type, items, parties }) => openedEntry({ id, type }, items, parties, at)),
  )
}

/** The entry that a person must look: feedback that goes to nobody, and between which parties. */
export function openedEntry(
  message: { id: string; type: string },
  items: number,
  parties: readonly string[],
  at: Date,
) {
  return {
    action: 'exception.opened' as const,
    at,
    actor: { role: 'gateway' },
    message,
    counts: { items },
    reason: KIND,
    details: { parties: [...parties] },
  }
}

/** A route, its tags in hexadecimal. */
interface Left {
  party: string
  domain: string
  tag: string
  subjectTag: string
}

type Held = HandOver & { feedbackId: string; routes: Left[] | null }

/**
 * Feedback of a person with two current routes goes to the one that is left, once one is: by its
 * own tag, or by the one under which that party named the person. A party to which the protocol lets
 * nothing go any more does not count.
 */
export async function settleTwoRoutes(context: Context): Promise<void> {
  const { rows } = await context.pool.query<Held>(HELD)
  for (const row of rows) {
    const may = (party: string) =>
      decideAgain(context, { ...row, destination: party }).outcome !== 'withdraw'
    const routes = (row.routes ?? []).filter(route => may(route.party))
    const [left, ...others] = routes
    if (others.some(route => route.party !== left?.party)) continue
    await inTransaction(context.pool, tx => settle(context, tx, row.feedbackId, left))
    if (left) await context.wakeUps.wake([left.party])
  }
}

/** One exception ends: its feedback goes to the party that is left, or to nobody any more. */
async function settle(
  context: Context,
  tx: Tx,
  feedbackId: string,
  left: Left | undefined,
): Promise<void> {
  const at = context.clock()
  const bytes = (hex: string | undefined) => (hex === undefined ? null : Buffer.from(hex, 'hex'))
  const { rows } = await tx.query<{ message_id: string; type: string }>(SETTLE, [
    feedbackId,
    left?.party,
    at,
    left?.domain,
    bytes(left?.tag),
    bytes(left?.subjectTag),
  ])
  const draft = (row: (typeof rows)[number]) => ({
    at,
    actor: { role: 'gateway' },
    message: { id: row.message_id, type: row.type },
    ...(left && { recipient: left.party }),
  })
  const closed = rows.map(row => ({ ...draft(row), action: 'exception.closed' as const }))
  const gone = left
    ? []
    : rows.map(row => ({ ...draft(row), action: 'message.withdrawn' as const, code: 'HB-405' }))
  await recordEntries(tx, [...closed, ...gone])
}

// A blind sender's subject tag is its own word: the tag alone counts as well.
const ROUTES = `
  WITH asked AS (SELECT DISTINCT tag FROM unnest($2::bytea[]) AS a (tag)),
  own AS (
    SELECT a.tag AS asked, r.* FROM asked a JOIN current_route r ON r.domain = $1 AND r.tag = a.tag),
  open AS (
    SELECT name, epoch FROM domain WHERE state <> 'closed'
      AND protocol = (SELECT protocol FROM domain WHERE name = $1)),
  every AS (
    SELECT asked, party_id, domain, tag, subject_tag FROM own
    UNION
    SELECT o.asked, r.party_id, r.domain, r.tag, r.subject_tag FROM own o
      JOIN current_route r ON r.subject_tag = o.subject_tag AND r.domain IN (SELECT name FROM open))
  SELECT e.asked, e.party_id AS party, e.domain, e.tag, e.subject_tag AS "subjectTag"
  FROM every e JOIN open d ON d.name = e.domain
  ORDER BY e.asked, e.domain = $1 AND e.tag = e.asked DESC, d.epoch DESC, e.party_id`

// Events to the party that has the person, and about them; progress of its own events stays its own, and
// a notice about one says nothing that this party was not told.
const WAITS = `h.kind = 'event' AND h.counted AND h.state IN ('queued', 'retrying', 'parked', 'held')
  AND h.delivered_at IS NULL AND h.reason IS DISTINCT FROM '${REASON}'
  AND (h.claimed_until IS NULL OR h.claimed_until < now())`
const ON_ITS_WAY = `h.message_id = f.message_id AND f.receiver_id = f.party_id AND ${WAITS}`

// Person by person (OFFSET keeps it so), whatever is known of tables that grow by the second: all that waits for
// somebody who is away would be gone through else.
const CONTESTED = `
  WITH request AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY
      AS r (protocol, party, domain, number)),
  named AS (
    SELECT r.protocol, r.party, r.domain, ${piece('$5', TAG_BYTES, 'n.place')} AS tag,
      ${piece('$6', TAG_BYTES, 'n.place')} AS subject_tag
    FROM unnest($4::int[]) WITH ORDINALITY AS n (number, place) JOIN request r USING (number)),
  open AS (SELECT name, protocol FROM domain WHERE state <> 'closed'),
  other AS (
    SELECT r.domain, r.tag, r.party_id FROM named n, LATERAL (
      SELECT * FROM current_route r
      WHERE r.subject_tag = n.subject_tag AND r.party_id <> n.party OFFSET 0) r
      JOIN open o ON o.name = r.domain WHERE o.protocol = n.protocol
    UNION
    SELECT r.domain, r.tag, r.party_id FROM named n, LATERAL (
      SELECT * FROM current_route r
      WHERE r.domain = n.domain AND r.tag = n.tag AND r.party_id <> n.party OFFSET 0) r),
  told AS (
    SELECT f.* FROM other o, LATERAL (
      SELECT * FROM feedback f
      WHERE f.domain = o.domain AND f.tag = o.tag AND f.party_id = o.party_id OFFSET 0) f),
  found AS (
    SELECT h.id FROM told f, LATERAL (
      SELECT * FROM hand_over h WHERE h.feedback_id = f.id OFFSET 0) h
    WHERE ${ON_ITS_WAY} ORDER BY h.id)
  SELECT h.id FROM found, LATERAL (
    SELECT h.id FROM hand_over h WHERE h.id = found.id AND ${WAITS} FOR NO KEY UPDATE) h`

const RETRYING = `
  SELECT h.id FROM hand_over h JOIN feedback f ON f.id = h.feedback_id
  WHERE h.state = 'retrying' AND ${ON_ITS_WAY} AND EXISTS (
    SELECT FROM current_route r JOIN domain d ON d.name = r.domain
    WHERE r.subject_tag = f.subject_tag AND d.protocol = f.protocol AND r.party_id <> f.party_id
    UNION ALL
    SELECT FROM current_route r
    WHERE r.domain = f.domain AND r.tag = f.tag AND r.party_id <> f.party_id)
  ORDER BY h.id FOR NO KEY UPDATE OF h`

/** The parties whose current routes lead to the person of a feedback row `f`, each once. */
export const PARTIES_OF = `ARRAY(
  SELECT r.party_id FROM current_route r WHERE r.domain = f.domain AND r.tag = f.tag
  UNION
  SELECT r.party_id FROM current_route r JOIN domain d ON d.name = r.domain
  WHERE r.subject_tag = f.subject_tag AND d.protocol = f.protocol ORDER BY 1)`

const HOLD = `
  WITH held AS (
    UPDATE hand_over h SET state = 'held', reason = '${REASON}', destination = NULL, claimed_until = NULL
    FROM feedback f WHERE h.id = ANY($1) AND f.id = h.feedback_id
    RETURNING h.message_id, h.feedback_id, ${PARTIES_OF} AS parties),
  nobody AS (
    UPDATE feedback f SET party_id = NULL, receiver_id = NULL FROM held WHERE f.id = held.feedback_id),
  opened AS (
    INSERT INTO exception (kind, message_id, feedback_id, parties, opened_at)
    SELECT '${KIND}', message_id, feedback_id, parties, $2 FROM held)
  SELECT m.id, m.type, h.parties, count(*)::int AS items
  FROM held h JOIN message m ON m.id = h.message_id GROUP BY 1, 2, 3`

const HELD = `
  SELECT ${HAND_OVER_COLUMNS}, (
    SELECT json_agg(json_build_object('party', r.party_id, 'domain', r.domain,
        'tag', encode(r.tag, 'hex'), 'subjectTag', encode(r.subject_tag, 'hex'))
      ORDER BY r.domain = f.domain AND r.tag = f.tag DESC, d.epoch DESC)
    FROM current_route r JOIN domain d ON d.name = r.domain
    WHERE d.protocol = f.protocol AND d.state <> 'closed'
      AND (r.subject_tag = f.subject_tag OR (r.domain = f.domain AND r.tag = f.tag))) AS routes
  FROM hand_over h JOIN feedback f ON f.id = h.feedback_id JOIN message m ON m.id = h.message_id
  WHERE h.state = 'held' AND h.reason = '${REASON}'`

const SETTLE = `
  WITH moved AS (
    UPDATE hand_over h SET destination = $2, due_at = now(), domain = coalesce($4, h.domain),
      reason = CASE WHEN $2::text IS NULL THEN 'HB-405' END,
      state = CASE WHEN $2::text IS NULL THEN 'withdrawn' ELSE 'queued' END
    FROM message m WHERE m.id = h.message_id AND h.feedback_id = $1 AND h.state = 'held'
    RETURNING h.message_id, m.type),
  named AS (
    UPDATE feedback SET party_id = $2, receiver_id = $2, open_since = $3, domain = coalesce($4, domain),
      tag = coalesce($5, tag), subject_tag = coalesce($6, subject_tag) WHERE id = $1),
  closed AS (
    UPDATE exception SET closed_at = $3, settled_to = $2 WHERE feedback_id = $1 AND closed_at IS NULL)
  SELECT message_id, type FROM moved`
