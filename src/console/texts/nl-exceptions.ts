import type { ReviewFault } from '../../exchange/exceptions.ts'

/** Words of the exceptions. */
export const exceptions = {
  title: 'Uitzonderingen',
  lead: 'Wat niet gaat zoals afgesproken en wat een mens moet bekijken. Een uitzondering zegt nooit over wie het gaat.',
  none: 'Er is geen uitzondering.',
  noneFit: 'Geen uitzondering past bij deze filters.',
  caption: 'Uitzonderingen, de nieuwste eerst',
  state: 'Toestand',
  kind: 'Soort',
  party: 'Partij',
  parties: 'Partijen',
  since: 'Sinds',
  ended: 'Voorbij sinds',
  protocol: 'Protocol',
  day: 'Dag van ontvangst (UTC)',
  domain: 'Sleutel',
  message: 'Bericht',
  reviewed: 'Nagekeken',
  by: (role: string): string => `door: ${role}`,
  finding: 'Bevinding',
  open: (age: string): string => `${age} geleden`,
  back: 'Alle uitzonderingen',
  more: 'Bekijk meer hierover',
  states: { unseen: 'te bekijken', running: 'nagekeken, duurt nog', over: 'voorbij' },
  kinds: {
    'two-current-routes': 'Huurder bij twee woonmaatschappijen',
    'out-of-balance': 'Balans klopt niet',
    'party-disabled': 'Berichten voor een uitgeschakelde partij',
    'webhook-gone': 'Webhook bestaat niet meer',
    'quota-burst': 'Veel pseudoniemen op één dag',
    'probe-late': 'Proefbericht te laat',
  },
  /** What ends it, by kind. */
  ends: {
    'two-current-routes':
      'Ze eindigt vanzelf zodra nog één woonmaatschappij de huurder noemt. Tot dan gaat de terugkoppeling naar niemand.',
    'out-of-balance': 'Ze eindigt vanzelf zodra de balans van die dag klopt.',
    'party-disabled':
      'Ze eindigt zodra de beheerder de partij weer inschakelt, of zodra er niets meer voor haar wacht.',
    'webhook-gone': 'Ze eindigt zodra de partij een nieuw adres instelt of het oude verwijdert.',
    'quota-burst': 'Ze eindigt als u hier schrijft wat u vond.',
    'probe-late': 'Ze eindigt vanzelf zodra een proefbericht weer op tijd aankomt.',
  },
  form: {
    title: 'Wat vond u?',
    lead: 'Uw bevinding blijft bewaard en staat als regel in de auditlog.',
    finding: 'Bevinding',
    hint: 'Hoogstens 500 tekens. Schrijf nooit over een persoon: geen naam, geen nummer.',
    alike: (count: number, text: string): string =>
      count === 1
        ? 'Geldt ook voor de andere open uitzondering van deze soort en deze partijen'
        : `Geldt ook voor de ${text} andere open uitzonderingen van deze soort en deze partijen`,
    button: 'Bewaar de bevinding',
  },
  done: (count: number, text: string): string =>
    count === 1 ? 'De uitzondering is nagekeken' : `${text} uitzonderingen zijn nagekeken`,
  faults: {
    unknown: 'Deze uitzondering bestaat niet.',
    seen: 'Iemand anders keek deze uitzondering al na. Hieronder staat wat die vond. Uw bevinding is niet bewaard.',
    finding:
      'Schrijf in 1 tot 500 tekens wat u vond, zonder rijksregisternummer. Er is nog niets bewaard.',
  } as Record<ReviewFault, string>,
}
