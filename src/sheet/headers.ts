/** What a column may be for. */
export const ROLES = ['insz', 'ref', 'ground'] as const
export type Role = (typeof ROLES)[number]

// As plainWord gives them, the surest first.
const NAMES: Readonly<Record<Role, readonly string[]>> = {
  insz: [
    'insz',
    'rijksregisternummer',
    'rijksregisternr',
    'rijksregister',
    'rrn',
    'rrnr',
    'rrnummer',
    'nationaalnummer',
    'nationaalnr',
    'niss',
    'ssin',
    'numeronational',
    'registrenational',
    'bisnummer',
    'rr',
  ],
  ref: [
    'tenantref',
    'huurderref',
    'huurderreferentie',
    'huurdersreferentie',
    'kenmerk',
    'kenmerkhuurder',
    'eigenkenmerk',
    'huurdernummer',
    'huurdersnummer',
    'huurdernr',
    'huurdersnr',
    'huurderid',
    'referentie',
    'ref',
    'reference',
    'klantnummer',
    'klantnr',
    'klantid',
    'relatienummer',
    'persoonsnummer',
    'persoonnummer',
    'dossiernummer',
    'dossiernr',
    'contractnummer',
    'contractnr',
    'huurcontract',
    'dossier',
    'contract',
  ],
  ground: [
    'tenantground',
    'grond',
    'grondhuurderschap',
    'grondvanhuurderschap',
    'grondvanhethuurderschap',
    'huurgrond',
    'huurderschap',
    'rechtsgrond',
    'artikel',
    'art61',
    'typehuurder',
    'soorthuurder',
    'hoedanigheid',
  ],
}

// Longer titles: "INSZ van de huurder", "Rijksregisternummer (11 cijfers)".
const WITHIN: Readonly<Record<Role, RegExp>> = {
  insz: /^insz|rijksregister|nationaalnummer|bisnummer/,
  ref: /^(huurders?|klant|eigen)(ref|nummer|nr|kenmerk|id)|referentie|kenmerk/,
  ground: /^grond|huurderschap/,
}

/** A text as it is compared: small letters and digits alone, without accents. */
export function plainWord(text: string): string {
  return text
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
}

/** How well a title names a role: 0 the best; undefined where it does not. */
export function rankOf(title: string, role: Role): number | undefined {
  const word = plainWord(title)
  const exact = NAMES[role].indexOf(word)
  if (exact >= 0) return exact
  return WITHIN[role].test(word) ? NAMES[role].length : undefined
}
