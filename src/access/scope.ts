import type { Actor } from '../audit/types.ts'
import type { ConsoleRole } from '../config-people.ts'

/**
 * Of whom a person sees something: of all parties, or of one. The privacy officer of one party sees what
 * that party sent, received and was told, and never more than the party itself may read at the interface;
 * all else is answered as what does not exist.
 *
 * A page gets it as `request.scope`, an operation of the interface as `scopeOf(personOf(request))`. It says
 * that it obeys by `own: true` (Page, Route); without that it is closed to the officer of one party. What
 * it reads from the database it narrows by one of the conditions of `within`, with the party as a value:
 * `SELECT … FROM message m WHERE … AND ${within.message('m', '$3')}` and `partyOf(scope)` as $3.
 */
export interface Scope {
  /** The party; absent for all of them. */
  readonly party?: string
}

/** All parties: of a command, of a role that is not of one party. */
export const EVERYTHING: Scope = {}

/** Who acts, as far as rights go. */
export interface Holder {
  role: ConsoleRole
  /** The one party of whom this person is the privacy officer. */
  party?: string
}

/** The scope of a person. */
export function scopeOf({ party }: Pick<Holder, 'party'>): Scope {
  return party === undefined ? EVERYTHING : { party }
}

/** The value for the placeholder of a condition of `within`: null, which narrows nothing, for all. */
export function partyOf({ party }: Scope): string | null {
  return party ?? null
}

/** Who acts, for evidence: the role, the session, and the party where it is of one. */
export function actorOf({ id, role, party }: Holder & { id: string }): Actor & { client: string } {
  return { role, client: id, ...(party !== undefined && { party }) }
}

/** Whether a party is in it (pure). */
export function isWithin({ party }: Scope, other: string | null | undefined): boolean {
  return party === undefined || party === other
}

// An answer that goes into the number of a month does not show: when it came is nobody's business.
const SHOWS = (h: string) => `(${h}.with_id IS NULL AND ${h}.reason IS DISTINCT FROM 'period-open')`
// Which housing company has a person is not for who sent the message to know.
const TOLD_TO_SENDER = (to: string) =>
  `NOT EXISTS (SELECT FROM party t WHERE t.id = ${to} AND t.kind = 'housing-company')`

const sent = (m: string, party: string) => `${m}.party_id = ${party}`
// One value, so that it is looked up for each message at hand: a set would be of all that ever went to the party.
const received = (m: string, party: string) =>
  `coalesce((SELECT true FROM hand_over g
    WHERE g.message_id = ${m}.id AND g.destination = ${party} AND ${SHOWS('g')} LIMIT 1), false)`

/**
 * Conditions in SQL, each about a row by its alias; `party` is the placeholder of partyOf(scope), such as
 * $3, and all hold where that is null.
 */
export const within = {
  /** A message that the party sent, or that goes to it. */
  message: (m: string, party: string) => every(party, `${sent(m, party)} OR ${received(m, party)}`),

  /** A message that the party sent. */
  sent: (m: string, party: string) => every(party, sent(m, party)),

  /**
   * A hand-over `h` of message `m`: to the party; of what it sent to others only where that is no housing
   * company. Answers that go into a number do not show.
   */
  handOver: (h: string, m: string, party: string) =>
    every(
      party,
      `(${h}.destination = ${party} AND ${SHOWS(h)})
        OR (${sent(m, party)} AND ${h}.destination IS DISTINCT FROM ${party}
          AND ${TOLD_TO_SENDER(`${h}.destination`)})`,
    ),

  /** A hand-over to the party itself, as it may see it at the interface. */
  delivery: (h: string, party: string) =>
    every(party, `${h}.destination = ${party} AND ${SHOWS(h)}`),

  /** Feedback that the party receives. */
  feedback: (f: string, party: string) => every(party, `${f}.receiver_id = ${party}`),

  /**
   * An exception of the party alone. That it has the same person as another would tell that there is
   * feedback about one of its tenants, so such an exception is for the officer of all.
   */
  exception: (x: string, party: string) =>
    every(party, `${x}.parties = ARRAY[${party}] AND ${x}.kind <> 'two-current-routes'`),
} as const

function every(party: string, condition: string): string {
  return `(${party}::text IS NULL OR ${condition.replace(/\s+/g, ' ')})`
}
