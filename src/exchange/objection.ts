import type { Queryable, Tx } from '../db/pool.ts'
import { type Reason, Refusal, reason } from '../errors.ts'
import type { Profile } from '../protocol/profile.ts'
import type { Holder, Item } from './precondition.ts'

const DAY_MS = 86_400_000

/** The announcement to a person, as a message states it. */
export interface Announcement {
  subjectTag: Uint8Array
  /** YYYY-MM-DD */
  announcedOn: string
}

/**
 * Refuses a message that does not say of each item when the person was told, where its type waits for
 * objections: an operation of its own may have no place for that date.
 * @param list member that holds the items
 * @throws Refusal HB-202
 */
export function assertAnnounced({ message }: Profile, body: Item, list: string): void {
  const field = message.preconditions?.objectionWindow?.announcedField
  const items = body[list]
  if (field === undefined || typeof body[field] === 'string' || !Array.isArray(items)) return
  const rule = `messageTypes[${message.type}].preconditions.objectionWindow`
  const remedy = 'Name the date of the announcement, in the general form (POST /v1/messages).'
  const faults = items.flatMap((item: Item, index) =>
    typeof item[field] === 'string'
      ? []
      : [reason('HB-202', `/${list}/${index}/${field}`, rule, remedy)],
  )
  if (faults.length > 0) throw new Refusal(faults)
}

/**
 * Until when a message waits for objections: so many days after the latest announcement in it, from
 * midnight UTC. Undefined where nothing has to be announced, or the window is over.
 */
export function heldUntil(
  { message }: Profile,
  body: Item,
  items: readonly Item[],
  at: Date,
): Date | undefined {
  const window = message.preconditions?.objectionWindow
  if (!window) return undefined
  const announced = [body, ...items]
    .map(one => one[window.announcedField])
    .filter(day => typeof day === 'string')
    .toSorted()
    .at(-1)
  const end = new Date(Date.parse(`${announced}T00:00:00Z`) + (window.days + 1) * DAY_MS)
  return end > at ? end : undefined
}

/** The announcements that items state, by the tag of their subject; none where none is asked. */
export function announcementsOf(
  { message }: Profile,
  body: Item,
  items: readonly { item: Item; subjectTag: Uint8Array }[],
): Announcement[] {
  const field = message.preconditions?.objectionWindow?.announcedField
  if (field === undefined) return []
  return items.map(({ item, subjectTag }) => ({
    subjectTag,
    announcedOn: String(body[field] ?? item[field]),
  }))
}

/** Positions of those who objected on the day they were told or later: HB-417. */
export async function findObjected(
  db: Queryable,
  { protocol, party }: Holder,
  { message }: Profile,
  all: readonly Announcement[],
): Promise<number[]> {
  if (all.length === 0) return []
  const { rows } = await db.query<{ position: number }>(
    `SELECT s.ordinality::int - 1 AS position
     FROM unnest($4::bytea[], $5::date[]) WITH ORDINALITY AS s (subject_tag, announced_on, ordinality)
     JOIN objection o ON o.protocol = $1 AND o.party_id = $2 AND o.type = $3
       AND o.subject_tag = s.subject_tag AND o.objected_on >= s.announced_on`,
    [
      protocol,
      party,
      message.preconditions?.objectionWindow?.objectedBy,
      all.map(one => one.subjectTag),
      all.map(one => one.announcedOn),
    ],
  )
  return rows.map(row => row.position)
}

/** Why an item is refused whose person objected. */
export function objectedReason({ message }: Profile, pointer: string): Reason {
  return reason('HB-417', pointer, `messageTypes[${message.type}].preconditions.objectionWindow`)
}

/** Keeps that these persons objected, so that the same announcement does not go out after all. */
export async function storeObjections(
  tx: Tx,
  { protocol, party }: Holder,
  type: string,
  subjectTags: readonly Uint8Array[],
  day: string,
): Promise<void> {
  await tx.query(
    `INSERT INTO objection AS o (protocol, party_id, type, subject_tag, objected_on)
     SELECT DISTINCT $1, $2, $3, subject_tag, $5::date FROM unnest($4::bytea[]) AS s (subject_tag)
     ORDER BY subject_tag ON CONFLICT (protocol, party_id, type, subject_tag) DO UPDATE
       SET objected_on = greatest(o.objected_on, excluded.objected_on)`,
    [protocol, party, type, subjectTags, day],
  )
}
