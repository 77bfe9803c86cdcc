import type { Finding, Severity } from './finding.ts'
import type { RuleCode } from './lint/rules.ts'

/** What each rule says of a document, in plain Dutch, for pages. */
const OF_RULES: Readonly<Record<RuleCode, string>> = {
  'recipient-is-supervisor':
    'Een toezichthouder, wie controleert of bestraft, of een derde mag nooit iets ontvangen.',
  'unknown-function': 'Dit soort partij kan deze ontvangende functie niet hebben.',
  'onward-transfer': 'Niets mag worden doorgegeven.',
  'no-such-recipient': 'Deze ontvanger staat niet in het document.',
  'recipient-elsewhere': 'De ontvanger hoort bij een andere partij dan die het bericht krijgt.',
  'feedback-not-to-sensitising':
    'Wat VDAB over een persoon zegt, gaat enkel naar wie sensibiliseert (bij een OCMW ook naar wie begeleidt).',
  'denied-data': 'Dit gegeven mag nooit worden uitgewisseld.',
  'annex-1-category': 'Een categorie van bijlage 1 mag nooit over een persoon worden meegedeeld.',
  'free-text': 'Vrije tekst mag niet worden uitgewisseld.',
  'hidden-characters': 'In deze naam staan tekens die iets kunnen verbergen.',
  'sensitive-data': 'Wat de partijen zelf gevoelig noemen, mag niet worden uitgewisseld.',
  'special-without-ground':
    'Voor dit bijzondere of strafrechtelijke gegeven ontbreekt een grond uit artikel 9 of 10 AVG.',
  'no-necessity': 'Er staat niet waarom dit gegeven nodig is.',
  'no-retention': 'Er staat niet hoelang dit gegeven bewaard wordt, of waarom.',
  'code-list': 'Een code heeft een codelijst, en een ander gegeven heeft er geen.',
  'unknown-code': 'Huisbrug kent deze code niet bij dit gegeven.',
  'not-pseudonymised': 'Wat een persoon aanwijst, verlaat Huisbrug enkel als pseudoniem.',
  'field-taken': 'Huisbrug gebruikt deze naam zelf.',
  'reference-leaves': 'Het eigen kenmerk van de verzender blijft in Huisbrug.',
  'field-form': 'Huisbrug kent dit veld in een andere vorm.',
  'purpose-without-basis': 'Dit doel heeft geen rechtsgrond voor de mededeling.',
  twice: 'Deze naam staat er twee keer.',
  'no-such-part': 'Hier staat een verwijzing naar iets dat niet in het document staat.',
  directions: 'De richtingen van dit gegeven zijn niet die van zijn berichten.',
  'field-twice': 'Twee gegevens van dit bericht hebben hetzelfde veld.',
  'domain-name': 'Het pseudoniemdomein past niet bij het protocol en zijn versie.',
  'missing-section': 'Dit deel ontbreekt.',
  'section-elsewhere': 'Enkel een kaderprotocol zegt wie mag toetreden.',
  'too-few-parties': 'Een uitwisseling heeft minstens twee partijen.',
  'advice-of-stranger': 'Dit advies is van een functionaris van wie geen partij is.',
  'one-party-accedes': 'Bij een toetreding treedt precies één partij toe.',
  'framework-unbound':
    'De toetreding noemt de vingerafdruk van het kaderprotocol niet: enkel het nummer van de versie bindt.',
  'kbo-check-number': 'Het controlegetal van dit ondernemingsnummer klopt niet.',
  'ends-before-start': 'Het document eindigt voor het begint.',
  'pattern-direction': 'Dit soort bericht kan niet in deze richting gaan.',
  'one-request': 'Waar enkel aantallen teruggaan, is er maar een soort vraag.',
  'row-too-long': 'Deze vraag zegt te veel over een persoon: het past niet in een verzegelde rij.',
  'answer-without-request': 'Dit antwoord hoort bij geen vraag.',
  'progress-without-event': 'Deze stand van de opvolging hoort bij geen terugkoppeling.',
  'answer-wrong-way': 'Een antwoord gaat terug naar wie de vraag stelde.',
  'answered-twice': 'Twee soorten berichten antwoorden op hetzelfde bericht.',
  'request-without-person':
    'Een vraag bevat een rijksregisternummer en het eigen kenmerk van de verzender. Een van de twee ontbreekt.',
  'event-without-person':
    'Een melding van VDAB bevat een pseudoniem en geen kenmerk van een ander. Een melding van een andere partij bevat haar eigen kenmerk.',
  'withdrawal-without-reference': 'In dit bericht ontbreekt het eigen kenmerk van de verzender.',
  'counts-about-persons': 'Tussen aantallen staat iets dat een persoon aanwijst.',
  'answer-without-result': 'In dit antwoord ontbreekt het nummer van een rij of een aantal.',
  'progress-without-status': 'In deze stand van de opvolging ontbreekt de stand of de datum.',
  'one-number': 'Een bericht met aantallen bevat precies één getal.',
  'known-type': 'Huisbrug kent dit bericht met een ander patroon.',
  'no-blind-form':
    'Wie verzendt, maakt zelf de pseudoniemen. Dan heeft een vraag precies één rijksregisternummer, en geen veld tag, secret of subjectTag.',
  'precondition-field': 'Deze voorwaarde noemt een veld dat er niet is of een andere vorm heeft.',
  'precondition-type':
    'Deze voorwaarde noemt geen bericht dat enkel dient om te stoppen, van dezelfde verzender.',
  'precondition-unchecked': 'Huisbrug kan deze voorwaarde bij dit soort bericht niet nagaan.',
  'missing-advice': 'Een advies van een functionaris voor gegevensbescherming ontbreekt.',
  'advice-not-reasoned': 'Een advies is niet gevolgd, en er staat niet waarom.',
  'sample-document': 'Dit is een voorbeelddocument.',
  'fictional-ground': 'Deze rechtsgrond is verzonnen.',
  'definition-names-denied': 'De omschrijving spreekt over iets dat niet mag worden uitgewisseld.',
  'description-names-denied':
    'De beschrijving spreekt over een toezichthouder, over wie controleert of bestraft, of over een derde.',
  'person-answer-to-policy': 'Een antwoord per persoon gaat naar wie genoeg heeft aan aantallen.',
  'unused-element': 'Geen enkel bericht dat aan staat, gebruikt dit gegeven.',
  'type-without-elements': 'Dit bericht bevat geen enkel gegeven.',
  'unlimited-retention': 'Dit gegeven wordt zonder einde bewaard.',
  'retention-differs': 'De bewaartermijn in woorden is een andere dan die Huisbrug uitvoert.',
  'ceiling-above-register': 'Een maximum is hoger dan het grootste register van een partij.',
  'ceilings-out-of-order':
    'Het maximum per bericht is hoger dan dat per dag, of dat per dag hoger dan dat van de sleutelperiode.',
  'blind-without-quota':
    'Wie zelf de pseudoniemen moet maken, mag er geen laten berekenen: het aantal ontbreekt.',
  'small-threshold': 'Aantallen onder vijf kunnen een persoon aanwijzen.',
  'route-too-short':
    'De weg naar de verzender vervalt voor het antwoord of de opvolging er moet zijn.',
  'no-persons-estimated': 'Het geschatte aantal personen is nul.',
  'late-review': 'De herziening is meer dan drie jaar na het begin.',
  'review-outside': 'De herziening valt voor het begin of na het einde.',
  'advice-after-start': 'Dit advies is van na het begin.',
  'odd-advice': 'Het advies en wat ermee gebeurde, passen niet bij elkaar.',
  'insecure-url': 'Dit adres begint niet met https.',
}

