import { readEndingKeys } from '../access/party-key-use.ts'
import type { Queryable } from '../db/pool.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import type { Found } from './kinds.ts'

const SOON_DAYS = 60
const DAY_MS = 86_400_000

const OF_STATES = {
  suspended: 'protocol-suspended',
  broken: 'protocol-broken',
  expired: 'protocol-ended',
  terminated: 'protocol-ended',
} as const

/** Protocols that lost their standing: suspended, ended, revoked, or not usable any more. */
export async function lookAtStates(db: Queryable, set: ProtocolSet): Promise<Found[]> {
  const all = [...set.protocols.values()]
  const { rows } = await db.query<{ id: string; state: keyof typeof OF_STATES; since: Date }>(
    `SELECT v.id, v.state, v.seen_at AS since FROM protocol_version v
     JOIN unnest($1::text[], $2::text[]) AS s (id, digest) USING (id, digest)
     WHERE v.state = ANY($3)`,
    [all.map(({ id }) => id), all.map(({ digest }) => digest), Object.keys(OF_STATES)],
  )
  const unreadable = [...set.broken.keys()].filter(id => !set.protocols.has(id))
  return [
    ...rows.map(({ id, state, since }) => ({ kind: OF_STATES[state], about: id, count: 1, since })),
    ...unreadable.map(id => ({ kind: 'protocol-broken' as const, about: id, count: 1 })),
  ]
}

/** Protocols whose day of review or of ending comes within sixty days (pure). */
export function lookAtDates(set: ProtocolSet, at: Date): Found[] {
  return [...set.protocols.values()].flatMap(({ id, document }) => {
    const { reviewOn, until } = document.duration
    return [
      ...soon('protocol-review', id, reviewOn, at),
      ...(until === null || until === reviewOn ? [] : soon('protocol-ending', id, until, at)),
    ]
  })
}

function soon(
  kind: 'protocol-review' | 'protocol-ending',
  about: string,
  day: string | undefined,
  at: Date,
): Found[] {
  if (!day) return []
  const since = new Date(Date.parse(`${day}T00:00:00Z`) - SOON_DAYS * DAY_MS)
  const isOver = at.getTime() > since.getTime() + (SOON_DAYS + 1) * DAY_MS
  return since > at || (kind === 'protocol-ending' && isOver)
    ? []
    : [{ kind, about, count: 1, since }]
}

/** Parties whose last key ends within a month. */
export async function lookAtKeys(db: Queryable, at: Date): Promise<Found[]> {
  const ending = await readEndingKeys(db, at)
  const parties = new Set(ending.map(({ party }) => party))
  return [...parties].map(about => ({ kind: 'party-keys-ending', about, count: 1 }))
}
