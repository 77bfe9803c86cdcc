import type { Erased } from './erasure.ts'
import type { Restricted } from './restriction.ts'

const KINDS: Readonly<Record<string, string>> = {
  results: 'antwoorden over de persoon',
  rows: 'versleutelde rijen die op een antwoord wachtten',
  outgoing: 'gegevens die klaarstonden om te vertrekken',
  feedback: 'terugkoppelingen (inhoud en pseudoniem)',
  routes: 'verwijzingen naar een woonmaatschappij of OCMW',
  memberships: 'plaatsen in de lijst van een maand',
  participations: 'getekende deelnames',
  objections: 'bezwaren',
  formerRestrictions: 'opgeheven beperkingen',
  details: 'bijkomende gegevens bij bewijs over deze persoon alleen',
  commitments: 'verwijzingen naar de persoon in het bewijs',
  approvals: 'vragen aan een tweede persoon',
}

/** What a restriction does, in plain Dutch, line by line. */
export function tellRestriction({ handOvers, items, inHand }: Restricted): string[] {
  return [
    'Over deze persoon wordt niets meer uitgewisseld, tot de beperking wordt opgeheven.',
    `Uit ${handOvers} zendingen die onderweg waren zijn ${items} gegevens over de persoon gehaald.`,
    ...(inHand > 0
      ? [`${inHand} zendingen waren net aan het vertrekken: die kunnen nog aankomen.`]
      : []),
    'Een melding dat iemand moet stoppen met verwerken, gaat wel door.',
  ]
}

/** What the end of a restriction means, in plain Dutch. */
export function tellLift({ since }: { since: Date }): string[] {
  return [
    `De beperking van ${since.toISOString()} is opgeheven.`,
    'Wat mag volgens de protocollen, kan opnieuw. Wat tegengehouden werd, vertrekt niet alsnog.',
  ]
}

/** What was erased, what remains and why, in plain Dutch, line by line. */
export function tellErasure({ erased, withdrawn, remains }: Erased): string[] {
  const counts = Object.entries(erased).filter(([, count]) => count > 0)
  return [
    counts.length > 0 ? 'Gewist:' : 'Er was niets over deze persoon.',
    ...counts.map(([kind, count]) => `- ${count} ${KINDS[kind] ?? kind}`),
    ...(withdrawn.items > 0
      ? [`Wat nog onderweg was, is ingetrokken: ${withdrawn.items} gegevens.`]
      : []),
    'Wat blijft, en waarom:',
    `- ${remains.entries} regels van het bewijs, omdat bewijs niet mag veranderen. Ze zeggen niet meer over wie ze gaan: de sleutels daarvoor zijn vernietigd.`,
    `- ${remains.feedback} terugkoppelingen en ${remains.memberships} plaatsen in maandlijsten tellen mee als getal, zonder iets van de persoon.`,
    '- Aantallen die al gepubliceerd zijn.',
    ...(remains.restriction
      ? ['- De beperking van de verwerking: zonder haar kenmerk zou ze niet meer werken.']
      : []),
    'Reservekopieën bevatten de gegevens nog tot hun bewaartermijn voorbij is.',
    'Een latere vraag die mag volgens een protocol, wordt niet tegengehouden. Dat doet alleen een beperking.',
  ]
}
