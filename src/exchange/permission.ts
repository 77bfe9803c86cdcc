import type { Context } from '../context.ts'
import type { Tx } from '../db/pool.ts'
import { Refusal, refuse } from '../errors.ts'
import { compileMessage } from '../protocol/compile.ts'
import { type Decision, decide, type Question } from '../protocol/decide.ts'
import { ENVELOPE, type Form, formOf } from '../protocol/forms.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { agreementOf, type ProtocolReference } from '../protocol/lookup.ts'
import { type Profile, profileOf } from '../protocol/profile.ts'
import type { ProtocolModalities } from '../schemas.generated.ts'
import { assertShape } from '../schemas.ts'
import type { Incoming } from './receive.ts'
import { assertSigned } from './signature.ts'
import { assertBound } from './token-binding.ts'

/** What the protocol allows of one message, with what the rest of the exchange needs of it. */
export interface Permission {
  protocol: ProtocolReference
  /** The article that allows it. */
  rule: string
  purpose: string
  fields: string[]
  modalities: ProtocolModalities
  /** Which fields of the type point at a person, and which are told. */
  profile: Profile
  /** The party that receives; empty where the message goes to several or to the gateway only. */
  recipient: string
  /** The kind of party that receives. */
  to: Profile['message']['to']
  /** Whether the same message may go to this party: its own accession is in force. */
  reaches(party: string): boolean
  /** What so many items use of the ceilings. */
  useOf(items: number, domain?: string): Use
  /** Counts the items against the ceilings, exactly: @throws Refusal HB-313, HB-604 */
  assertCeilings(tx: Tx, items: number, domain?: string): Promise<void>
}

/** Items of one message against the ceilings of its protocol. */
export interface Use {
  protocol: string
  party: string
  type: string
  /** Key epoch by its domain; empty for types without one. */
  domain: string
  /** UTC day of receipt. */
  day: string
  items: number
  /** Why they are too many, where they are, after what was used before. */
  refusalAfter(used: Used): Refusal | undefined
}

/** What was used before, on the day and in the key epoch. */
export interface Used {
  day: number
  epoch: number
}

interface Asked {
  body: Record<string, unknown>
  /** Where the message itself does not name them, they come from what it is about. */
  protocol?: string
  purpose?: string
  counterpart?: string
}

const MAX_LISTED = 5_000

/**
 * May this party send this message, and is it well formed: `decide`, then the schema narrowed by the
 * protocol's data elements.
 * @throws Refusal of the 2xx or 3xx family
 */
export function permit(
  context: { protocols: Pick<Context['protocols'], 'current'> },
  incoming: Incoming,
  asked: Asked,
): Permission {
  const { body } = asked
  const protocol = asked.protocol ?? body['protocol']
  if (asked.protocol !== undefined) incoming.about = asked.protocol
  const form = formOf(incoming.type, incoming.general)
  assertBounded(form.items, body)
  // Without a protocol to ask, the shape is all that can be spoken of.
  if (typeof protocol !== 'string') assertShape(form.schema, body)
  const question = toQuestion(incoming, asked, String(protocol))
  const set = context.protocols.current()
  const answer = decide(set, question)
  if (!answer.allow) throw refusalOf(set, answer, incoming, asked)
  const decision = answer
  assertBound(incoming, decision.document)
  assertSigned(incoming, decision.document)
  const { type, general } = incoming
  const reasons = compileMessage(decision.document, type, general, decision.purpose)(body)
  if (reasons.length > 0) throw new Refusal(reasons)
  const { version, digest, recipient, modalities, purpose, rule } = decision
  const useOf = (items: number, domain = ''): Use => ({
    protocol: decision.protocol,
    party: question.party,
    type: incoming.type,
    domain,
    day: incoming.at.toISOString().slice(0, 10),
    items,
    refusalAfter: used => {
      const still = decide(set, { ...question, items, used })
      return still.allow ? undefined : refusalOf(set, still, incoming, asked)
    },
  })
  const profile = profileOf(decision.document, incoming.type)
  if (!profile) throw new Error('a message type that is allowed but not listed')
  return {
    protocol: { id: decision.protocol, version, digest },
    rule,
    purpose,
    fields: [...question.fields],
    modalities,
    profile,
    recipient: recipient.party ?? '',
    to: recipient.kind,
    reaches: party => {
      const there = decide(set, { ...question, counterparty: party })
      // A suspended accession holds what is on its way; it does not make a tenant routeless.
      return there.allow || there.code === 'HB-307'
    },
    useOf,
    assertCeilings: async (tx, items, domain) => {
      if (items === 0) return
      const [refusal] = await countUses(tx, [useOf(items, domain)])
      if (refusal) throw refusal
    },
  }
}

// Validation tells everything that is wrong: a list far beyond any ceiling is refused before it.
function assertBounded(list: Form['items'], body: Record<string, unknown>): void {
  const items = list && body[list]
  if (!Array.isArray(items) || items.length <= MAX_LISTED) return
  throw refuse('HB-313', `/${list}`, 'at most 1,000 items in a message')
}

