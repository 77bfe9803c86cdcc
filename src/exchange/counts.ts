import type { Context } from '../context.ts'
import type { Tx } from '../db/pool.ts'
import { EVENTS } from '../delivery/event.ts'
import { type Reason, Refusal, reason, refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Profile } from '../protocol/profile.ts'
import { type ReleasedCount, releaseCount } from '../report/disclosure/noise.ts'
import { releaseTable } from '../report/release.ts'
import { permitReply } from './answer.ts'
import { freshNoise } from './noise.ts'
import type { Outcome } from './outcome.ts'
import type { Permission } from './permission.ts'
import type { Item } from './precondition.ts'
import { type Incoming, receive } from './receive.ts'
import { pick } from './request.ts'

/** A number about the group of a request, as it may be shown: null where it is withheld. */
type Shown = Record<string, string | number | boolean | null>

const MOST_CODES = 1_000

/**
 * Takes in numbers about the group of a request: every type of the pattern `counts`, such as the steps
 * that the group takes. One message of a type per request. The numbers go through disclosure control
 * here, once; what was sent is not kept.
 */
export function receiveCounts(context: Context, incoming: Incoming): Promise<Outcome> {
  return receive(context, incoming, async body => {
    const { request, permission } = await permitReply(context, incoming, body)
    const items = body['items'] as Item[]
    assertCodes(items, permission)
    return {
      message: {
        protocol: permission.protocol,
        purpose: permission.purpose,
        fields: permission.fields,
        domain: request.domain,
        period: request.period,
        inReplyTo: request.id,
        answers: request.digest,
      },
      accepted: items.length,
      refused: [],
      evidence: { recipient: request.party_id, rule: permission.rule },
      wake: [request.party_id],
      store: async (tx, messageId) => {
        await permission.assertCeilings(tx, items.length)
        await storeCounts(context, tx, { messageId, request, items, permission, incoming })
      },
    }
  })
}

/**
 * Each code once: a number that comes twice would show its noise. What is no code, such as a date, is
 * the same for all, for else it would make one number out to be several.
 */
export function assertCodes(items: Item[], { profile }: Permission): void {
  const seen = new Set<string>()
  const faults: Reason[] = []
  items.forEach((item, index) => {
    const codes = keyOf(item, profile)
    const apart = aroundOf(profile).some(field => item[field] !== items[0]?.[field])
    if (seen.has(codes) || apart) {
      const remedy = 'Give one number for each code.'
      faults.push(reason('HB-202', `/items/${index}`, 'one number per code', remedy))
    }
    seen.add(codes)
  })
  if (faults.length > 0) throw new Refusal(faults)
}

function keyOf(item: Item, { values }: Profile): string {
  return JSON.stringify(pick(item, [...values.keys()]))
}

/** Told fields around the numbers: neither the number nor a code. */
function aroundOf({ told, count, values }: Profile): string[] {
  return told.filter(field => field !== count && !values.has(field))
}

/**
 * A number for every code, in the order of the protocol: which codes are left out, and in which order
 * they come, would tell of the persons in them. What was left out counts nobody.
 */
function everyCode(items: Item[], profile: Profile): Item[] {
  const { count = 'persons', values } = profile
  let all: Item[] = [pick(items[0] ?? {}, aroundOf(profile))]
  for (const [field, codes] of values) {
    all = all.flatMap(one => codes.map(code => ({ ...one, [field]: code })))
    if (all.length > MOST_CODES) throw refuse('HB-313', '/items', 'at most 1,000 codes')
  }
  const given = new Map(items.map(item => [keyOf(item, profile), item[count]]))
  return all.map(one => ({ ...one, [count]: given.get(keyOf(one, profile)) ?? 0 }))
}

interface Counts {
  messageId: string
  request: { id: string; party_id: string; domain: string; period: string }
  items: Item[]
  permission: Permission
  incoming: Incoming
}

