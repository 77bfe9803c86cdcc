import { type Agreement, dayOf, type LoadedProtocol } from './document.ts'
import { latestStatement, signableFrom } from './lifecycle.ts'

/** What a document still needs of its parties before it can be in force; parties by id. */
export interface Missing {
  /** An advice of the party's privacy officer, with a reason where it is not followed. */
  advices: string[]
  /** A verified signature over this very text that counts. */
  signatures: string[]
  /** Publication of this very text. */
  publications: string[]
}

/** All that is missing at once, where `statusAt` names only the first. Pure. */
export function missingOf(protocol: LoadedProtocol, at: Date, framework?: Agreement): Missing {
  const { document, record, digest } = protocol
  const today = dayOf(at)
  const earliest = signableFrom(document, framework)
  const lacking = (has: (party: string) => boolean) =>
    document.parties.map(({ id }) => id).filter(id => !has(id))
  return {
    advices: lacking(id =>
      document.dpoAdvice.some(
        ({ party, followed, reasonNotFollowed }) =>
          party === id && (followed || Boolean(reasonNotFollowed?.trim())),
      ),
    ),
    signatures: lacking(id => {
      const latest = latestStatement(protocol, id, today)
      return latest?.statement === 'accept' && latest.date >= earliest
    }),
    publications: lacking(id =>
      record.publication.some(
        one => one.party === id && one.digest === digest && one.date <= today,
      ),
    ),
  }
}
