import type { AttentionWords } from './words.ts'

const whole = new Intl.NumberFormat('nl-BE')
const n = (count: number, one: string, more: string): string =>
  count === 1 ? `Eén ${one}` : `${whole.format(count)} ${more}`

/** What is told, in plain Dutch (level B1). */
export const dutch: AttentionWords = {
  subject: (alarms, warnings) => {
    const points = warnings === 1 ? '1 punt vraagt' : `${whole.format(warnings)} punten vragen`
    if (alarms === 0) return `Huisbrug: ${points} aandacht`
    const grave = alarms === 1 ? 'alarm' : `${whole.format(alarms)} alarmen`
    return `Huisbrug: ${grave}${warnings > 0 ? `, en ${points} aandacht` : ''}`
  },
  lead: 'De gateway vraagt uw aandacht.',
  severities: { alarm: 'Alarm', warning: 'Aandacht' },
  since: moment => `Sinds ${moment}.`,
  ended: 'Intussen is dit voorbij.',
  look: 'Bekijk het:',
  all: 'Alles wat aandacht vraagt:',
  why: 'U krijgt dit bericht omdat uw adres in de instellingen van de gateway staat. Er staat niets in over personen.',
  test: 'Dit is een proefbericht. Er is niets aan de hand.',
  testSubject: 'Huisbrug: proefbericht',
  kinds: {
    'out-of-balance': count =>
      `${n(count, 'dag is', 'dagen zijn')} niet in balans: wat binnenkwam klopt niet met wat ermee gebeurde. Stop de uitwisseling.`,
    'disclosures-stopped': () =>
      'De uitwisseling staat stil: bewijs krijgt geen ondertekende plaats in de auditlog.',
    'log-rolled-back': () =>
      'De uitwisseling staat stil: de auditlog is ouder dan wat al bekendgemaakt is.',
    'evidence-late': () =>
      'Bewijs wacht langer dan een minuut op een plaats in de auditlog. Het laatste controlepunt wordt te oud.',
    'witness-alarm': (_count, about) =>
      `De getuige ${about} zag een andere geschiedenis van de auditlog.`,
    'probe-late': count =>
      `${n(count, 'proefbericht komt', 'proefberichten komen')} niet op tijd aan: de gateway levert te traag of niet af.`,
    'protocol-broken': (_count, about) =>
      `Het protocol ${about} is niet bruikbaar. Er gaat niets door.`,
    'protocol-ended': (_count, about) =>
      `Het protocol ${about} is niet meer in werking: het is afgelopen of ingetrokken.`,
    'person-request-overdue': count =>
      `${n(count, 'vraag van een persoon is', 'vragen van personen zijn')} niet op tijd beantwoord.`,
    'protocol-suspended': (_count, about) =>
      `Het protocol ${about} is opgeschort. Wat onderweg is, wacht.`,
    'protocol-review': (_count, about) =>
      `Het protocol ${about} moet herzien worden: de datum is voorbij, of valt binnen zestig dagen.`,
    'protocol-ending': (_count, about) => `Het protocol ${about} loopt binnen zestig dagen af.`,
    'person-request-due': count =>
      `${n(count, 'vraag van een persoon moet', 'vragen van personen moeten')} binnen een week beantwoord zijn.`,
    'witnesses-missing': () => 'De auditlog heeft te weinig handtekeningen van getuigen.',
    'timestamps-failing': () => 'De auditlog krijgt geen tijdstempel van de tijdstempeldienst.',
    parked: (count, about) =>
      `${n(count, 'overdracht', 'overdrachten')} naar ${about} ${count === 1 ? 'is' : 'zijn'} geparkeerd en ${count === 1 ? 'wacht' : 'wachten'} op een mens.`,
    'two-current-routes': count =>
      `${n(count, 'terugkoppeling wacht', 'terugkoppelingen wachten')}: twee woonmaatschappijen hebben dezelfde huurder.`,
    'quota-burst': count =>
      `${n(count, 'keer', 'keer')} liet een partij op een dag meer pseudoniemen berekenen dan afgesproken.`,
    'party-disabled': count =>
      `${n(count, 'partij is', 'partijen zijn')} uitgeschakeld: wat voor hen bestemd is, wacht.`,
    'webhook-gone': count =>
      `${n(count, 'webhook wil', 'webhooks willen')} niets meer ontvangen: de meldingen wachten in de inbox.`,
    'exception-other': (count, about) =>
      `${n(count, 'uitzondering staat', 'uitzonderingen staan')} open (${about}).`,
    'calls-failing': (_count, about) =>
      `${about} antwoordt al een uur niet op wat de gateway stuurt.`,
    'webhook-failing': (_count, about) => `De webhook van ${about} antwoordt al een uur niet.`,
    'party-keys-ending': (_count, about) =>
      `De laatste sleutel van ${about} vervalt binnen een maand.`,
    'access-refused': count =>
      `In een uur waren er ${whole.format(count)} pogingen zonder toegang.`,
  },
}