/** The same for what the loader says of files and of documents together. */
const OF_FILES: Readonly<Record<string, string>> = {
  'not-json': 'Dit bestand is geen JSON.',
  shape: 'Dit deel heeft niet de juiste vorm.',
  'signatures-elsewhere': 'De handtekeningen horen bij een ander protocol.',
  'two-documents': 'Twee mappen bevatten hetzelfde protocol.',
  'no-framework': 'Het kaderprotocol is er niet.',
  'accedes-twice': 'Dezelfde partij treedt twee keer toe.',
  'two-in-force': 'Twee versies zijn tegelijk in werking. Geen van beide wordt uitgevoerd.',
  'cyclic-supersedes': 'Versies vervangen elkaar in een kring.',
  'signature-unknown-key':
    'Een handtekening is gezet met een sleutel die Huisbrug niet kent, en telt niet mee.',
  'signature-other-digest': 'Een handtekening staat onder een andere tekst, en telt niet mee.',
  'signature-wrong-party':
    'Een handtekening is niet van een partij bij dit document, en telt niet mee.',
  'signature-differs':
    'Wat naast een handtekening staat, is niet wat getekend is. Zij telt niet mee.',
  'signature-twice': 'Een partij verklaarde op dezelfde dag twee keer hetzelfde.',
  'signature-unverified': 'Een handtekening kon niet worden nagekeken, en telt niet mee.',
  'may-not-accede': 'Dit soort partij kan niet toetreden tot het kaderprotocol.',
}

const TEXTS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(OF_RULES),
  ...Object.entries(OF_FILES),
])

const WEIGHTS: Readonly<Record<Severity, string>> = {
  refused: 'Fout',
  incomplete: 'Ontbreekt nog',
  warning: 'Let op',
}

/** What a finding says, in a plain Dutch sentence; of an unknown code: that something is wrong. */
export function findingTextNl({ code }: Pick<Finding, 'code'>): string {
  return TEXTS.get(code) ?? `Hier klopt iets niet (${code}).`
}

/** The same with how much it weighs before it: `Fout: …`, `Ontbreekt nog: …`, `Let op: …`. */
export function weighedTextNl(finding: Pick<Finding, 'code' | 'severity'>): string {
  return `${WEIGHTS[finding.severity]}: ${findingTextNl(finding)}`
}