function toQuestion(incoming: Incoming, asked: Asked, protocol: string): Question {
  const { body } = asked
  const list = formOf(incoming.type, incoming.general).items
  const items = list && body[list]
  const purpose = purposeNamed(asked)
  const targetGroup = readTargetGroup(body['targetGroup'])
  return {
    party: incoming.caller.party,
    partyKind: incoming.caller.kind,
    protocol,
    type: incoming.type,
    fields: fieldsOf(body, items),
    items: Array.isArray(items) ? Math.max(items.length, 1) : 1,
    at: incoming.at,
    ...(purpose !== undefined && { purpose }),
    ...(targetGroup && { targetGroup }),
    ...(asked.counterpart && { counterparty: asked.counterpart }),
  }
}

function purposeNamed({ body, purpose = body['purpose'] as string }: Asked): string | undefined {
  return typeof purpose === 'string' ? purpose : undefined
}

function readTargetGroup(value: unknown): { id: string; version: string } | undefined {
  const { id, version } = (value ?? {}) as { id?: unknown; version?: unknown }
  return typeof id === 'string' && typeof version === 'string' ? { id, version } : undefined
}

/** A decision as a refusal, with the places that the decision, which sees names only, cannot know. */
function refusalOf(
  set: ProtocolSet,
  decision: Extract<Decision, { allow: false }>,
  { type, general }: Incoming,
  asked: Asked,
): Refusal {
  const { code, rule, remedy, retryAfter, protocol } = decision
  if (code === 'HB-312' && protocol) {
    const document = agreementOf(set, protocol.id)?.document
    const purpose = purposeNamed(asked)
    const found = document ? compileMessage(document, type, general, purpose)(asked.body) : []
    const unlisted = found.filter(reason => reason.code === 'HB-312')
    if (unlisted.length > 0) return new Refusal(unlisted)
  }
  const isVolume = code === 'HB-313' || code === 'HB-604'
  const list = formOf(type, general).items
  const pointer = isVolume && list ? `/${list}` : decision.pointer
  return new Refusal(
    { code, pointer, rule, remedy },
    retryAfter === undefined ? {} : { retryAfter },
  )
}

/**
 * Adds to the uses of the day, whose row locks keep others out until commit; those of one day, one after
 * the other in the order given.
 * @returns of each why it is too much, where it is
 */
export async function countUses(tx: Tx, uses: readonly Use[]): Promise<(Refusal | undefined)[]> {
  if (uses.length === 0) return []
  const { rows } = await tx.query<{ place: string; used: number; others: number }>({
    name: 'count-uses',
    text: COUNT_USES,
    values: [
      uses.map(it => it.protocol),
      uses.map(it => it.party),
      uses.map(it => it.type),
      uses.map(it => it.domain),
      uses.map(it => it.day),
      uses.map(it => it.items),
    ],
  })
  const places = new Map(rows.map(row => [row.place, row]))
  for (const use of uses) placeOf(places, use).used -= use.items
  return uses.map(use => {
    const place = placeOf(places, use)
    const refusal = use.refusalAfter({ day: place.used, epoch: place.used + place.others })
    if (!refusal) place.used += use.items
    return refusal
  })
}

function placeOf<T>(places: ReadonlyMap<string, T>, use: Use): T {
  const place = places.get([use.protocol, use.party, use.type, use.domain, use.day].join('\n'))
  if (!place) throw new Error('a use was not counted')
  return place
}

// In one order, so that two of them never wait for each other.
const COUNT_USES = `
  WITH counted AS (
    INSERT INTO volume_use AS v (protocol, party_id, type, domain, day, used)
    SELECT protocol, party_id, type, domain, day, sum(items)
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::int[])
      AS u (protocol, party_id, type, domain, day, items)
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (protocol, party_id, type, domain, day) DO UPDATE SET used = v.used + excluded.used
    RETURNING *)
  SELECT concat_ws(E'\\n', protocol, party_id, type, domain, day) AS place, used, (
    SELECT coalesce(sum(o.used), 0)::bigint FROM volume_use o
    WHERE o.protocol = c.protocol AND o.party_id = c.party_id AND o.type = c.type
      AND o.domain = c.domain AND o.day <> c.day) AS others
  FROM counted c`

/**
 * The names of the data fields of a message: its own, without what says what it is, and those of its
 * items. Names only; unknown ones too, so that the protocol can refuse them.
 */
export function fieldsOf(body: Record<string, unknown>, items: unknown): string[] {
  const names = new Set(Object.keys(body).filter(name => !ENVELOPE.has(name)))
  if (Array.isArray(items)) addNames(names, items)
  // Which event an item of progress is about says nothing of a person.
  names.delete('feedbackId')
  return [...names]
}

function addNames(names: Set<string>, items: readonly unknown[]): void {
  // Items are mostly alike: a name that stands where it stood in the item before is known.
  const before: string[] = []
  for (const item of items) {
    if (typeof item !== 'object' || item === null) continue
    let place = 0
    for (const name in item) {
      if (before[place] !== name) {
        names.add(name)
        before[place] = name
      }
      place += 1
    }
  }
}
