import { type Agreement, elementsOf } from '../document.ts'
import type { Remark } from '../finding.ts'
import { unless } from './rules.ts'

const SMALLEST = 5

/** More than is needed, or less than is safe: elements, ceilings, thresholds, numbers. Pure. */
export function lintVolume(document: Agreement): Remark[] {
  return [
    ...unused(document),
    ...ceilings(document),
    ...unless(
      document.modalities.countsThreshold >= SMALLEST,
      'small-threshold',
      'modalities.countsThreshold',
    ),
    ...document.dataSubjects.flatMap(({ targetGroup, estimatedNumber }) =>
      unless(
        estimatedNumber > 0,
        'no-persons-estimated',
        `dataSubjects[${targetGroup.id}].estimatedNumber`,
      ),
    ),
  ]
}

function unused(document: Agreement): Remark[] {
  const enabled = document.messageTypes.filter(one => one.enabled)
  const used = new Set(enabled.flatMap(({ type }) => elementsOf(document, type)))
  return [
    ...document.dataElements.flatMap(one =>
      unless(used.has(one), 'unused-element', `dataElements[${one.id}]`),
    ),
    ...enabled.flatMap(({ type }) =>
      unless(
        elementsOf(document, type).length > 0,
        'type-without-elements',
        `messageTypes[${type}]`,
      ),
    ),
  ]
}

/**
 * The register is that of `modalities.evaluation`, the one number of persons that a party attests:
 * nobody can exchange more persons than it holds. Estimates are of one round, an epoch has many, so
 * they are no measure.
 */
function ceilings({ modalities, periodicity }: Agreement): Remark[] {
  const { perMessage, perDay, perEpoch } = periodicity.ceilings
  const path = 'periodicity.ceilings'
  const register = Math.max(0, ...modalities.evaluation.map(({ registerSize }) => registerSize))
  const above = register > 0 && Math.max(perMessage, perDay, perEpoch) > register
  return [
    ...unless(!above, 'ceiling-above-register', path),
    ...unless(perMessage <= perDay && perDay <= perEpoch, 'ceilings-out-of-order', path),
  ]
}
