import {
  annex1Category,
  deniedData,
  deniedInProse,
  hidesCharacters,
  withoutLivingWage,
} from '../deny-list.ts'
import type { Agreement, DataElement } from '../document.ts'
import type { Remark } from '../finding.ts'
import { broken, unless } from './rules.ts'

/** What may never be a data element, a message type or a target group, whoever signs. Pure. */
export function lintData(document: Agreement): Remark[] {
  return [
    ...document.dataElements.flatMap(element => lintElement(document, element)),
    ...document.messageTypes.flatMap(({ type, label }) =>
      lintNames([type, label], `messageTypes[${type}]`),
    ),
    ...document.dataSubjects.flatMap(({ targetGroup }) => lintGroup(document, targetGroup)),
  ]
}

function lintElement(document: Agreement, element: DataElement): Remark[] {
  const at = `dataElements[${element.id}]`
  const codes = (element.codes ?? []).flatMap(({ code, label }) => [code, label])
  const names = [element.id, element.field, element.label, ...codes]
  const denied = lintNames(names, at)
  return [
    ...(denied.length > 0 ? denied : lintCategory(document, element, names, at)),
    ...unless(element.format !== 'text', 'free-text', `${at}.format`),
    ...unless(!deniedInProse(element.definition), 'definition-names-denied', `${at}.definition`),
  ]
}

function lintNames(names: readonly string[], path: string): Remark[] {
  return [
    ...unless(!names.some(deniedData), 'denied-data', path),
    ...unless(!names.some(hidesCharacters), 'hidden-characters', path),
  ]
}

/** A group may be counted by what a person may not be told of. */
function lintCategory(
  { messageTypes }: Agreement,
  element: DataElement,
  names: readonly string[],
  path: string,
): Remark[] {
  const types = messageTypes.filter(({ type }) => element.messageTypes.includes(type))
  const counted = types.length > 0 && types.every(({ pattern }) => pattern === 'counts')
  return unless(counted || !names.some(annex1Category), 'annex-1-category', path)
}

type Group = Agreement['dataSubjects'][number]['targetGroup']

/** A request names its group, and so says of everyone in it what the name says. */
function lintGroup({ messageTypes }: Agreement, { id, label }: Group): Remark[] {
  const types = messageTypes.filter(({ targetGroups }) => targetGroups?.includes(id))
  const welfare = types.length > 0 && types.every(({ from }) => from === 'welfare-office')
  const names = [id, label].map(name => (welfare ? withoutLivingWage(name) : name))
  const path = `dataSubjects[${id}].targetGroup`
  if (names.some(annex1Category)) return [broken('annex-1-category', path)]
  return lintNames(names, path)
}
