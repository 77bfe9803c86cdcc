import type { Accession, Agreement, Protocol } from './document.ts'
import type { Remark } from './finding.ts'
import { lintData } from './lint/data.ts'
import { lintFields } from './lint/fields.ts'
import { lintGrounds, lintSample, lintUrls } from './lint/honest.ts'
import { lintParties } from './lint/parties.ts'
import { lintPatterns } from './lint/patterns.ts'
import { lintPreconditions } from './lint/preconditions.ts'
import { lintPurposes } from './lint/purposes.ts'
import { lintFunctions, lintPartyNames, lintRecipients } from './lint/recipients.ts'
import { lintReferences } from './lint/references.ts'
import { broken, unless } from './lint/rules.ts'
import { lintDuration, lintRetention } from './lint/time.ts'
import { lintVolume } from './lint/volume.ts'

/**
 * Everything that is wrong with one document: what no signature sets aside (`refused`: never in
 * force, HB-317), what is still missing (`incomplete`), and what is unwise (`warning`). The rules are
 * in lint/rules.ts. Pure, without a clock; the document has the shape of schemas/protocol.json.
 */
export function lint(document: Protocol): Remark[] {
  const own = document.kind === 'accession' ? lintAccession(document) : lintAgreement(document)
  return [
    ...own,
    ...lintPartyNames(document),
    ...lintParties(document),
    ...lintDuration(document),
    ...lintUrls(document),
    ...lintSample(document),
  ]
}

function lintAgreement(document: Agreement): Remark[] {
  const rules = [
    ...[lintRecipients, lintData, lintFields, lintPurposes, lintReferences],
    ...[lintPatterns, lintPreconditions, lintVolume, lintRetention, lintGrounds],
  ]
  return rules.flatMap(rule => rule(document))
}

function lintAccession(document: Accession): Remark[] {
  const acceding = document.parties.filter(party => party.role === 'acceding')
  return [
    ...lintFunctions(document),
    ...unless(acceding.length === 1, 'one-party-accedes', 'parties'),
    ...unless(document.frameworkDigest !== undefined, 'framework-unbound', 'frameworkDigest'),
    ...document.estimates
      .filter(({ estimatedNumber }) => estimatedNumber === 0)
      .map(({ targetGroup }) => broken('no-persons-estimated', `estimates[${targetGroup}]`)),
  ]
}
