import type { ParkedFault } from '../../exchange/parked.ts'

const items = (count: number, text: string): string => (count === 1 ? '1 item' : `${text} items`)
const handOvers = (count: number, text: string): string =>
  count === 1 ? '1 overdracht' : `${text} overdrachten`

/** Words of resuming and closing what is parked. */
export const parked = {
  title: 'Geparkeerd',
  heading: 'Geparkeerd: wat moet ermee gebeuren?',
  lead: 'De gateway gaf dit voorlopig op en wacht op u. Hervatten probeert het opnieuw, met alle pogingen. Afsluiten trekt het voorgoed in en wist de inhoud.',
  caption: 'Wat geparkeerd is, het langst eerst',
  destination: 'Naar',
  items: 'Items',
  why: 'Waarom',
  since: 'Geparkeerd',
  age: (span: string): string => `${span} geleden`,
  erased: 'De inhoud is al gewist: u kunt dit alleen nog afsluiten.',
  firstOnly: (count: number): string => `De eerste ${count} zijn getoond.`,
  none: 'Er is niets geparkeerd van dit bericht.',
  reason: 'Reden',
  reasonHint:
    'Waarom u dit beslist, nooit over een persoon. Dit is bewijs, en kan later gewist worden. Hoogstens 500 tekens.',
  givenReason: 'Uw reden',
  back: 'Terug naar het bericht',
  overview: 'Terug naar het overzicht',
  cancel: 'Niet doen, ga terug',
  resume: {
    button: 'Hervatten…',
    confirm: 'Hervatten: bent u zeker?',
    done: 'Het bericht is hervat.',
    yes: 'Ja, hervat',
    effect: (n: number, text: string, ways: number, waysText: string): string =>
      `Dit gaat over ${items(n, text)} in ${handOvers(ways, waysText)}.`,
    effects: [
      'De gateway probeert het binnen enkele seconden opnieuw, en later nog zo vaak als bij een nieuw bericht.',
      'Het protocol wordt eerst opnieuw gevraagd of het nog mag.',
    ],
  },
  close: {
    button: 'Afsluiten…',
    confirm: 'Afsluiten: bent u zeker?',
    done: 'Het bericht is afgesloten.',
    yes: 'Ja, sluit af',
    effect: (n: number, text: string, ways: number, waysText: string): string =>
      `Dit gaat over ${items(n, text)} in ${handOvers(ways, waysText)}.`,
    effects: [
      'Dit komt nooit meer aan. De inhoud wordt gewist. U kunt het niet ongedaan maken.',
      'De afzender ziet dat het ingetrokken is.',
    ],
  },
  gone: (text: string): string =>
    `De inhoud van ${text} andere is al gewist. Die blijven geparkeerd tot u ze afsluit.`,
  faults: {
    unknown: 'Dit bericht bestaat niet, of er ging niets van verder.',
    resumed: 'Iemand anders heeft dit al hervat. Er is niets gewijzigd.',
    closed: 'Iemand anders heeft dit al afgesloten. Er is niets gewijzigd.',
    'not-parked': 'Dit is niet meer geparkeerd. Er is niets gewijzigd.',
    gone: 'De inhoud is al gewist. U kunt dit alleen nog afsluiten.',
    reason:
      'Geef een reden van 1 tot 500 zichtbare tekens, zonder rijksregisternummer. Ze gaat niet over een persoon.',
  } satisfies Record<ParkedFault, string>,
  waits: (id: string): string =>
    `Dit wacht op een tweede persoon (${id}). Keurt die het goed, dan kunt u het doen bij Goedkeuringen.`,
  refusals: {
    'HB-420':
      'De goedkeuring past niet meer: ze is gebruikt of vervallen, of er is nu iets anders geparkeerd. Vraag ze opnieuw.',
    'HB-421': 'De tweede persoon heeft dit geweigerd. Er is niets gewijzigd.',
  } as Readonly<Record<string, string>>,
  at: (moment: string): string => `Dat gebeurde op ${moment}.`,
}
