import type { LoadedProtocol } from '../../protocol/document.ts'
import { readStatement } from '../../protocol/statement.ts'

/** A statement as `protocol show` tells of it. */
export interface ShownStatement {
  party: string
  date: string
  statement: string
  function: string
  /** `verified`, `not verified`, or `not checked` where the database cannot be reached. */
  check: 'verified' | 'not verified' | 'not checked'
}

/** The lines of a record, and revocations that count although the record lost them. */
export function shownStatements(protocol: LoadedProtocol, checked: boolean): ShownStatement[] {
  const { record, statements, digest } = protocol
  const counted = new Set(statements.map(one => `${keyOf(one)} ${one.at.getTime()}`))
  const shown = record.signatures.map(one => {
    const verified = one.digest === digest && counted.has(`${keyOf(one)} ${signedAt(one.jws)}`)
    return { ...told(one), check: checkOf(verified, checked) }
  })
  const inFile = new Set(record.signatures.map(one => keyOf(one)))
  const lost = statements.filter(one => !inFile.has(keyOf(one)))
  return [...shown, ...lost.map(one => ({ ...told(one), check: 'verified' as const }))]
}

/** Tells two statements of one day apart, such as one by a key that is not registered. */
function signedAt(jws = ''): number | undefined {
  const read = readStatement(jws)
  return read === 'malformed' ? undefined : read.claims.iat * 1000
}

type Stated = Pick<ShownStatement, 'party' | 'date' | 'statement' | 'function'>

function told({ party, date, statement, function: role }: Stated): Stated {
  return { party, date, statement, function: role }
}

function keyOf({ party, date, statement }: Stated): string {
  return `${party} ${date} ${statement}`
}

function checkOf(verified: boolean, checked: boolean): ShownStatement['check'] {
  if (!checked) return 'not checked'
  return verified ? 'verified' : 'not verified'
}
