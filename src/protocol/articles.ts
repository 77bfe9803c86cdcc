import type { Protocol } from './document.ts'

/** The articles of an agreement, in order: the sections they hold, and their title. */
const AGREEMENT: readonly [string, readonly string[]][] = [
  ['Partijen', ['parties', 'acceding']],
  ['Aanleiding en voorwerp', ['context']],
  ['Rechtsgrond', ['legalBasis', 'deliberation', 'supervisoryAuthority']],
  ['Doeleinden', ['purposes']],
  ['Van wie', ['dataSubjects']],
  ['Gegevens', ['dataElements']],
  ['Berichten', ['messageTypes']],
  ['Ontvangers', ['recipients']],
  ['Werkwijze', ['modalities']],
  ['Ritme en aantallen', ['periodicity']],
  ['Duur en opschorting', ['duration', 'suspensions']],
  ['Beveiliging', ['security']],
  ['Evenredigheid en ontwerp', ['designMeasures']],
  ['Rechten van de betrokkenen', ['rights']],
  ['Kwaliteit van de gegevens', ['dataQuality']],
  ['Effectbeoordeling', ['dpia']],
  ['Sancties', ['sanctions']],
  ['Geschillen', ['disputes']],
  ['Bijkomende afspraken', ['clauses']],
  ['Adviezen', ['dpoAdvice', 'externalAdvice']],
  ['Ondertekening en bekendmaking', ['signatures', 'publication']],
  ['Versies', ['changeLog', 'version']],
]

const ACCESSION: readonly [string, readonly string[]][] = [
  ['Partijen', ['parties']],
  ['Aanleiding', ['context']],
  ['Toetreding', ['statement', 'framework', 'frameworkVersion', 'frameworkDigest']],
  ['Geschatte aantallen', ['estimates', 'evaluation']],
  ['Wie ontvangt', ['functions']],
  ['Duur en opschorting', ['duration', 'suspensions']],
  ['Beveiliging', ['security']],
  ['Rechten van de betrokkenen', ['rights']],
  ['Bijkomende afspraken', ['clauses']],
  ['Adviezen', ['dpoAdvice', 'externalAdvice']],
  ['Ondertekening en bekendmaking', ['signatures', 'publication']],
  ['Versies', ['changeLog', 'version']],
]

/** Parts below an article, in Dutch. */
const PARTS: Readonly<Record<string, string>> = {
  'ceilings.perMessage': 'hoogste aantal in een bericht',
  'ceilings.perDay': 'hoogste aantal per dag',
  'ceilings.perEpoch': 'hoogste aantal onder een sleutel',
  answerWindowDays: 'termijn om te antwoorden',
  codes: 'codelijst',
  daysToOverdue: 'termijn voor opvolging',
  domain: 'pseudoniemdomein',
  enabled: 'aan of uit',
  evaluation: 'aantal pseudoniemen dat berekend mag worden',
  from: 'afzender',
  granularity: 'vorm van het antwoord',
  inForceFrom: 'datum van inwerkingtreding',
  onward: 'doorgeven',
  payloadRetentionDays: 'bewaartermijn van berichten',
  periodClosesAfterDays: 'afsluiten van een maand',
  purposes: 'doeleinden',
  recipient: 'ontvangende functie',
  routeRetentionDays: 'bewaartermijn van de weg terug',
  signature: 'ondertekende berichten',
  targetGroups: 'doelgroepen',
  to: 'bestemming',
  until: 'laatste dag',
}

/** The articles of a document, in order: title, and the sections each holds. Numbers start at 1. */
export function articlesOf(document: Protocol): readonly [string, readonly string[]][] {
  return document.kind === 'accession' ? ACCESSION : AGREEMENT
}

const PATH = /^([A-Za-z]+)(?:\[([^\]]+)\])?(?:\.(.+))?$/

/**
 * The readable article of a place in a document, in Dutch, such as
 * `artikel 6 (Gegevens): Grond van het huurderschap`. Takes a path (`dataElements[grond]`) or the
 * rule of a refusal (`wm-vdab 1.0.0, dataElements[grond]`). What is no place in the document, such as
 * a schema, comes back as it is.
 */
export function ruleTitle(document: Protocol, rule: string): string {
  const own = `${document.protocolId} ${document.version}, `
  const path = rule.startsWith(own) ? rule.slice(own.length) : rule
  const [, section = '', id, part] = PATH.exec(path) ?? []
  const articles = articlesOf(document)
  const index = articles.findIndex(([, sections]) => sections.includes(section))
  const article = articles[index]
  if (!article) return rule
  const details = [nameOf(document, section, id), partOf(section, part)].filter(Boolean)
  const title = `artikel ${index + 1} (${article[0]})`
  return details.length ? `${title}: ${details.join(', ')}` : title
}

function partOf(section: string, part: string | undefined): string | undefined {
  // In the article on duration, "from" is a day and not a sender.
  if (section === 'duration' && part === 'from') return 'eerste dag'
  return part === undefined ? undefined : (PARTS[part] ?? part)
}

/** The label of one part of a list, by its id; the id itself where it has none. */
function nameOf(document: Protocol, section: string, id: string | undefined): string | undefined {
  if (id === undefined) return undefined
  // Signatures lie beside the document: they name its parties.
  const list: unknown = document[(section === 'signatures' ? 'parties' : section) as keyof Protocol]
  if (!Array.isArray(list)) return id
  const found = (list as Record<string, unknown>[]).find(one =>
    [one['id'], one['type'], one['party'], one['recipient']].includes(id),
  )
  const label = found?.['label'] ?? found?.['title'] ?? found?.['name'] ?? found?.['norm']
  return typeof label === 'string' ? label : id
}
