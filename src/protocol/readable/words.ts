/** Dutch words for the terms of schemas/protocol.json. A term without a word is shown as it is. */
export const TERMS = {
  documentKind: {
    protocol: 'protocol',
    framework: 'kaderprotocol',
    accession: 'toetreding',
    'deliberation-backed': 'uitwisseling na een beraadslaging',
  },
  language: { nl: 'Nederlands' },
  partyKind: {
    'housing-company': 'woonmaatschappij',
    'employment-service': 'arbeidsbemiddelaar',
    'welfare-office': 'OCMW',
    gateway: 'Huisbrug',
  },
  role: { sender: 'verzendt', recipient: 'ontvangt', acceding: 'treedt toe' },
  opinion: {
    favourable: 'gunstig',
    'with-conditions': 'gunstig onder voorwaarden',
    unfavourable: 'ongunstig',
  },
  phase: {
    collection: 'om de gegevens te verzamelen',
    communication: 'om de gegevens mee te delen',
    'processing-at-recipient': 'om de gegevens te verwerken bij de ontvanger',
  },
  gdpr: {
    '6(1)(c)': 'artikel 6, lid 1, c, AVG (wettelijke verplichting)',
    '6(1)(e)': 'artikel 6, lid 1, e, AVG (taak van algemeen belang)',
  },
  place: { header: 'een keer per bericht', item: 'per persoon of regel' },
  format: {
    'national-number': 'rijksregisternummer of bisnummer',
    'tenant-reference': 'eigen kenmerk',
    'document-reference': 'kenmerk van een document',
    pseudonym: 'pseudoniem',
    'row-id': 'kenmerk van een rij',
    date: 'datum',
    month: 'maand',
    code: 'een code uit een lijst',
    count: 'aantal',
    boolean: 'ja of nee',
    'target-group': 'doelgroep',
    text: 'tekst',
  },
  class: {
    ordinary: 'gewoon persoonsgegeven',
    sensitive: 'gevoelig gegeven',
    special: 'bijzondere categorie (artikel 9 AVG)',
    criminal: 'strafrechtelijk gegeven (artikel 10 AVG)',
    'national-id': 'nationaal identificatienummer',
  },
  transformation: {
    plain: 'onveranderd',
    pseudonym: 'als pseudoniem',
    coarsened: 'vergroofd',
    boolean: 'als ja of nee',
    count: 'als aantal',
  },
  reaches: {
    gateway: 'blijft in Huisbrug en gaat niet naar de ontvanger',
    recipient: 'gaat naar de ontvanger',
  },
  function: {
    'client-file': 'beheert het klantenbestand',
    guidance: 'begeleidt',
    sensitising: 'sensibiliseert',
    'target-group-management': 'beheert de doelgroep',
    'follow-up-register': 'houdt de opvolging bij',
  },
  pattern: {
    request: 'vraag',
    answer: 'antwoord',
    event: 'melding',
    progress: 'stand van de opvolging',
    withdrawal: 'stopzetting',
    counts: 'aantallen',
  },
  direction: { 'one-way': 'in een richting', 'two-way': 'in twee richtingen' },
  mode: {
    push: 'Huisbrug brengt de berichten naar de ontvanger',
    pull: 'de ontvanger haalt de berichten op bij Huisbrug',
  },
  granularity: {
    counts: 'enkel aantallen, nooit per persoon',
    person: 'per persoon: gevonden of niet gevonden',
  },
  schedule: {
    daily: 'elke dag',
    weekly: 'elke week',
    monthly: 'elke maand',
    quarterly: 'elk kwartaal',
    'on-event': 'wanneer er aanleiding toe is',
  },
  statement: { accept: 'akkoord', reject: 'verworpen', revoke: 'ingetrokken' },
  state: {
    draft: 'ontwerp',
    'dpo-review': 'voor advies bij de functionarissen voor gegevensbescherming',
    advised: 'geadviseerd, nog niet door iedereen ondertekend',
    signed: 'ondertekend, nog niet bekendgemaakt',
    published: 'bekendgemaakt, nog niet begonnen',
    active: 'ondertekend, bekendgemaakt en begonnen',
    suspended: 'opgeschort',
    terminated: 'beëindigd',
    expired: 'afgelopen',
  },
} as const

/** The Dutch word for a term; the term itself where there is none. */
export function word(terms: keyof typeof TERMS, term: string): string {
  return (TERMS[terms] as Readonly<Record<string, string>>)[term] ?? term
}

const dayFormat = new Intl.DateTimeFormat('nl-BE', { timeZone: 'UTC', dateStyle: 'long' })
const numberFormat = new Intl.NumberFormat('nl-BE', { maximumFractionDigits: 20 })

/** A calendar day `YYYY-MM-DD` in words; what is no day, as it is. */
export function day(text: string): string {
  const at = new Date(`${text}T00:00:00Z`)
  return Number.isNaN(at.getTime()) ? text : dayFormat.format(at)
}

export function number(value: number): string {
  return numberFormat.format(value)
}

/** Days in words: `1 dag`, `14 dagen`. */
export function days(count: number): string {
  return `${number(count)} ${count === 1 ? 'dag' : 'dagen'}`
}

export function yesNo(value: boolean): string {
  return value ? 'ja' : 'nee'
}

/** `a`, `a en b`, `a, b en c`. */
export function enumerate(items: readonly string[]): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} en ${items.at(-1)}`
}

/** A text as the start of a sentence. */
export function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
