import { deniedRecipient } from './deny-list.ts'
import type { Accession, Agreement, Protocol } from './document.ts'
import type { Remark } from './finding.ts'
import { lintData } from './lint-data.ts'
import { lintReferences } from './lint-references.ts'

const CALL =
  'The call: not taking up the offer of VDAB is not punished. Huisbrug: nothing VDAB says goes to who supervises, checks or punishes, nor to third parties'
const EXECUTED = 'What this version of Huisbrug can execute'

/** Functions that may receive, and what: their own register, counts, or feedback about a person. */
const FUNCTIONS: Readonly<Record<string, { kinds: readonly string[]; persons: boolean }>> = {
  'client-file': { kinds: ['employment-service'], persons: true },
  guidance: { kinds: ['employment-service', 'welfare-office'], persons: true },
  sensitising: { kinds: ['housing-company', 'welfare-office'], persons: true },
  'target-group-management': { kinds: ['housing-company', 'welfare-office'], persons: false },
  'follow-up-register': { kinds: ['gateway'], persons: true },
}

/**
 * The hard rules that no signature sets aside. A document with a remark is never in force (HB-317).
 * Pure; the document has the shape of schemas/protocol.json.
 */
export function lint(document: Protocol): Remark[] {
  if (document.kind === 'accession') return lintAccession(document)
  return [
    ...lintRecipients(document),
    ...lintMessageTypes(document),
    ...lintData(document),
    ...lintReferences(document),
    ...lintParties(document),
    ...lintExecutable(document),
  ]
}

function lintAccession(document: Accession): Remark[] {
  const acceding = document.parties.filter(party => party.role === 'acceding')
  const denied = document.functions.filter(one => deniedRecipient(one.name))
  return [
    ...denied.map(one => supervisor(`functions[${one.recipient}].name`)),
    ...lintParties(document),
    ...(acceding.length === 1 ? [] : [ONE_ACCEDES]),
  ]
}

const ONE_ACCEDES: Remark = {
  code: 'one-party-accedes',
  path: 'parties',
  text: 'an accession has exactly one party with the role acceding',
  source: 'One housing company, one declaration of accession',
}

function supervisor(path: string): Remark {
  const text = 'a supervisor, someone who checks or punishes, or a third party may never receive'
  return { code: 'recipient-is-supervisor', path, text, source: CALL }
}

function lintRecipients({ recipients }: Agreement): Remark[] {
  return recipients.flatMap(recipient => {
    const at = `recipients[${recipient.id}]`
    const names = [recipient.id, recipient.kind, recipient.function, recipient.name]
    if (names.some(deniedRecipient)) return [supervisor(at)]
    const known = FUNCTIONS[recipient.function]
    if (!known?.kinds.includes(recipient.kind)) return [unknownFunction(at)]
    return recipient.onward.allowed ? [onward(`${at}.onward`)] : []
  })
}

function unknownFunction(path: string): Remark {
  const text = `the receiving function is not one of ${Object.keys(FUNCTIONS).join(', ')} for its kind of party`
  return { code: 'unknown-function', path, text, source: CALL }
}

function onward(path: string): Remark {
  return { code: 'onward-transfer', path, text: 'nothing may be passed on', source: CALL }
}

function lintMessageTypes(document: Agreement): Remark[] {
  return document.messageTypes.flatMap(message => {
    const recipient = document.recipients.find(one => one.id === message.recipient)
    const at = `messageTypes[${message.type}]`
    if (!recipient) return [noSuch('recipient', `${at}.recipient`)]
    if (recipient.kind !== message.to) return [otherKind(`${at}.recipient`)]
    const fromVdab = message.from === 'employment-service' && message.to !== 'gateway'
    if (fromVdab && message.pattern === 'event' && recipient.function !== 'sensitising') {
      return [notSensitising(`${at}.recipient`)]
    }
    return []
  })
}

function otherKind(path: string): Remark {
  const text = 'the receiving function is at another kind of party than the message goes to'
  return { code: 'recipient-elsewhere', path, text, source: CALL }
}

function notSensitising(path: string): Remark {
  const text = 'feedback about a person goes to the function that sensitises, and to no other'
  return { code: 'feedback-not-to-sensitising', path, text, source: CALL }
}

function noSuch(what: string, path: string): Remark {
  const text = `there is no such ${what} in the document`
  return { code: `no-such-${what}`, path, text, source: 'A document refers to its own parts only' }
}

function lintParties({ parties }: Protocol): Remark[] {
  return parties
    .filter(({ kbo }) => !isEnterpriseNumber(kbo))
    .map(({ id }) => ({
      code: 'kbo-check-number',
      path: `parties[${id}].kbo`,
      text: 'the enterprise number has a wrong check number',
      source: 'KBO: ten digits, the last two are 97 - (first eight mod 97)',
    }))
}

/** Whether ten digits are an enterprise number: the last two are 97 - (first eight mod 97). */
export function isEnterpriseNumber(kbo: string): boolean {
  if (!/^[01][0-9]{9}$/.test(kbo)) return false
  return 97 - (Number(kbo.slice(0, 8)) % 97) === Number(kbo.slice(8))
}

function lintExecutable({ modalities }: Agreement): Remark[] {
  const remark = (path: string, text: string) => ({
    code: 'not-executable',
    path,
    text,
    source: EXECUTED,
  })
  return [
    ...(modalities.senderBlind
      ? [remark('modalities.senderBlind', 'blind senders are not there yet')]
      : []),
    ...(modalities.signature
      ? [remark('modalities.signature', 'signed messages are not there yet')]
      : []),
  ]
}
