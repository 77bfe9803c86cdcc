import type { Queryable, Tx } from '../db/pool.ts'
import { type Reason, reason } from '../errors.ts'
import type { Profile } from '../protocol/profile.ts'

/** An item as it was sent: fields by name, of the shape that the protocol gives them. */
export type Item = Record<string, unknown>

/** Reason of a hand-over that waits for the end of an objection window. */
export const OBJECTION_WINDOW = 'objection-window'

/** A signed participation as an item states it. */
export interface Participation {
  subjectTag: Uint8Array
  /** YYYY-MM-DD */
  signedOn: string
  /** The sender's own reference of the document. */
  document: string
}

/** Who keeps what persons signed, under which protocol. */
export interface Holder {
  protocol: string
  party: string
}

/**
 * What is wrong with the participation that an item states, where its type asks for one (HB-414):
 * missing, or signed in the future.
 * @param at pointer of the item, such as /items/3
 * @param day today, YYYY-MM-DD
 */
export function missingParticipation(
  { message }: Profile,
  item: Item,
  at: string,
  day: string,
): Reason | undefined {
  const asked = message.preconditions?.participation
  if (!asked) return undefined
  const signedOn = item[asked.dateField]
  const rule = `messageTypes[${message.type}].preconditions.participation`
  if (typeof signedOn !== 'string') return reason('HB-414', `${at}/${asked.dateField}`, rule)
  if (typeof item[asked.documentField] !== 'string') {
    return reason('HB-414', `${at}/${asked.documentField}`, rule)
  }
  return signedOn > day ? reason('HB-414', `${at}/${asked.dateField}`, rule) : undefined
}

/** The participations that items state, by the tag of their subject; none where none is asked. */
export function participationsOf(
  { message }: Profile,
  items: readonly { item: Item; subjectTag: Uint8Array }[],
): Participation[] {
  const asked = message.preconditions?.participation
  if (!asked) return []
  return items.map(({ item, subjectTag }) => ({
    subjectTag,
    signedOn: String(item[asked.dateField]),
    document: String(item[asked.documentField]),
  }))
}

/**
 * Keeps the participations, the latest signature of each person. Waits for a withdrawal that is being
 * stored, so that none slips through.
 * @returns positions of those that were withdrawn on the day they were signed or later: HB-415
 */
export async function storeParticipations(
  tx: Tx,
  { protocol, party }: Holder,
  all: readonly Participation[],
): Promise<number[]> {
  if (all.length === 0) return []
  const { rows } = await tx.query<{ position: number }>(STORE, [
    protocol,
    party,
    all.map(one => one.subjectTag),
    all.map(one => one.signedOn),
    all.map(one => one.document),
  ])
  const stored = new Set(rows.map(row => row.position))
  return all.map((_, position) => position).filter(position => !stored.has(position))
}

/** Positions of the participations that were withdrawn on the day they were signed or later. */
export async function findWithdrawn(
  db: Queryable,
  { protocol, party }: Holder,
  all: readonly Participation[],
): Promise<number[]> {
  if (all.length === 0) return []
  const { rows } = await db.query<{ position: number }>(
    `SELECT s.ordinality::int - 1 AS position
     FROM unnest($3::bytea[], $4::date[]) WITH ORDINALITY AS s (subject_tag, signed_on, ordinality)
     JOIN participation p ON p.protocol = $1 AND p.party_id = $2 AND p.subject_tag = s.subject_tag
       AND p.withdrawn_on >= s.signed_on`,
    [protocol, party, all.map(one => one.subjectTag), all.map(one => one.signedOn)],
  )
  return rows.map(row => row.position)
}

/** Why an item is refused about a person whose processing is restricted, whatever the protocol says. */
export function restrictedReason(pointer: string): Reason {
  return reason('HB-408', pointer, 'GDPR, art. 18 and 21')
}

/** Why an item is refused whose participation is withdrawn. */
export function withdrawnReason({ message }: Profile, pointer: string): Reason {
  return reason('HB-415', pointer, `messageTypes[${message.type}].preconditions.participation`)
}

/**
 * Marks participations as withdrawn, also of persons whose document was never named here; what is
 * signed later counts again.
 */
export async function withdrawParticipations(
  tx: Tx,
  { protocol, party }: Holder,
  subjectTags: readonly Uint8Array[],
  day: string,
): Promise<void> {
  await tx.query(
    `INSERT INTO participation AS p (protocol, party_id, subject_tag, withdrawn_on)
     SELECT DISTINCT $1, $2, subject_tag, $4::date FROM unnest($3::bytea[]) AS s (subject_tag)
     ORDER BY subject_tag ON CONFLICT (protocol, party_id, subject_tag) DO UPDATE
       SET withdrawn_on = greatest(p.withdrawn_on, excluded.withdrawn_on)`,
    [protocol, party, subjectTags, day],
  )
}

/** Positions of persons whose participation is withdrawn, whatever was signed when. */
export async function findGone(
  db: Queryable,
  { protocol, party }: Holder,
  subjectTags: readonly Uint8Array[],
): Promise<number[]> {
  const { rows } = await db.query<{ position: number }>(
    `SELECT s.ordinality::int - 1 AS position
     FROM unnest($3::bytea[]) WITH ORDINALITY AS s (subject_tag, ordinality)
     JOIN participation p ON p.protocol = $1 AND p.party_id = $2 AND p.subject_tag = s.subject_tag
       AND p.withdrawn_on IS NOT NULL`,
    [protocol, party, subjectTags],
  )
  return rows.map(row => row.position)
}

const STORE = `
  WITH stated AS (
    SELECT ordinality::int - 1 AS position, subject_tag, signed_on, document
    FROM unnest($3::bytea[], $4::date[], $5::text[]) WITH ORDINALITY
      AS s (subject_tag, signed_on, document, ordinality)),
  stored AS (
    INSERT INTO participation AS p (protocol, party_id, subject_tag, signed_on, document)
    SELECT $1, $2, subject_tag, signed_on, document FROM stated ORDER BY subject_tag
    ON CONFLICT (protocol, party_id, subject_tag) DO UPDATE
      SET signed_on = greatest(p.signed_on, excluded.signed_on),
        document = CASE WHEN p.signed_on >= excluded.signed_on THEN coalesce(p.document, excluded.document)
          ELSE excluded.document END,
        withdrawn_on = NULL
      WHERE p.withdrawn_on IS NULL OR p.withdrawn_on < excluded.signed_on
    RETURNING subject_tag)
  SELECT position FROM stated JOIN stored USING (subject_tag)`
