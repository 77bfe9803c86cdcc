import { ANNEX_1_LABELS, ANNEX_1_WARNINGS } from '../../report/annex-1-report.ts'

/** Words of the reports and of the form of Annex 1. */
export const reports = {
  title: 'Rapporten',
  lead: 'Kies een rapport en een periode. U leest het eerst op het scherm. Daarna kunt u het bewaren. Elk rapport dat u maakt, staat in de auditlog.',
  back: 'Alle rapporten',
  show: 'Toon het rapport',
  kinds: {
    'bijlage-1': {
      title: 'Bijlage 1 van de oproep',
      text: 'De aantallen van een woonmaatschappij over de VDAB-verplichting. Ze zijn exact: geef ze enkel aan wie ze moet krijgen.',
    },
    dashboard: {
      title: 'Dashboard per kwartaal',
      text: 'Bereik en uitstroom van een woonmaatschappij, voor een kwartaal dat voorbij is. Kleine aantallen staan er niet in.',
    },
    evaluatie: {
      title: 'Evaluatie',
      text: 'Een voorzet voor de tussentijdse of de eindevaluatie, met cijfers en grafieken. Wat u zelf moet schrijven, is gemarkeerd.',
    },
    verwerkingsregister: {
      title: 'Verwerkingsregister',
      text: 'Het register van verwerkingsactiviteiten (artikel 30 AVG), uit de protocollen.',
    },
    inbreuk: {
      title: 'Uittreksel bij een inbreuk',
      text: 'Wat naar wie ging in een periode (artikel 33 AVG), uit de auditlog. Er staan geen personen in.',
    },
  },
  fields: {
    party: 'Woonmaatschappij',
    quarter: 'Kwartaal',
    evaluation: 'Soort evaluatie',
    protocol: 'Protocol',
    from: 'Van',
    until: 'Tot en met',
    sender: 'Verzonden door',
    recipient: 'Ontvangen door',
    type: 'Soort bericht',
  },
  evaluations: { tussentijds: 'tussentijds', eind: 'eindevaluatie' } as Readonly<
    Record<string, string>
  >,
  missing: 'Kies eerst waarover het rapport gaat. Er is nog niets gemaakt.',
  keep: 'Bewaar dit rapport',
  formats: { html: 'Webpagina', pdf: 'PDF', csv: 'CSV', xlsx: 'Excel (XLSX)' },
  inDutch: '',
  entry: {
    title: 'Bijlage 1 invullen',
    link: 'Bijlage 1 invullen',
    lead: 'Vul de aantallen van de woonmaatschappij in. Het zijn enkel aantallen: zet er geen namen of kenmerken bij. Een nieuwe invulling voor dezelfde dag vervangt de vorige. De vorige blijft bewaard.',
    groups: {
      about: 'Over wie en wanneer',
      checked: 'Huurders en controle',
      compliant: 'Van wie is gecontroleerd: wie voldoet, en waarom',
      notCompliant: 'Wie niet voldoet',
    },
    labels: { party: 'Woonmaatschappij', ...ANNEX_1_LABELS } as Readonly<
      Record<'party' | keyof typeof ANNEX_1_LABELS, string>
    >,
    choose: 'kies',
    yes: 'ja',
    no: 'nee',
    optional: 'mag leeg blijven',
    send: 'Indienen',
    formWrong: 'Pas de aangeduide velden aan. Er is nog niets ingediend.',
    odd: 'Kijk dit na. Er is nog niets ingediend.',
    oddText: 'Klopt het toch? Kies dan onderaan “Toch indienen”.',
    checkAgain: 'Opnieuw nakijken',
    sendAnyway: 'Toch indienen',
    warnings: ANNEX_1_WARNINGS,
    done: 'Bijlage 1 is ingediend',
    doneText: (name: string, day: string): string =>
      `De aantallen van ${name}, geteld op ${day}, zijn bewaard. Het ontvangstbewijs staat bij het bericht.`,
    toMessage: 'Naar het bericht',
    toReport: 'Naar het rapport',
    wrong: {
      party: 'Kies een woonmaatschappij.',
      date: 'Kies een bestaande datum.',
      future: 'Deze dag moet nog komen. Kies de dag waarop is geteld.',
      count: 'Vul een geheel getal in, 0 of meer.',
      choice: 'Kies ja of nee.',
      days: 'Vul een geheel aantal dagen in, van 0 tot 3660, of laat het veld leeg.',
      checked: 'Dit is meer dan het aantal huurders in totaal.',
      regularised: 'Dit is meer dan het aantal huurders dat extra tijd kreeg.',
    },
  },
}
