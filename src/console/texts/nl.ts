import { approvals } from './nl-approvals.ts'
import { attention } from './nl-attention.ts'
import { auditLog } from './nl-audit-log.ts'
import { exceptions } from './nl-exceptions.ts'
import { feedback } from './nl-feedback.ts'
import { figures } from './nl-figures.ts'
import { integrity } from './nl-integrity.ts'
import { messages } from './nl-messages.ts'
import { overview } from './nl-overview.ts'
import { parked } from './nl-parked.ts'
import { parties } from './nl-parties.ts'
import { protocols } from './nl-protocols.ts'
import { quotas } from './nl-quotas.ts'
import { reports } from './nl-reports.ts'
import { sessions } from './nl-sessions.ts'
import { subjects } from './nl-subjects.ts'
import { suspension } from './nl-suspension.ts'
import { system } from './nl-system.ts'

/** All words of the console in Dutch (B1); `en.ts` says the same in English. */
export const nl = {
  lang: 'nl',
  frame: {
    skip: 'Ga naar de inhoud',
    tagline: 'console',
    menu: 'Hoofdmenu',
    signedInAs: 'Aangemeld als',
    signOut: 'Afmelden',
    drawnAt: (moment: string): string => `Stand van ${moment} (Belgische tijd).`,
    other: 'English',
  },
  nav: {
    overview: 'Overzicht',
    messages: 'Berichten',
    auditLog: 'Auditlog',
    verify: 'Controle',
    protocols: 'Protocollen',
    pseudonyms: 'Pseudoniemen',
    approvals: 'Goedkeuringen',
    sessions: 'Aangemeld',
    subjects: 'Inzage',
    feedback: 'Terugkoppeling',
    exceptions: 'Uitzonderingen',
    integrity: 'Integriteit',
    parties: 'Partijen en sleutels',
    system: 'Systeem',
    attention: 'Aandacht',
    reports: 'Rapporten',
  },
  menuGroups: {
    exchange: 'Uitwisseling',
    evidence: 'Bewijs',
    people: 'Personen',
    running: 'Beheer',
  },
  signIn: {
    title: 'Aanmelden',
    intro: 'U hebt een eenmalige link geopend. Klik op de knop om u aan te melden.',
    once: 'De link werkt één keer en maar korte tijd. Zolang u niet op de knop klikt, blijft de link bruikbaar.',
    button: 'Aanmelden',
    byProvider: 'U meldt zich aan met het account van uw organisatie.',
    signedInTitle: 'U bent aangemeld',
    again: 'Opnieuw aanmelden',
    elsewhere:
      'Bij de aanmelddienst van uw organisatie bent u misschien nog aangemeld. Werkt u op een gedeelde computer? Meld u daar dan ook af.',
    signOutElsewhere: 'Afmelden bij de aanmelddienst',
    signedOutTitle: 'U bent afgemeld',
    signedOut: 'Uw sessie is gesloten. U kunt dit venster sluiten.',
  },
  common: {
    none: 'geen',
    notApplicable: 'niet van toepassing',
    unknown: 'onbekend',
    all: 'alle',
    newest: 'Nieuwste',
    older: 'Oudere',
    pages: 'Bladeren',
    filter: 'Toon',
    clear: 'Wis de filters',
    wrongDate: 'Dit is geen bestaande datum. Kies een datum of laat het veld leeg.',
    wrongRange: 'De einddatum ligt voor de begindatum. Draai ze om.',
    wrongValue: 'Deze waarde bestaat niet. Kies iets anders of laat het veld leeg.',
    sentAgain:
      'Uw sessie was voorbij. Er is niets gebeurd. Kijk na wat u invulde, typ een rijksregisternummer opnieuw, en verstuur het.',
    formWrong: 'Pas de aangeduide velden aan. Er is nog niets gezocht.',
  },
  problems: {
    'not-signed-in': {
      title: 'U bent niet aangemeld',
      lines: [
        'Voor deze pagina moet u aangemeld zijn. Een sessie eindigt vanzelf als u een tijd niets doet.',
        'Vraag de beheerder van de gateway om een eenmalige link. De gateway toont er één bij het starten. Een nieuwe link maakt de beheerder met deze opdracht:',
      ],
    },
    'link-used': {
      title: 'Deze link werkt niet meer',
      lines: [
        'De link is al gebruikt of is verlopen. Een link werkt maar één keer.',
        'Vraag de beheerder van de gateway om een nieuwe link. Die maakt hij met deze opdracht:',
      ],
    },
    'foreign-form': {
      title: 'Het formulier is niet geldig',
      lines: [
        'Dit formulier hoort niet bij uw huidige sessie. Er is niets gebeurd.',
        'Ga terug, laad de pagina opnieuw en probeer het nog eens.',
      ],
    },
    'not-allowed': {
      title: 'U hebt geen toegang tot deze pagina',
      lines: ['Deze pagina hoort niet bij uw rol. Vraag de beheerder als u ze nodig hebt.'],
    },
    'not-found': {
      title: 'Deze pagina bestaat niet',
      lines: ['Kijk het adres na. Misschien is het bericht of het protocol hier niet bekend.'],
    },
    'unreadable-form': {
      title: 'De aanvraag is niet leesbaar',
      lines: ['De gateway kon de aanvraag niet lezen. Er is niets gebeurd.'],
    },
    'store-away': {
      title: 'De gegevens zijn even niet bereikbaar',
      lines: ['De databank antwoordt niet. Probeer het over een minuut opnieuw.'],
    },
    'log-unreadable': {
      title: 'Een regel van de auditlog is niet leesbaar',
      lines: [
        'De gateway kan deze pagina niet tonen, want een regel van de auditlog is beschadigd of gewijzigd.',
        'Controleer de auditlog: de controle noemt de eerste regel die niet past.',
      ],
    },
    failed: {
      title: 'Er ging iets mis',
      lines: [
        'De fout ligt bij ons en staat in het logboek van het programma. Er is niets gewijzigd.',
        'Blijft dit gebeuren? Verwittig dan de beheerder.',
      ],
    },
    'no-role': {
      title: 'U hebt hier geen rol',
      lines: [
        'U bent aangemeld bij uw organisatie, maar die gaf u geen rol in deze gateway, of de rol van functionaris van twee partijen tegelijk. Een account hoort bij één partij.',
        'Vraag de beheerder om uw account een rol te geven. Meld u daarna opnieuw aan.',
      ],
    },
    'sign-in-failed': {
      title: 'Aanmelden is niet gelukt',
      lines: [
        'Het antwoord van de aanmelddienst paste niet bij uw poging, of was te oud. U bent niet aangemeld.',
        'Begin opnieuw, in één venster. Lukt het weer niet? Verwittig dan de beheerder.',
      ],
    },
    'provider-away': {
      title: 'De aanmelddienst is even niet bereikbaar',
      lines: [
        'De gateway kreeg geen goed antwoord van de aanmelddienst van uw organisatie.',
        'Probeer het over een minuut opnieuw. Blijft dit duren? Verwittig dan de beheerder.',
      ],
    },
    'too-many': {
      title: 'Te veel pogingen',
      lines: ['Er waren te veel pogingen om aan te melden. Probeer het over een minuut opnieuw.'],
    },
    kept: 'Wat u invulde, staat nog op deze pagina, behalve een rijksregisternummer. Meld u aan in een ander tabblad. Kom dan hier terug en ga verder: u kijkt alles nog eens na voor u het verstuurt.',
    keptOn: 'Ik ben aangemeld: ga verder',
    signInFirst:
      'Voor deze pagina moet u aangemeld zijn. Een sessie eindigt vanzelf als u een tijd niets doet.',
    signIn: 'Aanmelden',
    code: 'Code voor de beheerder:',
    howToGetALink:
      'Wilt u opnieuw aanmelden? Dan hebt u een nieuwe link nodig. Die maakt de beheerder met:',
    command: 'huisbrug console link',
    again: 'Probeer opnieuw',
    toOverview: 'Naar het overzicht',
    toVerify: 'Naar de controle',
  },
  overview,
  attention,
  auditLog,
  messages,
  protocols,
  quotas,
  suspension,
  parked,
  sessions,
  reports,
  subjects,
  approvals,
  exceptions,
  feedback,
  figures,
  integrity,
  parties,
  system,
}

export type Texts = typeof nl
export type NavKey = keyof Texts['nav']
export type MenuGroup = keyof Texts['menuGroups']
