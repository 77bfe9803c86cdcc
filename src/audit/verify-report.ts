/**
 * What can be wrong with the log. `changed` an entry is not what was signed · `missing` it is gone
 * · `truncated` the log ends too early · `inserted` it was never signed · `reordered` it is in
 * another place · `rolled-back` a later signed state is known · `forked` a signed checkpoint
 * contradicts the log · `checkpoint` one is missing, unsigned or altered · `tile` a tile is not
 * made of the entries · `column` a column says something else than its entry · `head` the head row
 * does not fit · `key` a second key is published for one domain.
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

/** One thing that does not fit. It never holds content of an entry. */
export interface Problem {
  kind: ProblemKind
  /** The entry, or the first entry of what does not fit. */
  index: number
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
  /** Checkpoints that were checked. */
  checkpoints: number
  /** Root of the log, base64; computed, not read. */
  root: string
  /** By index, at most some twenty: the first one names the first entry that does not fit. */
  problems: Problem[]
  warnings: Warning[]
}