async function storeCounts(context: Context, tx: Tx, counts: Counts): Promise<void> {
  const { messageId, request, items, permission, incoming } = counts
  const group = await sizeOfGroup(tx, request.id, incoming.type, messageId)
  const field = permission.profile.count ?? 'persons'
  const tooMany = items.flatMap((item, index) => {
    if (Number(item[field]) <= group) return []
    const remedy = 'Count only persons of the request.'
    return [reason('HB-202', `/items/${index}/${field}`, 'at most the rows of the request', remedy)]
  })
  if (tooMany.length > 0) throw new Refusal(tooMany)
  const threshold = permission.modalities.countsThreshold
  // That there are numbers about a few persons could itself tell of one: then none go out.
  if (group < 2 * threshold) {
    await tx.query(WITHHELD, [messageId, newId('del', incoming.at), items.length, incoming.at])
    return
  }
  const all = everyCode(items, permission.profile)
  const numbers = all.map(item =>
    releaseCount(Number(item[field]), group, threshold, freshNoise(threshold)),
  )
  const found = await releaseNumbers(context, tx, counts, numbers)
  const shown = all.map((item, at): Shown => ({ ...(item as Shown), [field]: found[at] ?? null }))
  await tx.query(INSERT, [
    messageId,
    shown.map(it => JSON.stringify(it)),
    newId('del', incoming.at),
    request.party_id,
    EVENTS.counts,
    request.domain,
    items.length,
    incoming.at,
  ])
}

/**
 * The numbers as a release, with its entry. Nothing adds them up: each has noise of its own, and a person may be in
 * several.
 * @returns what the housing company is told of each; undefined where it is hidden
 */
async function releaseNumbers(
  context: Context,
  tx: Tx,
  { messageId, request, permission, incoming }: Counts,
  numbers: readonly ReleasedCount[],
): Promise<(number | undefined)[]> {
  const party = request.party_id
  const place = { party, month: request.period, message: messageId }
  const { cells } = await releaseTable(tx, context.protocols.current(), {
    ...{ protocol: permission.protocol.id, table: 'group-counts', period: request.period },
    ...{ within: { party, message: messageId }, recipient: party, at: incoming.at },
    by: { role: 'gateway' },
    counts: numbers.map(({ about, suppressed }, at) => ({
      dims: { ...place, place: `${at + 1}` },
      count: about,
      withheld: suppressed,
    })),
  })
  const found = new Map(cells.map(({ dims, value }) => [dims['place'], value]))
  return numbers.map((_, at) => found.get(`${at + 1}`))
}

/**
 * How many persons the request reached VDAB with. Locks the request, so that of two messages of one
 * type about it the second is refused.
 * @throws Refusal HB-502
 */
async function sizeOfGroup(
  tx: Tx,
  requestId: string,
  type: string,
  messageId: string,
): Promise<number> {
  const { rows } = await tx.query<{ items: number }>(
    `SELECT h.items FROM message m JOIN hand_over h ON h.message_id = m.id AND h.kind = 'request'
     WHERE m.id = $1 FOR NO KEY UPDATE OF m`,
    [requestId],
  )
  const { rowCount } = await tx.query(
    'SELECT FROM message WHERE in_reply_to = $1 AND type = $2 AND accepted > 0 AND id <> $3',
    [requestId, type, messageId],
  )
  if (rowCount) throw refuse('HB-502', '', 'one message of counts per request')
  return rows[0]?.items ?? 0
}

const WITHHELD = `
  INSERT INTO hand_over (id, message_id, kind, items, state, reason, due_at, created_at, delivered_at)
  VALUES ($2, $1, 'register', $3, 'delivered', 'small-group', now(), $4, $4)`

const INSERT = `
  WITH stored AS (
    INSERT INTO counts_item (message_id, position, content)
    SELECT $1, ordinality, content FROM unnest($2::jsonb[]) WITH ORDINALITY AS c (content, ordinality))
  INSERT INTO hand_over (id, message_id, destination, kind, event, domain, items, state, due_at, created_at)
  VALUES ($3, $1, $4, 'event', $5, $6, $7, 'queued', now(), $8)`
