import { ruleTitle } from '../articles.ts'
import { type Agreement, dayOf, type LoadedProtocol } from '../document.ts'
import { findingTextNl } from '../finding-texts.ts'
import { type Obstacle, type ProtocolState, stateAt, statusAt } from '../lifecycle.ts'
import { explainObstacle } from './obstacle.ts'
import { day, word } from './words.ts'

/** Where a document stands on a day, for people. */
export interface ReadableStatus {
  /** UTC day for which it holds, `YYYY-MM-DD`. */
  on: string
  inForce: boolean
  state: ProtocolState
  /** One sentence: in force or not. */
  sentence: string
  /** Why not; empty while it is in force. */
  why: string
  /** Code and place of the obstacle; absent while it is in force. */
  obstacle?: Obstacle
  /** Errors in the document: the article, what is wrong there, and the code of the rule. */
  faults: string[]
}

/**
 * Whether a document is in force at an instant and, in plain Dutch, why not. Pure.
 * @param framework the framework of an accession
 */
export function readableStatus(
  protocol: LoadedProtocol,
  at: Date,
  framework?: Agreement,
): ReadableStatus {
  const status = statusAt(protocol, at, framework)
  const on = dayOf(at)
  const inForce = status === 'in-force'
  const state = stateAt(protocol, at, framework)
  const what = inForce ? 'is dit document in werking' : 'is dit document niet in werking'
  return {
    on,
    inForce,
    state,
    sentence: `Op ${day(on)} ${what}.`,
    why: inForce ? '' : explainObstacle(status, protocol, framework),
    ...(!inForce && { obstacle: status }),
    faults: protocol.findings
      .filter(({ severity }) => severity === 'refused')
      .map(
        one =>
          `${ruleTitle(protocol.document, one.path.replace(/\.json$/, ''))}: ${sentenceOf(one)} (${one.code})`,
      ),
  }
}

/** Without its full stop, as the code still follows. */
function sentenceOf(finding: { code: string }): string {
  return findingTextNl(finding).replace(/\.$/, '')
}

/** How far a document came, in words. */
export function stateInWords(status: ReadableStatus): string {
  return word('state', status.state)
}
