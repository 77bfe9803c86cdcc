import { ruleTitle } from '../articles.ts'
import { type Agreement, dayOf, type LoadedProtocol } from '../document.ts'
import { type Obstacle, type ProtocolState, stateAt, statusAt } from '../lifecycle.ts'
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
  /** Errors in the document: the article and the code of each rule. */
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
    why: inForce ? '' : explain(status, protocol, framework),
    ...(!inForce && { obstacle: status }),
    faults: protocol.findings.map(
      ({ path, code }) => `${ruleTitle(protocol.document, path)} (${code})`,
    ),
  }
}

function explain(
  { code, path }: Obstacle,
  { document, findings }: LoadedProtocol,
  framework: Agreement | undefined,
): string {
  const party = /^signatures\[(.+)\]$/.exec(path)?.[1]
  const name = document.parties.find(({ id }) => id === party)?.name ?? party
  const { from, until } = document.duration
  switch (code) {
    case 'HB-317':
      return findings.length === 1
        ? 'Er staat een fout in. Zolang die er is, laat Huisbrug niets door.'
        : `Er staan ${findings.length} fouten in. Zolang die er zijn, laat Huisbrug niets door.`
    case 'HB-303':
      return 'Een rechtsgrond is nog niet in werking. Zonder rechtsgrond gaat niets door.'
    case 'HB-304':
      if (name !== undefined) return `${name} heeft deze tekst niet geldig ondertekend.`
      return `De toetreding hoort bij een andere versie van het kaderprotocol. Nu geldt versie ${framework?.version ?? 'onbekend'}.`
    case 'HB-305':
      return `Het begint op ${day(from)}.`
    case 'HB-306':
      if (name !== undefined) return `${name} heeft de handtekening ingetrokken.`
      return `Het liep tot en met ${day(until ?? '')}.`
    case 'HB-307':
      return 'Het is opgeschort. Wat onderweg is, wacht. Zolang gaat niets door.'
    default:
      return `Reden: ${code}, ${path}.`
  }
}

/** How far a document came, in words. */
export function stateInWords(status: ReadableStatus): string {
  return word('state', status.state)
}
