import type { CaseFault, CaseKind, CaseOutcome } from '../../subject/case.ts'
import type { Erased } from '../../subject/erasure.ts'
import type { Restricted } from '../../subject/restriction.ts'
import { format } from '../format.ts'

const of = (count: number, one: string, many: string): string =>
  count === 1 ? `1 ${one}` : `${format.number(count)} ${many}`

const ERASED: Readonly<Record<string, readonly [one: string, many: string]>> = {
  results: ['antwoord over de persoon', 'antwoorden over de persoon'],
  rows: ['versleutelde rij die op antwoord wacht', 'versleutelde rijen die op antwoord wachten'],
  outgoing: ['gegeven dat klaarstaat om te vertrekken', 'gegevens die klaarstaan om te vertrekken'],
  feedback: ['terugkoppeling: inhoud en pseudoniem', 'terugkoppelingen: inhoud en pseudoniem'],
  routes: [
    'verwijzing naar een woonmaatschappij of OCMW',
    'verwijzingen naar een woonmaatschappij of OCMW',
  ],
  memberships: ['plaats in de lijst van een maand', 'plaatsen in de lijst van een maand'],
  participations: ['getekende deelname', 'getekende deelnames'],
  objections: ['bezwaar', 'bezwaren'],
  formerRestrictions: ['opgeheven beperking', 'opgeheven beperkingen'],
  details: [
    'toelichting bij bewijs over deze persoon alleen',
    'toelichtingen bij bewijs over deze persoon alleen',
  ],
  commitments: [
    'verwijzing naar de persoon in het bewijs',
    'verwijzingen naar de persoon in het bewijs',
  ],
  approvals: ['vraag aan een tweede persoon', 'vragen aan een tweede persoon'],
}

