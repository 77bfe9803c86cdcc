import { randomBytes } from 'node:crypto'
import type { Context } from '../../src/context.ts'
import type { Tx } from '../../src/db/pool.ts'
import { newId } from '../../src/ids.ts'
import { RouteCipher } from '../../src/pseudonym/route-cipher.ts'

const PERIOD = '2026-11'

/** Tenants of one detection request. */
export const ROWS = 100

/** A person whom a company has under a reference of its own. */
export interface Route {
  domain: string
  party: string
  tag: Buffer
  subjectTag: Buffer
}

/** Routes of each company in the one domain, as its requests leave them. */
export async function fillRoutes(
  { pool, keys }: Pick<Context, 'pool' | 'keys'>,
  domain: string,
  companies: readonly string[],
  each: number,
): Promise<Route[]> {
  const routes: Route[] = []
  for (const party of companies) {
    const cipher = await RouteCipher.open(keys, domain, party)
    const own = Array.from({ length: each }, (_, i) => ({
      tag: randomBytes(16),
      subjectTag: randomBytes(16),
      reference: `${party}-tenant-${i}`,
    }))
    await pool.query(
      `INSERT INTO route (domain, tag, party_id, subject_tag, reference_hash, reference, period, expires_at)
       SELECT $1, tag, $2, subject_tag, hash, reference, $3, now() + interval '1 year'
       FROM unnest($4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[])
         AS r (tag, subject_tag, hash, reference)`,
      [
        domain,
        party,
        PERIOD,
        own.map(it => it.tag),
        own.map(it => it.subjectTag),
        own.map(it => cipher.hash(it.reference)),
        own.map(it => cipher.seal(it.reference)),
      ],
    )
    routes.push(...own.map(({ tag, subjectTag }) => ({ domain, party, tag, subjectTag })))
  }
  return routes
}

/** Feedback of the employment service about these persons, ready to go to their companies. */
export async function putEvents(tx: Tx, routes: readonly Route[]): Promise<string[]> {
  const at = new Date()
  const domain = routes[0]?.domain ?? ''
  const ids = routes.map(() => newId('del', at))
  const [messageId] = await putMessages(
    tx,
    { type: 'feedback.reachability', domain, items: routes.length },
    ['vdab'],
  )
  await tx.query(
    `WITH item AS (
       SELECT * FROM unnest($3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::text[])
         AS i (feedback, hand_over, tag, subject_tag, party)),
     stored AS (
       INSERT INTO feedback (id, message_id, protocol, type, domain, tag, subject_tag, party_id,
         receiver_id, content, created_at)
       SELECT feedback, $1, 'wm-vdab', 'feedback.reachability', $2, tag, subject_tag, party, party,
         '{"reachability":"hard-to-reach","establishedOn":"2026-11-20"}', now() FROM item)
     INSERT INTO hand_over (id, message_id, destination, kind, event, domain, feedback_id, items, state,
       due_at, created_at)
     SELECT hand_over, $1, party, 'event', 'be.huisbrug.feedback.reachability', $2, feedback, 1, 'queued',
       now(), now() FROM item`,
    [
      messageId,
      domain,
      routes.map(() => newId('fb', at)),
      ids,
      routes.map(it => it.tag),
      routes.map(it => it.subjectTag),
      routes.map(it => it.party),
    ],
  )
  return ids
}

/** Detection requests of these companies, of 100 sealed rows each, ready to go to the employment service. */
export async function putRequests(
  tx: Tx,
  domain: string,
  senders: readonly string[],
): Promise<string[]> {
  const at = new Date()
  const messages = await putMessages(
    tx,
    { type: 'detection.request', domain, items: ROWS },
    senders,
  )
  await tx.query(
    `INSERT INTO detection_row (message_id, row_id, nonce, ciphertext, tag, subject_tag)
     SELECT m, uuid_send(gen_random_uuid()), substr(uuid_send(gen_random_uuid()), 1, 12),
       string_agg(uuid_send(gen_random_uuid()), ''), uuid_send(gen_random_uuid()),
       uuid_send(gen_random_uuid())
     FROM unnest($1::text[]) m, generate_series(1, $2::int) row, generate_series(1, 9) part
     GROUP BY m, row`,
    [messages, ROWS],
  )
  const ids = messages.map(() => newId('del', at))
  await tx.query(
    `INSERT INTO hand_over (id, message_id, destination, kind, domain, items, state, due_at, created_at)
     SELECT id, message, 'vdab', 'request', $3, $4, 'queued', now(), now()
     FROM unnest($1::text[], $2::text[]) AS h (id, message)`,
    [ids, messages, domain, ROWS],
  )
  return ids
}

const FIELDS = {
  'detection.request': ['insz', 'tenantRef', 'tenantGround', 'referenceDate', 'targetGroup'],
  'feedback.reachability': ['tag', 'reachability', 'establishedOn'],
}

async function putMessages(
  tx: Tx,
  { type, domain, items }: { type: keyof typeof FIELDS; domain: string; items: number },
  senders: readonly string[],
): Promise<string[]> {
  const at = new Date()
  const ids = senders.map(() => newId('msg', at))
  const isRequest = type === 'detection.request'
  await tx.query(
    `INSERT INTO message (id, type, protocol, protocol_version, fields, party_id, purpose, domain,
       period, reference_date, target_group, received_at, received_day, digest, accepted, refused)
     SELECT id, $3, 'wm-vdab', '1.0', $4, party, $5, $6, $7::text, CASE WHEN $7::text IS NOT NULL THEN current_date END,
       $8::jsonb, now(), current_date, encode(sha256(id::bytea), 'base64'), $9, 0
     FROM unnest($1::text[], $2::text[]) AS m (id, party)`,
    [
      ids,
      senders,
      type,
      FIELDS[type],
      isRequest ? 'detection' : 'follow-up',
      domain,
      isRequest ? PERIOD : null,
      isRequest ? { id: 'tenants-with-labour-potential', version: '1.0' } : null,
      items,
    ],
  )
  return ids
}
