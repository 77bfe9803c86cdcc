import { setTimeout as sleep } from 'node:timers/promises'
import { recordEntries } from '../audit/record.ts'
import type { Tx } from '../db/pool.ts'
import { findUnderWay, takeOut } from '../delivery/take-out.ts'
import { Refusal, refuse } from '../errors.ts'
import { findRestricted, lockRestrictions } from '../pseudonym/restricted.ts'
import { forgetApprovals, withApproval } from './approval.ts'
import { ERASE } from './erasure-tables.ts'
import { identify, type Person } from './person.ts'
import { assertRequest, type RightsRequest } from './request.ts'
import { actOf, countsOf, dryRun, liftOf, type RightsParts, withdrawalsOf } from './restriction.ts'

/** What was erased, or would be, and what stays. */
export interface Erased {
  /** How many rows of each kind. */
  erased: Record<string, number>
  /** What was under way and does not go any more. */
  withdrawn: { handOvers: number; items: number }
  remains: {
    /** Entries of the log about the person: they hold digests whose salts are destroyed. */
    entries: number
    /** Reports whose number still counts, without anything of the person. */
    feedback: number
    /** Places in groups of which a number was made, taken by random bytes. */
    memberships: number
    /** Whether a restriction lasts: it holds the subject tag, for else it would end here. */
    restriction: boolean
  }
}

const RULE = 'GDPR, art. 17'
const BUSY = 'HB-425'
const TRIES = 8
const WAIT_MS = 250

/**
 * Erases what the gateway holds of a person, across protocols, parties and key epochs; what is under
 * way is withdrawn. In one transaction with its entry, which names nobody: not even who knows the number
 * and all keys can tell that it is about this person. Proofs that were given out stay valid. It stops
 * no later lawful request; a restriction does.
 * @throws Refusal HB-202, HB-401, HB-425 while a worker has something about the person in hand; HB-904;
 *   as withApproval does
 */
export async function erase(parts: RightsParts, request: RightsRequest): Promise<Erased> {
  const person = await identify(parts, assertRequest(request))
  const act = actOf('subject-erase', person.subjectTag, person, request)
  for (let tries = 1; ; tries++) {
    try {
      return await withApproval(
        parts,
        act,
        tx => eraseWithin(tx, person, request),
        lockRestrictions,
      )
    } catch (error) {
      const busy = error instanceof Refusal && error.code === BUSY
      if (!busy || tries >= TRIES) throw error
      await sleep(WAIT_MS)
    }
  }
}

/** What erasing would do, without doing it. @throws as erase */
export async function previewErasure(parts: RightsParts, request: RightsRequest): Promise<Erased> {
  const person = await identify(parts, assertRequest(request))
  return dryRun(parts.pool, tx => eraseWithin(tx, person, request))
}

async function eraseWithin(tx: Tx, person: Person, request: RightsRequest): Promise<Erased> {
  const { caseRef, reason, by, at } = request
  const found = await findUnderWay(tx, person, true)
  if (found.some(it => it.inHand)) throw refuse(BUSY, '', RULE)
  const withdrawn = await takeOut(tx, found, 'erased')
  const [restricted] = await findRestricted(tx, [person.subjectTag])
  const erased = await eraseRows(tx, person)
  const taken = countsOf(withdrawn)
  await recordEntries(tx, [
    {
      action: 'subject.erased',
      at,
      actor: by,
      rule: RULE,
      counts: { ...taken, ...erased },
      details: { case: caseRef, reason: reason.trim() },
    },
    ...withdrawalsOf(withdrawn, request, 'erased'),
  ])
  const { commitments = 0, feedback = 0, memberships = 0 } = erased
  const restriction = restricted !== undefined
  return {
    erased,
    withdrawn: taken,
    remains: { entries: commitments, feedback, memberships, restriction },
  }
}

async function eraseRows(tx: Tx, person: Person): Promise<Record<string, number>> {
  const values = [
    person.subjectTag,
    person.tags.map(it => it.domain),
    person.tags.map(it => it.tag),
  ]
  const counts: Record<string, number> = {}
  for (const [kind, text] of Object.entries(ERASE)) {
    const { rowCount } = await tx.query(text, values)
    counts[kind] = rowCount ?? 0
  }
  const asked = await forgetApprovals(tx, person.subjectTag)
  counts['approvals'] = asked + (await forgetApprovals(tx, liftOf(person)))
  return counts
}
