/**
 * What can be wrong with the log. `changed` an entry is not what was signed · `missing` it is gone
 * · `truncated` the log ends too early · `inserted` it was never signed · `reordered` it is in
 * another place · `rolled-back` a later signed state is known · `forked` a signed checkpoint
 * contradicts the log · `checkpoint` one is missing, unsigned or altered · `tile` a tile is not
 * made of the entries · `column` a column says something else than its entry · `head` the head row
 * does not fit · `key` a second key is published for one domain.
 *
 * And with what the log records: `unlinked` an entry without its state change, or a state change
 * without its entry · `row-changed` a row says something else than its entry · `detail-changed`
 * details beside an entry are not those it was made with · `subject-changed` the same for its
 * persons · `trigger-disabled` what protects a table is switched off or granted away.
 */
export type ProblemKind =
  | 'changed'
  | 'missing'
  | 'truncated'
  | 'inserted'
  | 'reordered'
  | 'rolled-back'
  | 'forked'
  | 'checkpoint'
  | 'tile'
  | 'column'
  | 'head'
  | 'key'
  | 'unlinked'
  | 'row-changed'
  | 'detail-changed'
  | 'subject-changed'
  | 'trigger-disabled'

/** One thing that does not fit. It never holds content of an entry. */
export interface Problem {
  kind: ProblemKind
  /** The entry, or the first entry of what does not fit; absent where no entry is concerned. */
  index?: number
  /** The message whose rows do not fit. */
  message?: string
  what: string
}

/** Something to look at that does not speak against the log. */
export interface Warning {
  kind: 'pending'
  what: string
}

export interface VerifyReport {
  ok: boolean
  /** Entries in the log according to its head. */
  entries: number
  /** First entry that was recomputed; those before it were trusted, for the root they gave. */
  from: number
  /** Checkpoints that were checked. */
  checkpoints: number
  /** Root of the log, base64; computed, not read. */
  root: string
  /** By index, at most some twenty: the first one names the first entry that does not fit. */
  problems: Problem[]
  warnings: Warning[]
}

/** Problems in the order of the log; those without an entry come last. */
export function inOrder(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => placeOf(a) - placeOf(b))
}

function placeOf({ index }: Problem): number {
  return index ?? Number.MAX_SAFE_INTEGER
}
