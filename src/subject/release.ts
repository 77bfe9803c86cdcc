import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Pool } from '../db/pool.ts'
import {
  listResumable,
  type Parked,
  type ParkedChange,
  type ParkedOutcome,
  resumeParked,
} from '../exchange/parked.ts'
import { type Act, askApproval, type By, useApproval } from './approval.ts'

const SHOWN = 1_000

/** A release of what is parked, by a person. */
export interface Release extends ParkedChange {
  by: By
  /** The approval of a second person, where four eyes are set. */
  approval?: string | undefined
}

/**
 * Lets parked hand-overs try again; where four eyes are set for it, only with the approval of a second
 * person, once, and for exactly the hand-overs that were parked when it was asked.
 * @throws ParkedError; Refusal HB-514, HB-420, HB-421 as withApproval does
 */
export async function releaseParked(
  { pool, config }: { pool: Pool; config: Pick<Config, 'fourEyes'> },
  release: Release,
): Promise<ParkedOutcome> {
  if (!config.fourEyes.has('parked')) return resumeParked(pool, release)
  const { approval } = release
  if (approval === undefined) {
    throw await askApproval(pool, actOf(release, await listResumable(pool, release)))
  }
  return resumeParked(pool, release, (tx, going) =>
    useApproval(tx, actOf(release, going), approval),
  )
}

function actOf({ reason, by, at }: Release, going: readonly Parked[]): Act {
  const handOvers = going.map(({ id }) => id).toSorted()
  const about = createHash('sha256').update(handOvers.join(' ')).digest()
  const messages = [...new Set(going.map(({ id, messageId }) => messageId ?? id))].slice(0, SHOWN)
  return { operation: 'parked', about, messages, reason, by, at }
}
