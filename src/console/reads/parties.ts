import type { Contact } from '../../access/contacts.ts'
import { readEndingKeys } from '../../access/party-key-use.ts'
import { selectParties, selectParty, selectWebhook } from '../../access/party-rows.ts'
import type { Party } from '../../access/party-types.ts'
import { isWithin, type Scope } from '../../access/scope.ts'
import type { Queryable } from '../../db/pool.ts'
import { type Failing, readCircuits } from '../../delivery/circuit.ts'

const WEEK = "interval '7 days'"
// Of a party with more than this in a week a part is as good.
const MOST_TRIES = 5_000

/** A party in the list. */
export interface PartyLine {
  id: string
  name: string
  kind: string
  kbo: string
  disabledAt: Date | undefined
  /** When a key of it was last used. */
  lastUsed: Date | null
  /** When all its keys of one use end, where that is soon. */
  ends: Date | undefined
  hasWebhook: boolean
  isWebhookGone: boolean
  isFailing: boolean
}

/** The parties that a person may see, by name. */
export async function readParties(db: Queryable, scope: Scope, now: Date): Promise<PartyLine[]> {
  const [parties, ending, circuits, used] = await Promise.all([
    selectParties(db),
    readEndingKeys(db, now),
    readCircuits(db),
    db.query<Used>(USED),
  ])
  const usedBy = new Map(used.rows.map(row => [row.id, row]))
  return parties
    .filter(({ id }) => isWithin(scope, id))
    .map(({ id, name, kind, kbo, disabledAt }) => ({
      ...{ id, name, kind, kbo, disabledAt },
      lastUsed: usedBy.get(id)?.lastUsed ?? null,
      ends: ending.find(it => it.party === id)?.at,
      hasWebhook: usedBy.get(id)?.hasWebhook ?? false,
      isWebhookGone: usedBy.get(id)?.isWebhookGone ?? false,
      isFailing: circuits.some(it => it.party === id),
    }))
    .sort((a, b) => a.name.localeCompare(b.name))
}

interface Used {
  id: string
  lastUsed: Date | null
  hasWebhook: boolean
  isWebhookGone: boolean
}

const USED = `
  SELECT p.id, (SELECT max(last_used_at) FROM party_key k WHERE k.party_id = p.id) AS "lastUsed",
    w.party_id IS NOT NULL AS "hasWebhook", w.disabled_at IS NOT NULL AS "isWebhookGone"
  FROM party p LEFT JOIN webhook w ON w.party_id = p.id`

/** A key of a party; of a set at an address those that were used. */
export interface KeyLine {
  kid: string
  use: 'sig' | 'enc'
  since: Date | undefined
  lastUsed: Date | undefined
  until: Date | undefined
}

/** Tries of one channel in the last seven days. */
export interface Tries {
  channel: 'calls' | 'webhook'
  delivered: number
  failed: number
  /** Milliseconds that the slowest of twenty took at most. */
  slow: number | null
  lastDelivered: Date | null
  lastFailed: Date | null
}

/** A party with its keys, its webhook and how it answers. */
export interface PartyDetail {
  party: Party
  contacts: Contact[]
  keys: KeyLine[]
  webhook: { url: string; events: string[] | undefined } | undefined
  tries: Tries[]
  circuits: Failing[]
}

/** One party; undefined where there is none or the person may not see it. */
export async function readParty(
  db: Queryable,
  id: string,
  scope: Scope,
): Promise<PartyDetail | undefined> {
  const party = isWithin(scope, id) ? await selectParty(db, id) : undefined
  if (!party) return undefined
  const [used, webhook, tries, circuits] = await Promise.all([
    db.query<UsedKey>(USED_KEYS, [id]),
    selectWebhook(db, id),
    db.query<Tries>(TRIES, [id]),
    readCircuits(db, id),
  ])
  const keys = keysOf(party, used.rows)
  return { party, contacts: party.contacts, keys, webhook, tries: tries.rows, circuits }
}

interface UsedKey {
  kid: string
  since: Date
  lastUsed: Date | null
  until: Date | null
}

function keysOf({ jwks }: Party, used: readonly UsedKey[]): KeyLine[] {
  const known = new Map(used.map(key => [key.kid, key]))
  if (!jwks) return used.map(key => toKey(key.kid, 'sig', key))
  return jwks.keys.map(({ kid, use, exp }) => ({
    ...toKey(kid ?? '', use === 'enc' ? 'enc' : 'sig', known.get(kid ?? '')),
    until: exp === undefined ? undefined : new Date(exp * 1000),
  }))
}

function toKey(kid: string, use: KeyLine['use'], used: UsedKey | undefined): KeyLine {
  const { since, lastUsed, until } = used ?? {}
  return { kid, use, since, lastUsed: lastUsed ?? undefined, until: until ?? undefined }
}

const USED_KEYS = `
  SELECT kid, since, last_used_at AS "lastUsed", expires_at AS until FROM party_key
  WHERE party_id = $1 ORDER BY last_used_at DESC NULLS LAST, kid`

const TRIES = `
  SELECT channel, count(*) FILTER (WHERE outcome = 'delivered')::int AS delivered,
    count(*) FILTER (WHERE outcome <> 'delivered')::int AS failed,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY milliseconds) AS slow,
    max(at) FILTER (WHERE outcome = 'delivered') AS "lastDelivered",
    max(at) FILTER (WHERE outcome <> 'delivered') AS "lastFailed"
  FROM (
    SELECT a.at, a.outcome, a.milliseconds,
      CASE WHEN h.kind = 'event' THEN 'webhook' ELSE 'calls' END AS channel
    FROM (SELECT * FROM attempt WHERE destination = $1 AND at > now() - ${WEEK} AND outcome IS NOT NULL
      ORDER BY at DESC LIMIT ${MOST_TRIES}) AS a JOIN hand_over h ON h.id = a.hand_over_id) AS tried
  GROUP BY 1 ORDER BY 1`
