import { isAgreement, type MessageType } from '../../protocol/document.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import type { Option } from '../filter-form.ts'
import { wordFor, words } from '../texts/words.ts'

/** What people call a message type; `protocol` is the one that the message names, where it does. */
export type NameOfType = (type: string, protocol?: string | null) => string

/**
 * Names of message types: the console's own words, else the label in the protocol that the message
 * names, else that of any protocol that lists the type, else the type itself (pure).
 */
export function namesOfTypes(set: ProtocolSet): NameOfType {
  const listed = listedTypes(set)
  return (type, protocol) => {
    if (Object.hasOwn(words.types, type)) return wordFor(words.types, type)
    const labels = listed.filter(one => one.type === type)
    const own = labels.find(one => one.protocol === protocol)
    return (own ?? labels[0])?.label ?? type
  }
}

/** All message types that can be asked for, by name; of two with one name each says which (pure). */
export function typeOptions(set: ProtocolSet): Option[] {
  const nameOf = namesOfTypes(set)
  const types = new Set([...Object.keys(words.types), ...listedTypes(set).map(one => one.type)])
  const options = [...types].map(value => ({ value, text: nameOf(value) }))
  const twice = (text: string) => options.filter(one => one.text === text).length > 1
  return options.map(({ value, text }) => ({
    value,
    text: twice(text) ? `${text} (${value})` : text,
  }))
}

interface ListedType extends Pick<MessageType, 'type' | 'label'> {
  protocol: string
}

/** Of each protocol the version that leads comes first. */
function listedTypes(set: ProtocolSet): ListedType[] {
  const all = [...set.protocols.values(), ...[...set.versions.values()].flat()]
  return all
    .filter(isAgreement)
    .flatMap(({ id, document }) =>
      document.messageTypes.map(({ type, label }) => ({ type, label, protocol: id })),
    )
}
