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
  chart: {
    title: 'Berichten per uur, laatste 24 uur',
    description: (total: string, accepted: string, refused: string): string =>
      `In de laatste 24 uur kwamen ${total} berichten binnen: ${accepted} aanvaard, ${refused} geweigerd.`,
    accepted: 'Aanvaard',
    refused: 'Geweigerd',
    hour: 'Uur',
    table: 'Toon de cijfers in een tabel',
    caption: 'Berichten per uur',
  },
  feedback: {
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
