/** Words of the follow-up of feedback. */
export const feedback = {
  title: 'Terugkoppeling',
  lead: 'VDAB meldt wie moeilijk bereikbaar is. De woonmaatschappij volgt op en meldt dat. Hier staan alleen aantallen.',
  none: 'Er is nog geen terugkoppeling.',
  from: 'Afgesloten van',
  until: 'Afgesloten tot en met',
  totals: 'Alles samen',
  open: 'Open',
  takenUp: 'Opgenomen',
  overdue: 'Te laat',
  closed: 'Afgesloten',
  table: {
    title: 'Per woonmaatschappij',
    caption: (from: string, until: string): string =>
      `Open, opgenomen en te laat: nu. Afgesloten en mediaan: van ${from} tot en met ${until}.`,
    party: 'Woonmaatschappij',
    protocol: 'Protocol',
    oldest: 'Oudste open',
    median: 'Mediaan',
    days: (count: string): string => `${count} dagen`,
    ago: (age: string): string => `${age} open`,
  },
  effect: {
    title: 'Wat het sensibiliseren bracht',
    lead: (from: string, until: string): string =>
      `Huurders over wie er een melding was van ${from} tot en met ${until}. De laatste twee maanden tellen nog niet mee.`,
    none: 'Er zijn nog geen meldingen van meer dan twee maanden oud.',
    told: 'Gemeld',
    found: 'Daarna gevonden',
    notAgain: 'Niet opnieuw gemeld',
    caption: 'Wat het sensibiliseren bracht, per woonmaatschappij',
    note: 'Daarna gevonden: VDAB vond de huurder in de bevraging van de maand na de melding. Dat is alleen bekend waar het protocol een antwoord per persoon toelaat. Niet opnieuw gemeld: VDAB noemde de huurder in geen latere maand nog moeilijk bereikbaar of niet bereikt. Een nieuwe sleutel begint opnieuw te tellen.',
    keep: 'Deze cijfers zijn exact en alleen voor het toezicht op alle partijen. Geef ze zo niet door: kleine aantallen kunnen naar één persoon wijzen. Wie cijfers wil delen, laat ze vrijgeven als rapport.',
    own: 'Wat het sensibiliseren bracht, ziet u in de rapporten die voor uw organisatie zijn vrijgegeven. Exacte aantallen kunnen naar één persoon wijzen, dus die staan hier niet.',
  },
}
