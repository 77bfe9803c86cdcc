import type { AuditEntry } from './types.ts'

const TYPES: Record<string, string> = {
  'detection.request': 'een detectievraag',
  'detection.answer': 'een antwoord op een detectievraag',
  'steps.counts': 'een telling van stappen bij VDAB',
  'feedback.reachability': 'een terugkoppeling over bereikbaarheid',
  'feedback.progress': 'een voortgangsmelding',
  'tenancy.ended': 'een melding dat een huur eindigde',
  'report.annex-1': 'een rapport volgens bijlage 1',
  'period.close': 'de afsluiting van een periode',
}

const ROLES: Record<string, string> = {
  gateway: 'de gateway',
  client: 'een onbekende beller',
  operator: 'een beheerder',
  'privacy-officer': 'een functionaris voor gegevensbescherming',
  auditor: 'een auditor',
  viewer: 'een lezer',
  'housing-company': 'een woonmaatschappij',
  'employment-service': 'de arbeidsbemiddelaar',
  'welfare-office': 'een OCMW',
}

const COUNTS: Record<string, [one: string, more: string]> = {
  accepted: ['aanvaard', 'aanvaard'],
  refused: ['geweigerd', 'geweigerd'],
  items: ['item', 'items'],
  found: ['gevonden', 'gevonden'],
  tenants: ['huurder', 'huurders'],
  attempts: ['poging', 'pogingen'],
  elements: ['pseudoniem', 'pseudoniemen'],
  allowance: ['per dag afgesproken', 'per dag afgesproken'],
  used: ['berekening', 'berekeningen'],
  evaluations: ['berekening', 'berekeningen'],
  entries: ['regel', 'regels'],
  delivered: ['afgeleverd', 'afgeleverd'],
  pending: ['onderweg', 'onderweg'],
  parked: ['geparkeerd', 'geparkeerd'],
  expired: ['vervallen', 'vervallen'],
  withdrawn: ['ingetrokken', 'ingetrokken'],
  received: ['ontvangen', 'ontvangen'],
  handOvers: ['afgifte', 'afgiftes'],
  inHand: ['al onderweg', 'al onderweg'],
  messages: ['bericht', 'berichten'],
  persons: ['persoon', 'personen'],
  refusals: ['weigering', 'weigeringen'],
  lines: ['lijn', 'lijnen'],
  protocols: ['protocol', 'protocollen'],
  results: ['antwoord', 'antwoorden'],
  rows: ['verzegelde rij', 'verzegelde rijen'],
  outgoing: ['wachtende melding', 'wachtende meldingen'],
  feedback: ['terugkoppeling', 'terugkoppelingen'],
  routes: ['route', 'routes'],
  memberships: ['groep', 'groepen'],
  participations: ['deelname', 'deelnames'],
  objections: ['bezwaar', 'bezwaren'],
  formerRestrictions: ['eerdere beperking', 'eerdere beperkingen'],
  details: ['toelichting', 'toelichtingen'],
  commitments: ['vermelding in bewijs', 'vermeldingen in bewijs'],
  approvals: ['gevraagde goedkeuring', 'gevraagde goedkeuringen'],
  keys: ['sleutel', 'sleutels'],
  days: ['dag', 'dagen'],
  seconds: ['seconde', 'seconden'],
  size: ['regel in de log', 'regels in de log'],
  checkpoints: ['controlepunt', 'controlepunten'],
  problems: ['probleem', 'problemen'],
  required: ['gevraagd', 'gevraagd'],
  cosigned: ['gekregen', 'gekregen'],
  kept: ['regel behouden', 'regels behouden'],
  published: ['regel eerder bekendgemaakt', 'regels eerder bekendgemaakt'],
}

/** Gives the name of a party for people. */
export type NameOf = (partyId: string) => string

const whole = new Intl.NumberFormat('nl-BE')

/** "een detectievraag", or "een bericht" where the type has no word. */
export function messageWords({ message }: AuditEntry): string {
  return TYPES[message?.type ?? ''] ?? 'een bericht'
}

/** The one who acted: the name of the party, else the role in words. */
export function actorWords({ actor }: AuditEntry, nameOf: NameOf): string {
  return actor.party ? nameOf(actor.party) : (ROLES[actor.role] ?? actor.role)
}

/** Whether a number of that name is told in words. */
export function hasWord(count: string): boolean {
  return count in COUNTS
}

/** " (900 aanvaard, 3 geweigerd)", or nothing. */
export function countWords({ counts = {} }: AuditEntry): string {
  const parts = Object.entries(counts).map(([name, count]) => {
    const [one, more] = COUNTS[name] ?? [name, name]
    return `${whole.format(count)} ${count === 1 ? one : more}`
  })
  return parts.length > 0 ? ` (${parts.join(', ')})` : ''
}

/** Words for the recipient after a preposition, such as " bij VDAB", or nothing. */
export function recipientWords(
  { recipient }: AuditEntry,
  nameOf: NameOf,
): (preposition: string) => string {
  return preposition => (recipient ? ` ${preposition} ${nameOf(recipient)}` : '')
}

/** ", met code HB-304 (regel: art. 3)", or nothing. */
export function reasonWords({ code, rule, reason }: AuditEntry): string {
  const why = code ?? reason
  if (!why) return rule ? `, volgens ${rule}` : ''
  return `, met code ${why}${rule ? ` (regel: ${rule})` : ''}`
}

/** "2026-11-20 voor protocol wm-vdab, versie 1.0.0", or for messages without one. */
export function balanceWords(entry: AuditEntry): string {
  const what = entry.protocol ? protocolWords(entry) : 'berichten zonder bekend protocol'
  return `${entry.reason ?? 'een dag'} voor ${what}`
}

/** "protocol wm-vdab, versie 1.0.0", or "een protocol". */
export function protocolWords({ protocol }: AuditEntry): string {
  return protocol ? `protocol ${protocol.id}, versie ${protocol.version}` : 'een protocol'
}