/** Words of the requests of persons. */
export const subjects = {
  title: 'Inzage en andere rechten',
  lead: 'Een persoon vraagt wat er over hem of haar gedeeld is, of vraagt om daarmee te stoppen. U schrijft de vraag in met een kenmerk. Wie de persoon is, staat nergens.',
  open: 'Open vragen',
  noneOpen: 'Er is geen open vraag.',
  closed: 'Afgesloten vragen, de laatste eerst',
  caseRef: 'Kenmerk',
  right: 'Recht',
  received: 'Gekregen op',
  due: 'Antwoord voor het einde van',
  left: (days: number): string => {
    if (days === 0) return 'vandaag is de laatste dag'
    if (days < 0) return days === -1 ? '1 dag te laat' : `${-days} dagen te laat`
    return days === 1 ? 'nog 1 dag' : `nog ${days} dagen`
  },
  extended: 'verlengd',
  outcome: 'Afloop',
  closedOn: 'Afgesloten op',
  firstOnly: (count: number): string => `De eerste ${count} zijn getoond.`,
  register: 'Een vraag inschrijven',
  registerButton: 'Inschrijven',
  registered: 'De vraag is ingeschreven. Hieronder kunt u ze behandelen.',
  caseHint: 'Het nummer in uw eigen register, bv. 2026-014. Nooit een naam of rijksregisternummer.',
  question: 'Wat wordt er gevraagd?',
  questionHint:
    'In één of twee zinnen, nooit over wie het gaat. Dit is de reden bij alles wat u voor deze vraag doet. Hoogstens 430 tekens.',
  kinds: {
    access: 'Inzage (art. 15)',
    rectification: 'Verbetering (art. 16)',
    erasure: 'Wissing (art. 17)',
    restriction: 'Beperking (art. 18)',
    objection: 'Bezwaar (art. 21)',
  } satisfies Record<CaseKind, string>,
  outcomes: {
    granted: 'gedaan wat gevraagd was',
    partly: 'gedeeltelijk gedaan',
    refused: 'geweigerd, met uitleg aan de persoon',
    withdrawn: 'de persoon trok de vraag in',
  } satisfies Record<CaseOutcome, string>,
  faults: {
    case: 'Geef een kenmerk van 1 tot 64 letters, cijfers, punten, streepjes of schuine strepen, zonder rijksregisternummer.',
    taken: 'Dit kenmerk bestaat al. Kies een ander, of open de vraag in de lijst.',
    kind: 'Kies een van de rechten.',
    received: 'Geef een bestaande datum, niet na vandaag.',
    reason: 'Geef 1 tot 430 tekens, zonder rijksregisternummer.',
    unknown: 'Deze vraag bestaat niet.',
    closed: 'Deze vraag is al afgesloten. Er is niets gewijzigd.',
    extended: 'De termijn is al verlengd. Dat kan maar één keer.',
    late: 'De termijn is voorbij. Verlengen kan alleen binnen de eerste maand.',
    outcome: 'Kies hoe de vraag afliep.',
  } satisfies Record<CaseFault, string>,
  done: { verlengen: 'De termijn is verlengd.', afsluiten: 'De vraag is afgesloten.' },
  one: {
    title: (caseRef: string): string => `Vraag ${caseRef}`,
    back: 'Terug naar alle vragen',
    facts: 'Over deze vraag',
    extension: 'Reden van de verlenging',
    act: 'De vraag behandelen',
    number: 'Rijksregisternummer van de persoon',
    numberHint:
      'Elf cijfers. De gateway gebruikt het nummer nu en vergeet het dan: het staat nergens, ook niet in een adres of logboek.',
    period: 'Alleen een periode opzoeken',
    from: 'Vanaf',
    until: 'Tot en met',
    actNote:
      'Opzoeken is een regel in de auditlog, die de persoon later ook ziet. Bij knoppen met … ziet u eerst wat er zal gebeuren.',
    rectification:
      'De gateway bewaart zelf geen gegevens om te verbeteren. Zoek op wie ze kreeg, en vraag het daar: bij de woonmaatschappij of VDAB.',
    waiting: (what: string): string => `Wacht op een tweede persoon: ${what}.`,
    approved: (what: string): string =>
      `Goedgekeurd door een tweede persoon: ${what}. Typ het nummer en doe het nu.`,
    extend: 'De termijn verlengen',
    extendText: (day: string): string =>
      `Eén keer, met twee maanden: tot ${day}. De persoon moet de reden krijgen binnen de eerste maand.`,
    extendReason: 'Reden die de persoon krijgt',
    extendButton: 'Verlengen',
    close: 'De vraag afsluiten',
    closeText: 'Doe dit als de persoon een antwoord heeft.',
    closeButton: 'Afsluiten',
  },
  wrongNumber: 'Dit is geen geldig rijksregisternummer. Typ de elf cijfers opnieuw.',
  otherNumber:
    'Dit is een ander nummer dan daarnet, of u keek te lang geleden. Er is niets gewijzigd: begin opnieuw.',
  waits:
    'Dit mag alleen met vier ogen. Uw vraag staat nu bij Goedkeuringen, zonder te zeggen over wie. Is ze goedgekeurd? Typ het nummer dan hier opnieuw.',
  acts: {
    tonen: { button: 'Toon wat er gedeeld is' },
    pdf: { button: 'Maak een PDF' },
    beperken: {
      button: 'Beperken…',
      confirm: 'Beperken: bent u zeker?',
      yes: 'Ja, beperk',
      done: 'De verwerking is beperkt.',
    },
    opheffen: {
      button: 'Beperking opheffen…',
      confirm: 'De beperking opheffen: bent u zeker?',
      yes: 'Ja, hef op',
      done: 'De beperking is opgeheven.',
    },
    wissen: {
      button: 'Wissen…',
      confirm: 'Wissen: bent u zeker?',
      yes: 'Ja, wis',
      done: 'De gegevens zijn gewist.',
    },
  },
  what: 'Wat er zal gebeuren',
  happened: 'Wat er gebeurd is',
  again: 'Typ hetzelfde rijksregisternummer nog eens',
  againHint: 'Zo bent u zeker dat u niemand anders treft. De gateway onthield het niet.',
  cancel: 'Niet doen, ga terug',
  backToCase: 'Terug naar de vraag',
  tellRestriction: ({ handOvers, items, inHand }: Restricted, isDone: boolean): string[] => [
    isDone
      ? 'Over deze persoon wordt niets meer uitgewisseld, tot de beperking wordt opgeheven.'
      : 'Over deze persoon wordt dan niets meer uitgewisseld, in geen enkel protocol, tot de beperking wordt opgeheven.',
    handOvers === 0
      ? 'Er is niets onderweg over deze persoon.'
      : `Uit ${of(handOvers, 'zending die onderweg is', 'zendingen die onderweg zijn')} ${isDone ? 'is' : 'gaat'} ${of(items, 'gegeven over de persoon weg', 'gegevens over de persoon weg')}.`,
    ...(inHand > 0
      ? [
          `${of(inHand, 'zending is net aan het vertrekken en kan', 'zendingen zijn net aan het vertrekken en kunnen')} nog aankomen.`,
        ]
      : []),
    'Een melding dat iemand moet stoppen met verwerken, gaat wel door.',
    'VDAB merkt niets van de beperking zelf. De woonmaatschappij ziet dat een item over deze persoon wordt geweigerd.',
  ],
  tellLift: (since: Date, isDone: boolean): string[] => [
    `De beperking geldt sinds ${format.moment(since)}. Ze ${isDone ? 'is' : 'wordt'} opgeheven.`,
    'Wat mag volgens de protocollen, kan dan opnieuw. Wat tegengehouden werd, vertrekt niet alsnog.',
  ],
  tellErasure: ({ erased, withdrawn, remains }: Erased, isDone: boolean): string[] => {
    const kinds = Object.entries(erased).filter(([, count]) => count > 0)
    const list = kinds.map(([kind, count]) => {
      const words = ERASED[kind]
      return words ? of(count, ...words) : `${count} ${kind}`
    })
    return [
      list.length === 0
        ? 'Er is niets over deze persoon om te wissen.'
        : `${isDone ? 'Gewist' : 'Dit wordt gewist, voorgoed'}: ${list.join('; ')}.`,
      ...(withdrawn.items > 0
        ? [
            `Wat nog onderweg is, ${isDone ? 'is' : 'wordt'} ingetrokken: ${of(withdrawn.items, 'gegeven', 'gegevens')}.`,
          ]
        : []),
      `Wat blijft: ${of(remains.entries, 'regel', 'regels')} van het bewijs, want bewijs mag niet veranderen. Niemand kan nog zien over wie ze gaan: de sleutels daarvoor verdwijnen.`,
      `Wat blijft als getal, zonder iets van de persoon: ${of(remains.feedback, 'terugkoppeling', 'terugkoppelingen')}, ${of(remains.memberships, 'plaats in een maandlijst', 'plaatsen in maandlijsten')}, en aantallen die al gepubliceerd zijn.`,
      ...(remains.restriction
        ? [
            'Wat blijft: de beperking van de verwerking. Zonder haar kenmerk zou ze niet meer werken.',
          ]
        : [
            'Een latere vraag die volgens een protocol mag, wordt niet tegengehouden. Wilt u dat ook? Beperk dan eerst.',
          ]),
      'Reservekopieën bevatten de gegevens tot hun bewaartermijn voorbij is. Wat partners kregen, wissen zij zelf.',
    ]
  },
  usage: {
    title: 'Wat er over deze persoon gedeeld is',
    caption: 'Wat er gebeurde, het nieuwste eerst',
    count: (count: number): string => of(count, 'gebruik van gegevens', 'keer gegevens gebruikt'),
    period: (from: string, until: string): string => `Van ${from} tot ${until}.`,
    noted: 'Dat u dit opzocht, staat nu in de auditlog. De persoon ziet dat ook.',
    none: 'Er is niets gevonden: over deze persoon staat in die periode niets in de auditlog.',
    when: 'Wanneer',
    what: 'Wat er gebeurde',
    who: 'Wie kreeg de gegevens',
    data: 'Welke gegevens',
    why: 'Waarom en op welke grond',
    proof: 'Bewijs',
    ours: 'niemand anders: dit bleef in de gateway',
    kbo: (number: string): string => `ondernemingsnummer ${number}`,
    noData: 'geen',
    protocol: (id: string, version: string): string => `protocol ${id}, versie ${version}`,
    reason: 'Opgegeven reden',
    line: (index: string): string => `Regel ${index}`,
    more: (count: string): string =>
      `De nieuwste ${count} zijn getoond. Zoek de oudere met een andere periode.`,
    pdf: 'Als PDF voor de persoon',
  },
}
