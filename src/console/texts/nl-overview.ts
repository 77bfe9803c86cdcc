/** Words of the overview. */
export const overview = {
  title: 'Overzicht',
  lead: 'Loopt de uitwisseling zoals afgesproken?',
  well: 'Alles is in orde',
  wellText: 'Alle ontvangen items hebben een plaats, niets wacht op u en de auditlog is bij.',
  attention: (count: number): string =>
    count === 1 ? 'Er is één punt om te bekijken' : `Er zijn ${count} punten om te bekijken`,
  points: {
    unbalanced: (protocol: string): string =>
      `De balans van ${protocol} klopt niet: niet elk aanvaard item heeft een plaats.`,
    parked: (count: number): string =>
      count === 1
        ? 'Eén overdracht is geparkeerd: ze lukte niet en wacht op een mens.'
        : `${count} overdrachten zijn geparkeerd: ze lukten niet en wachten op een mens.`,
    requestsOverdue: (count: number, text: string): string =>
      count === 1
        ? 'Eén vraag van een persoon is te laat: de maand is voorbij.'
        : `${text} vragen van personen zijn te laat: de maand is voorbij.`,
    requestsSoon: (count: number, text: string): string =>
      count === 1
        ? 'Eén vraag van een persoon moet binnen een week een antwoord krijgen.'
        : `${text} vragen van personen moeten binnen een week een antwoord krijgen.`,
    held: (count: number): string =>
      count === 1
        ? 'Eén overdracht wordt aangehouden.'
        : `${count} overdrachten worden aangehouden.`,
    exceptions: (count: number): string =>
      count === 1 ? 'Eén uitzondering staat open.' : `${count} uitzonderingen staan open.`,
    overdue: (count: number, text: string): string =>
      count === 1
        ? 'Eén terugkoppeling is te laat: de termijn van het protocol is voorbij.'
        : `${text} terugkoppelingen zijn te laat: de termijn van het protocol is voorbij.`,
    noCheckpoint: 'De auditlog heeft nog geen ondertekend controlepunt.',
    lateEntries: (count: number, text: string): string =>
      count === 1
        ? 'Eén regel wacht langer dan een minuut op een plaats in de auditlog.'
        : `${text} regels wachten langer dan een minuut op een plaats in de auditlog.`,
    suspendedProtocol: (protocol: string): string =>
      `Het protocol ${protocol} is opgeschort. Er gaat niets door.`,
    brokenProtocol: (protocol: string): string => `Het protocol ${protocol} is niet bruikbaar.`,
    witnessAlarm: (name: string): string =>
      `De getuige ${name} zag een andere geschiedenis van de auditlog.`,
    witnessMissing: 'Er zijn minder getuigen dan gevraagd die de auditlog medeondertekenen.',
    reviewSoon: (protocol: string, day: string): string =>
      `Het protocol ${protocol} moet herzien worden op ${day}.`,
    reviewOver: (protocol: string, day: string): string =>
      `Het protocol ${protocol} had herzien moeten zijn op ${day}.`,
  },
  balance: {
    title: (day: string): string => `Balans van vandaag, ${day}`,
    note: 'In items: een bericht met 200 huurders telt 200 items, een bericht zonder lijst telt één. Een dag loopt hier van 0 tot 24 uur UTC.',
    empty: 'Vandaag kwam nog niets binnen.',
    protocol: 'Protocol',
    none: 'zonder bekend protocol',
    received: 'Ontvangen',
    accepted: 'Aanvaard',
    refused: 'Geweigerd',
    delivered: 'Afgeleverd',
    pending: 'Onderweg',
    parked: 'Geparkeerd',
    expired: 'Vervallen',
    withdrawn: 'Ingetrokken',
    fits: 'Klopt?',
    yes: 'klopt',
    no: 'klopt niet',
    rule: 'Ontvangen = aanvaard + geweigerd. Aanvaard = afgeleverd + onderweg + geparkeerd + vervallen + ingetrokken.',
  },
  refusals: {
    title: 'Waarom geweigerd, tegenover vorige week',
    note: 'In items, de laatste zeven dagen met vandaag, tegenover de zeven dagen ervoor. De code is die van de eerste weigering van elk bericht.',
    none: 'In veertien dagen werd niets geweigerd.',
    caption: 'Weigeringen per regel',
    code: 'Code',
    why: 'Regel',
    week: 'Deze week',
    before: 'Vorige week',
    change: 'Verschil',
    other: 'Losse items van een bericht dat verder is aanvaard.',
    noCode: 'zonder code',
    see: (code: string): string => `Bekijk de regels van de auditlog met ${code}`,
  },
  quotas: {
    title: 'Quota van pseudoniemen',
    none: 'Geen enkele partij heeft een quotum.',
    share: (percent: string): string => `${percent} % gebruikt`,
    all: 'Alle quota',
  },
  vouching: {
    last: (age: string): string => `Laatste medeondertekening door een getuige: ${age} geleden.`,
    never: 'Nog geen getuige ondertekende mee.',
    off: 'Er zijn geen getuigen ingesteld.',
    stamp: (day: string): string => `Laatste tijdstempel: ${day}.`,
    noStamp: 'Er is nog geen tijdstempel.',
    stampFault: 'De tijdstempel van vandaag lukt niet.',
    see: 'Bekijk de integriteit',
  },
  review: {
    title: 'Binnenkort te herzien',
    line: (day: string): string => `te herzien op ${day}`,
    over: (day: string): string => `had herzien moeten zijn op ${day}`,
  },
  feedback: {
    all: 'Terugkoppeling per woonmaatschappij',
    title: 'Terugkoppeling',
    open: 'open',
    none: 'Geen terugkoppeling staat open.',
    oldest: (age: string): string => `De oudste staat ${age} open.`,
    rest: (takenUp: string, closed: string): string =>
      `Opgenomen: ${takenUp}. Afgesloten: ${closed}.`,
    late: 'Te late terugkoppeling:',
    lateAt: (party: string, protocol: string, count: string): string =>
      `${party} (${protocol}): ${count}`,
  },
  waiting: {
    title: 'Overdrachten die wachten',
    parked: 'geparkeerd',
    parkedSince: (count: number, text: string, age: string): string =>
      `${count === 1 ? '1 item' : `${text} items`}, sinds ${age}`,
    held: 'aangehouden',
    retrying: 'wordt opnieuw geprobeerd',
    awaitingPeriod: 'wacht op het einde van de periode',
  },
  exceptions: {
    all: 'Alle uitzonderingen',
    title: 'Uitzonderingen',
    open: 'open',
    none: 'Geen uitzondering staat open.',
    since: (kind: string, age: string): string => `${kind} (sinds ${age})`,
    between: (parties: string[]): string => `Het gaat om ${parties.join(' en ')}.`,
    contests: 'Dezelfde huurder bij twee woonmaatschappijen, de voorbije 365 dagen:',
    contest: (party: string, involved: string, left: string): string =>
      `${party}: ${involved} keer, waarvan ${left} keer de andere overbleef.`,
  },
  checkpoint: {
    title: 'Auditlog',
    entries: 'regels in het laatste controlepunt',
    none: 'Er is nog geen controlepunt.',
    signed: (age: string): string => `Laatst ondertekend: ${age} geleden.`,
    waiting: (count: number, text: string): string =>
      count === 1
        ? 'Eén regel wacht op het volgende controlepunt.'
        : `${text} regels wachten op het volgende controlepunt.`,
    check: 'Controleer de auditlog',
  },
  protocols: {
    title: 'Protocollen',
    none: 'Er is nog geen protocol. Zonder protocol gaat niets over een persoon door.',
    name: 'Protocol',
    version: 'Versie',
    state: 'Toestand',
  },
}
