import {
  actorWords,
  balanceWords,
  countWords,
  messageWords,
  type NameOf,
  protocolWords,
  reasonWords,
  recipientWords,
} from './explain-words.ts'
import type { AuditEntry, EntryAction } from './types.ts'

/** The words that an entry brings to its sentence. */
interface Words {
  who: string
  message: string
  counts: string
  recipient: (preposition: string) => string
  why: string
  protocol: string
  /** What a balance is about. */
  balance: string
}

// The sentences begin with a capital later on; "who" may be a name or words such as "de gateway".
const SENTENCES: Record<EntryAction, (words: Words) => string> = {
  'message.accepted': w => `de gateway aanvaardde ${w.message} van ${w.who}${w.counts}.`,
  'message.refused': w => `de gateway weigerde ${w.message} van ${w.who}${w.counts}${w.why}.`,
  'message.forwarding': w => `de gateway stuurt ${w.message}${w.recipient('naar')}${w.counts}.`,
  'message.delivered': w => `de gateway leverde ${w.message} af${w.recipient('bij')}${w.counts}.`,
  'message.retrying': w =>
    `de gateway kon ${w.message} niet afleveren${w.recipient('bij')} en probeert het later` +
    ` opnieuw${w.why}.`,
  'message.parked': w =>
    `de gateway kon ${w.message} niet afleveren${w.recipient('bij')} en wacht nu op een mens` +
    `${w.why}.`,
  'message.replay-failed': w =>
    `de gateway leverde ${w.message} eerder af${w.recipient('bij')}, maar kon het niet nog eens` +
    ` afleveren${w.why}.`,
  'message.held': w => `de gateway houdt ${w.message} tijdelijk tegen${w.why}.`,
  'message.resumed': w => `de gateway laat ${w.message} verder gaan${w.recipient('naar')}.`,
  'message.expired': w => `op ${w.message} kwam niet op tijd een antwoord${w.why}.`,
  'message.withdrawn': w => `de gateway trok ${w.message} in${w.counts}${w.why}.`,
  'message.answered': w => `${w.who} gaf antwoord op ${w.message}${w.counts}.`,
  'feedback.progress': w => `${w.who} meldde hoe het verder gaat met een terugkoppeling.`,
  'feedback.overdue': w =>
    `de opvolging van ${w.message} is te laat${w.recipient('bij')}${w.counts}: de termijn van het` +
    ' protocol is voorbij.',
  'counts.released': w => `de gateway gaf een aantal vrij${w.recipient('aan')}${w.counts}${w.why}.`,
  'tenancy.ended': w => `${w.who} meldde dat huren eindigden${w.counts}.`,
  'period.closed': w => `${w.who} sloot een periode af${w.counts}.`,
  'protocol.in-force': w => `${w.protocol} is nu in werking.`,
  'protocol.changed': w => `${w.protocol} is gewijzigd.`,
  'protocol.suspended': w => `${w.who} schorste ${w.protocol}${w.why}.`,
  'protocol.resumed': w => `${w.who} liet ${w.protocol} weer toe.`,
  'protocol.broken': w =>
    `${w.protocol} is niet bruikbaar: er kan niets mee worden uitgewisseld${w.why}.`,
  'protocol.signed': w => `${w.who} tekende een verklaring over ${w.protocol}${w.why}.`,
  'key.created': w => `de gateway maakte een sleutel voor pseudoniemen voor ${w.protocol}.`,
  'key.ready': w => `${w.who} meldde klaar te zijn met een nieuwe sleutel voor ${w.protocol}.`,
  'key.rotated': w => `${w.who} verving een sleutel${w.why}.`,
  'key.closed': w => `${w.who} vernietigde een sleutel voor pseudoniemen voor ${w.protocol}.`,
  'key.moved': w => `${w.who} verhuisde een sleutel naar de sleuteldienst.`,
  'key.rewrapped': w => `${w.who} versleutelde alle geheimen opnieuw met een andere hoofdsleutel.`,
  'quota.used': w => `${w.who} liet pseudoniemen berekenen${w.counts}.`,
  'quota.refused': w => `${w.who} vroeg meer pseudoniemen dan mag${w.counts}${w.why}.`,
  'quota.granted': w =>
    `${w.who} stond${w.recipient('aan')} eenmalig extra pseudoniemen toe${w.counts}.`,
  'quota.burst': w =>
    `${w.who} liet op één dag meer pseudoniemen berekenen dan afgesproken${w.counts}: een mens kijkt` +
    ' dit na.',
  'quota.reviewed': w =>
    `${w.who} keek na waarom er${w.recipient('voor')} meer pseudoniemen waren dan afgesproken.`,
  'access.token': w => `${w.who} kreeg voor korte tijd toegang.`,
  'access.refused': w => `${w.who} kreeg geen toegang${w.counts}${w.why}.`,
  'console.signed-in': w => `${w.who} meldde zich aan in de console.`,
  'console.session-ended': w => `${w.who} beëindigde de sessie van iemand die aangemeld was.`,
  'console.viewed': w => `${w.who} bekeek bewijs in de console.`,
  'console.verified': w => `${w.who} liet de auditlog controleren${w.counts}.`,
  'party.added': w => `${w.who} voegde een partij toe.`,
  'party.changed': w => `${w.who} wijzigde een partij.`,
  'party.disabled': w => `${w.who} schakelde een partij uit.`,
  'webhook.changed': w => `${w.who} wijzigde het adres voor meldingen.`,
  'exception.opened': w => `de gateway vraagt een mens om ${w.message} te bekijken${w.why}.`,
  'exception.closed': w => `${w.message} hoeft niet meer bekeken te worden.`,
  'program.started': () => 'de gateway is gestart.',
  'program.stopped': () => 'de gateway is gestopt.',
  'balance.daily': w =>
    `de gateway legde vast hoe de balans van ${w.balance} er op dat moment uitzag${w.counts}.`,
  'subject.searched': w => `${w.who} zocht op wat er over een persoon is uitgewisseld.`,
  'subject.restricted': w =>
    `${w.who} beperkte de verwerking voor een persoon: er wordt niets meer over uitgewisseld.`,
  'subject.released': w => `${w.who} hief de beperking voor een persoon op.`,
  'subject.erased': w => `${w.who} wiste de gegevens over een persoon${w.counts}.`,
  'audit.read': w => `${w.who} las bewijs in de auditlog${w.counts}.`,
  'audit.exported': w => `${w.who} exporteerde bewijs uit de auditlog${w.counts}.`,
  'report.made': w => `${w.who} maakte een overzicht voor het toezicht${w.counts}${w.why}.`,
  'approval.asked': w => `${w.who} vroeg een tweede persoon om een handeling goed te keuren.`,
  'approval.given': w => `${w.who} keurde een handeling van een ander goed.`,
  'approval.refused': w => `${w.who} keurde een handeling van een ander niet goed.`,
  'disclosure.stopped': w => `de gateway deelt niets meer mee${w.why}.`,
  'disclosure.resumed': w => `de gateway deelt weer gegevens mee${w.why}.`,
  'log.unwitnessed': w =>
    w.why
      ? 'een getuige zag een andere geschiedenis van de auditlog: dat moet worden uitgezocht.'
      : `de auditlog is gepubliceerd met te weinig handtekeningen van getuigen${w.counts}.`,
  'log.recovered': w =>
    `${w.who} aanvaardde dat de gateway verder gaat vanaf een oudere back-up${w.counts}${w.why}.`,
}

/**
 * What an entry says, as one plain Dutch sentence (level B1) for people who read the log. It holds
 * nothing that is not in the entry.
 * @param nameOf name of a party by its id; the id itself where there is none
 */
export function explainEntry(entry: AuditEntry, nameOf: NameOf = id => id): string {
  const sentence = SENTENCES[entry.action]?.({
    who: actorWords(entry, nameOf),
    message: messageWords(entry),
    counts: countWords(entry),
    recipient: recipientWords(entry, nameOf),
    why: reasonWords(entry),
    protocol: protocolWords(entry),
    balance: balanceWords(entry),
  })
  if (!sentence) return `De gateway legde "${entry.action}" vast.`
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
