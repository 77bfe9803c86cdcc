import type { Agreement, DataElement } from '../document.ts'
import type { Remark } from '../finding.ts'
import { unless } from './rules.ts'
import { isUnlimited, saysNothing } from './words.ts'

type Basis = Agreement['legalBasis'][number]

/** Why each datum may be exchanged: ground, necessity, retention. Pure. */
export function lintPurposes(document: Agreement): Remark[] {
  return [
    ...document.purposes.flatMap(purpose => {
      const communicated = basesOf(document, [purpose.id]).some(
        ({ phase }) => phase === 'communication',
      )
      const dangling = purpose.legalBasis.some(
        id => !document.legalBasis.some(one => one.id === id),
      )
      const path = `purposes[${purpose.id}].legalBasis`
      // What refers to nothing has a finding of its own.
      return unless(communicated || dangling, 'purpose-without-basis', path)
    }),
    ...document.dataElements.flatMap(element => lintElement(document, element)),
  ]
}

function lintElement(document: Agreement, element: DataElement): Remark[] {
  const at = `dataElements[${element.id}]`
  const { period, why } = element.retention
  return [
    ...unless(!saysNothing(element.necessity), 'no-necessity', `${at}.necessity`),
    ...unless(!saysNothing(period) && !saysNothing(why), 'no-retention', `${at}.retention`),
    ...unless(!isUnlimited(period), 'unlimited-retention', `${at}.retention.period`),
    ...lintClass(document, element, `${at}.class`),
  ]
}

function lintClass(document: Agreement, { class: kind, purposes }: DataElement, path: string) {
  if (kind === 'sensitive') return unless(false, 'sensitive-data', path)
  const special = kind === 'special' || kind === 'criminal'
  const grounded = basesOf(document, purposes).some(
    ({ specialCategoryGround }) => !saysNothing(specialCategoryGround ?? ''),
  )
  return unless(!special || grounded, 'special-without-ground', path)
}

/** The grounds on which any of these purposes rests. */
function basesOf(document: Agreement, ids: readonly string[]): Basis[] {
  const resting = document.purposes.filter(({ id }) => ids.includes(id))
  const named = new Set(resting.flatMap(({ legalBasis }) => legalBasis))
  return document.legalBasis.filter(({ id }) => named.has(id))
}
