import { deniedRecipient, sentencesThatAllow } from '../deny-list.ts'
import type { Accession, Agreement, MessageType } from '../document.ts'
import type { Remark } from '../finding.ts'
import { broken, unless } from './rules.ts'

type Recipient = Agreement['recipients'][number]

/** Functions that may receive: at which kinds of party, and whether anything about a person. */
const FUNCTIONS: Readonly<Record<string, { kinds: readonly string[]; persons: boolean }>> = {
  'client-file': { kinds: ['employment-service'], persons: true },
  guidance: { kinds: ['employment-service', 'welfare-office'], persons: true },
  sensitising: { kinds: ['housing-company', 'welfare-office'], persons: true },
  'target-group-management': { kinds: ['housing-company', 'welfare-office'], persons: false },
  'follow-up-register': { kinds: ['gateway'], persons: true },
}

/** Functions to which VDAB may say something about a person of its own accord, by kind of party. */
const FEEDBACK: Readonly<Record<string, readonly string[]>> = {
  'housing-company': ['sensitising'],
  'welfare-office': ['sensitising', 'guidance'],
}

/** Who receives, and that none of them may never receive. Pure. */
export function lintRecipients(document: Agreement): Remark[] {
  return [
    ...document.recipients.flatMap(one => lintRecipient(one)),
    ...document.messageTypes.flatMap(message => lintDestination(document, message)),
  ]
}

function lintRecipient(recipient: Recipient): Remark[] {
  const at = `recipients[${recipient.id}]`
  const { kind, onward, description } = recipient
  const names = [recipient.id, kind, recipient.function, recipient.name]
  const known = Object.hasOwn(FUNCTIONS, recipient.function)
    ? FUNCTIONS[recipient.function]
    : undefined
  if (names.some(name => deniedRecipient(name, kind))) return [broken(SUPERVISOR, at)]
  return [
    ...unless(known?.kinds.includes(kind) ?? false, 'unknown-function', at, UNKNOWN_FUNCTION),
    ...recipient.processors.flatMap(({ name, task }, index) =>
      lintNames([name, task], kind, `${at}.processors[${index}]`),
    ),
    ...unless(!onward.allowed, 'onward-transfer', `${at}.onward`),
    ...lintNames(sentencesThatAllow(onward.conditions), kind, `${at}.onward.conditions`),
    ...unless(
      !sentencesThatAllow(description).some(one => deniedRecipient(one, kind)),
      'description-names-denied',
      `${at}.description`,
    ),
  ]
}

const SUPERVISOR = 'recipient-is-supervisor'
const UNKNOWN_FUNCTION = `the receiving function is not one of ${Object.keys(FUNCTIONS).join(', ')} for its kind of party`

function lintNames(names: readonly string[], kind: string, path: string): Remark[] {
  return unless(!names.some(name => deniedRecipient(name, kind)), SUPERVISOR, path)
}

/** The parties of a document, and who fills the functions in an accession. Pure. */
export function lintPartyNames({ parties }: Pick<Agreement, 'parties'>): Remark[] {
  return parties.flatMap(({ id, kind, name }) => lintNames([id, name], kind, `parties[${id}]`))
}

/** The functions that an accession fills in. Pure. */
export function lintFunctions({ functions, parties }: Accession): Remark[] {
  const kind = parties.find(({ role }) => role === 'acceding')?.kind ?? ''
  return functions.flatMap(({ recipient, name, contact }) => [
    ...lintNames([name], kind, `functions[${recipient}].name`),
    ...lintNames([contact], kind, `functions[${recipient}].contact`),
  ])
}

function lintDestination(document: Agreement, message: MessageType): Remark[] {
  const at = `messageTypes[${message.type}].recipient`
  const recipient = document.recipients.find(({ id }) => id === message.recipient)
  if (!recipient) return [broken('no-such-recipient', at)]
  if (recipient.kind !== message.to) return [broken('recipient-elsewhere', at)]
  if (message.from !== 'employment-service' || message.to === 'gateway') return []
  if (message.pattern === 'counts') return []
  if (message.pattern === 'answer') return lintAnswer(document, recipient, at)
  const allowed = FEEDBACK[recipient.kind]?.includes(recipient.function) ?? false
  return unless(allowed, 'feedback-not-to-sensitising', at)
}

/** An answer per person is no feedback, but a function that needs numbers only does well without. */
function lintAnswer({ modalities }: Agreement, recipient: Recipient, at: string): Remark[] {
  const persons = FUNCTIONS[recipient.function]?.persons ?? true
  return unless(persons || modalities.granularity === 'counts', 'person-answer-to-policy', at)
}
