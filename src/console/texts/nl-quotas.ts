import type { GrantFault } from '../../exchange/quota-grant.ts'

/** Words of the quotas of pseudonyms. */
export const quotas = {
  title: 'Pseudoniemen',
  lead: 'Een partij laat pseudoniemen berekenen zonder dat de gateway ziet van wie. Het protocol zegt hoeveel. Zo kan niemand zomaar alle nummers proberen.',
  none: 'Geen enkele partij heeft een quotum.',
  bursts: {
    title: (count: number): string =>
      count === 1 ? 'Eén keer meer dan afgesproken' : `${count} keer meer dan afgesproken`,
    none: 'Er valt niets na te kijken',
    noneText: 'Niemand gebruikte meer dan afgesproken, of het is al nagekeken.',
    text: 'Het register van deze partij was al klaar. Toch liet ze op één dag meer pseudoniemen berekenen dan het protocol per dag voorziet. Dat kan gewoon zijn, bijvoorbeeld bij veel nieuwe personen. Het kan ook gokken zijn. Vraag de partij waarom. Er is niets gestopt.',
    line: (name: string, domain: string, days: string): string =>
      `${name}, sleutel ${domain}: ${days}`,
    review: 'Kijk na',
    reviewFor: (name: string, domain: string): string => `Kijk na: ${name}, sleutel ${domain}`,
  },
  used: {
    title: 'Gebruikt en nog over',
    note: 'Elke balk is alles wat de partij tot het einde van deze dag mag gebruiken. Een dag loopt hier van 0 tot 24 uur UTC.',
    bar: (used: string, today: string, left: string): string =>
      `${used} gebruikt, waarvan ${today} vandaag; vandaag nog ${left} over`,
    before: 'gebruikt voor vandaag',
    today: 'gebruikt vandaag',
    left: 'nog over',
  },
  table: {
    caption: 'Quota per partij en sleutel',
    party: 'Partij',
    domain: 'Sleutel',
    state: 'Toestand',
    register: 'Register',
    daily: 'Per dag',
    used: 'Gebruikt',
    today: 'Vandaag',
    left: 'Nog over',
    extra: 'Extra',
    none: 'geen',
    rule: 'Eén keer per sleutel: de grootte van het register en 5 % meer. Daarbij komt elke dag het aantal per dag. Wat een dag overlaat, schuift niet door.',
  },
  states: {
    opening: 'in voorbereiding',
    current: 'in gebruik',
    closing: 'loopt af',
    closed: 'vernietigd',
  },
  subject: 'eigen index van de gateway',
  grant: {
    title: 'Eenmalig extra toestaan',
    lead: 'Een partij kan per sleutel één keer extra krijgen. Bijvoorbeeld omdat haar register groeide, of omdat ze haar bestand met pseudoniemen kwijt is.',
    who: 'Partij en sleutel',
    amount: 'Aantal personen',
    amountHint: (usual: string, most: string): string => `Leeg: ${usual}. Hoogstens ${most}.`,
    amountHints: 'Leeg: een tiende van het register. Hoogstens de grootte van het register.',
    reason: 'Reden',
    reasonHint: 'Nooit over een persoon. Deze tekst wordt bewaard. Hoogstens 500 tekens.',
    button: 'Extra toestaan…',
    confirm: 'Extra pseudoniemen toestaan?',
    done: 'Het extra quotum is toegestaan.',
    effect: (name: string, elements: string, domain: string): string =>
      `${name} mag ${elements} pseudoniemen extra laten berekenen met sleutel ${domain}.`,
    left: (left: string): string => `Dan heeft de partij vandaag nog ${left} over.`,
    leftNow: (left: string): string => `De partij heeft vandaag nog ${left} over.`,
    once: 'Dit kan maar één keer voor deze sleutel. U kunt het niet terugdraaien. Het staat in de auditlog.',
    givenReason: 'Uw reden',
    yes: 'Ja, sta toe',
    cancel: 'Niet doen, ga terug',
    back: 'Terug naar de pseudoniemen',
    allGiven: 'Elke partij kreeg haar extra al, of heeft geen quotum.',
  },
  given: {
    title: 'Extra toegestaan',
    when: 'Wanneer',
    by: 'Door',
  },
  faults: {
    unknown: 'Kies een partij en sleutel uit de lijst.',
    closed: 'Deze sleutel is vernietigd. Er kan niets meer mee.',
    granted: 'Deze partij kreeg voor deze sleutel al extra. Er is niets gewijzigd.',
    elements: 'Geef een heel getal van 1 tot de grootte van het register, of laat het veld leeg.',
    reason: 'Geef een reden van 1 tot 500 zichtbare tekens, zonder rijksregisternummer.',
  } satisfies Record<GrantFault, string>,
}
