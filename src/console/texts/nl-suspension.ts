import type { SuspensionFault } from '../../exchange/suspension.ts'

const messages = (count: number, text: string): string =>
  count === 1 ? '1 bericht' : `${text} berichten`
const are = (count: number): string => (count === 1 ? 'wordt' : 'worden')
const go = (count: number): string => (count === 1 ? 'gaat' : 'gaan')

/** Words of suspending and resuming a protocol. */
export const suspension = {
  suspend: {
    title: 'Dit protocol opschorten',
    lead: 'Na een opschorting gaat niets meer door onder dit protocol. Wat onderweg is, wacht. De partijen krijgen een bericht.',
    framework:
      'Dit is een kaderprotocol: ook voor alle toegetreden partijen gaat dan niets meer door.',
    button: 'Opschorten…',
    confirmTitle: (title: string): string => `Opschorten: ${title}`,
    effect: (count: number, text: string): string =>
      count === 0
        ? 'Er zijn nu geen berichten onderweg. Er wordt niets vastgehouden.'
        : `${messages(count, text)} ${are(count)} vastgehouden tot u het protocol hervat.`,
    effects: [
      'Binnen één seconde gaat er niets meer door, in geen enkel deel van Huisbrug.',
      'Nieuwe berichten over personen krijgen het antwoord 503: probeer het later opnieuw.',
      'Termijnen om te antwoorden staan stil. Er gaat niets verloren.',
    ],
    yes: 'Ja, schort op',
    done: 'Het protocol is opgeschort.',
    doneText: (count: number, text: string): string =>
      count === 0
        ? 'Er waren geen berichten onderweg.'
        : `${messages(count, text)} ${are(count)} vastgehouden.`,
  },
  resume: {
    title: 'Dit protocol hervatten',
    lead: 'Na het hervatten gaat alles weer door, ook wat intussen vastgehouden werd. De partijen krijgen een bericht.',
    framework:
      'Dit is een kaderprotocol: het geldt voor alle toegetreden partijen die niet zelf opgeschort zijn.',
    button: 'Hervatten…',
    confirmTitle: (title: string): string => `Hervatten: ${title}`,
    effect: (count: number, text: string): string =>
      count === 0
        ? 'Er worden nu geen berichten vastgehouden.'
        : `${messages(count, text)} ${go(count)} weer door.`,
    effects: [
      'Binnen enkele seconden gaat alles weer door.',
      'Nieuwe berichten worden weer aanvaard.',
      'Termijnen om te antwoorden lopen verder.',
    ],
    yes: 'Ja, hervat',
    done: 'Het protocol is hervat.',
    doneText: (count: number, text: string): string =>
      count === 0
        ? 'Er werden geen berichten vastgehouden.'
        : `${messages(count, text)} ${go(count)} weer door.`,
  },
  still:
    'Het bestand signatures.json schort het protocol ook op. Het blijft opgeschort tot u dat daar beëindigt.',
  told: (who: string): string => `Deze partijen krijgen een bericht: ${who}.`,
  toldNone: 'Er is geen geregistreerde partij die een bericht krijgt.',
  reason: 'Reden',
  reasonHint:
    'Over het protocol, nooit over een persoon. De partijen krijgen deze tekst. Hoogstens 500 tekens.',
  reasonHintResume:
    'Over het protocol, nooit over een persoon. Deze tekst staat in de auditlog. Hoogstens 500 tekens.',
  givenReason: 'Uw reden',
  cancel: 'Niet doen, ga terug',
  back: 'Terug naar het protocol',
  heading: 'Opgeschort',
  since: 'Sinds',
  by: 'Door',
  inFile: 'Deze opschorting staat in het bestand signatures.json. U beëindigt ze daar.',
  faults: {
    unknown: 'Dit protocol bestaat niet meer.',
    unreadable: 'Het document is niet leesbaar. Er gaat nu niets door.',
    ended: 'Dit protocol is beëindigd. Er valt niets meer op te schorten.',
    'already-suspended': 'Dit protocol is al opgeschort. Er is niets gewijzigd.',
    'not-suspended': 'Dit protocol is niet opgeschort. Er is niets gewijzigd.',
    'suspended-in-file':
      'Deze opschorting staat in het bestand signatures.json. U beëindigt ze daar.',
    reason:
      'Geef een reden van 1 tot 500 zichtbare tekens, zonder rijksregisternummer. Ze gaat over het protocol, niet over een persoon.',
    party: 'Deze partij mag dit protocol niet opschorten.',
  } satisfies Record<SuspensionFault, string>,
}
