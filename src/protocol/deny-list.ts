/**
 * What no protocol may list, whatever its parties sign: the barriers, competences, situations,
 * exemption reasons, Annex 1 categories of one person, benefits, income, profile segments and free
 * text that the sources name. Word beginnings, without accents, in Dutch and English.
 */
const DENIED_DATA = [
  // barriers
  ['barrier', 'drempel', 'belemmering', 'obstakel'],
  ['financ', 'schuld', 'debt', 'budget'],
  ['dagstructuur', 'dagindeling', 'dagelijks', 'daily', 'daystructure'],
  ['huisvesting', 'woonsituat', 'woonprobl', 'woonomst'],
  ['domestic', 'relati', 'gezin', 'household', 'huishoud', 'famil'],
  [
    'mental',
    'psych',
    'fysiek',
    'physical',
    'gezond',
    'health',
    'medisch',
    'medical',
    'ziek',
    'illness',
  ],
  ['handicap', 'disab', 'invalid', 'arbeidsongeschikt', 'ongeschikt', 'unfit', 'incapac'],
  ['addict', 'verslav', 'network', 'netwerk'],
  ['justic', 'justit', 'gerecht', 'crimin', 'straf', 'veroordeel', 'convict'],
  ['childcare', 'kinderopvang', 'kinderen', 'children'],
  ['taal', 'language', 'nederlandskund', 'nt2'],
  ['attitude', 'houding', 'motivat', 'motivati', 'onwil', 'unwilling'],
  // the propeller model, competences, situations
  ['propel', 'competen', 'vaardigheid', 'skill', 'situat', 'leefsituat'],
  // exemptions, reasons
  ['vrijstelling', 'exempt', 'billijkheid', 'reason', 'reden', 'motief', 'oorzaak', 'cause'],
  // Annex 1 of one person, benefits, income, registration category
  ['uitkering', 'benefit', 'inkomen', 'income', 'loon', 'salar', 'wage', 'leefloon', 'livingwage'],
  ['zelfstandig', 'selfemploy', 'categor', 'olderthan', 'ouderdan'],
  // profiles
  ['profiel', 'profile', 'segment', 'score', 'scoring', 'rating'],
  // free text
  ['opmerking', 'remark', 'comment', 'notitie', 'vrijetekst', 'freetext', 'toelichting', 'memo'],
].flat()

/** Denied only as a whole word: their beginnings are harmless elsewhere. */
const DENIED_WORDS = new Set([
  'text',
  'tekst',
  'note',
  'notes',
  'nota',
  'vrij',
  'age',
  'leeftijd',
  'fine',
])

/** Who never receives: the supervisor, those who check or punish, and third parties that help. */
const DENIED_RECIPIENTS = [
  ['supervis', 'toezicht', 'handhav', 'enforce', 'inspect', 'controle', 'controleur', 'compliance'],
  ['sanct', 'boete', 'bestraf', 'verplichting', 'obligation'],
  ['derde', 'third', 'vrijwillig', 'volunteer', 'buddy', 'caw', 'justit', 'politie', 'police'],
].flat()

/** The denied word that a name holds, if any. Names are split at case, digits and punctuation. */
export function deniedData(name: string): string | undefined {
  const words = wordsOf(name)
  return words.find(word => DENIED_WORDS.has(word)) ?? beginningIn(words, DENIED_DATA)
}

/** The denied recipient that a name holds, if any. */
export function deniedRecipient(name: string): string | undefined {
  return beginningIn(wordsOf(name), DENIED_RECIPIENTS)
}

function beginningIn(words: string[], beginnings: readonly string[]): string | undefined {
  return beginnings.find(beginning => words.some(word => word.startsWith(beginning)))
}

/** The words of a name, lower case and without accents, and neighbours glued: `freeText` → freetext. */
function wordsOf(name: string): string[] {
  const words = name
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
  return [...words, ...words.slice(1).map((word, index) => `${words[index]}${word}`)]
}
