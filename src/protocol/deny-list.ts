/**
 * What no protocol may list, whatever its parties sign: the barriers, competences, situations,
 * exemption reasons, Annex 1 categories of one person, benefits, income, profile segments and free
 * text that the sources name. Parts of words without accents, in Dutch and English: Dutch compounds
 * put what a thing is last. Those of up to four letters count at the beginning of a word only.
 */
const DENIED_DATA = [
  // barriers
  ['barrier', 'drempel', 'belemmering', 'obstakel', 'obstacle'],
  ['financ', 'schuld', 'debt', 'budget'],
  ['dagstruct', 'dagindeling', 'dagelijks', 'daily', 'daystructure', 'activit'],
  ['huisvesting', 'woonprobl', 'woonomst', 'housingprob', 'housingneed'],
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
  ['handicap', 'disab', 'invalid', 'ongeschikt', 'unfit', 'incapac'],
  ['addict', 'verslav', 'network', 'netwerk'],
  ['justic', 'justit', 'gerecht', 'crimin', 'straf', 'veroordeel', 'convict'],
  ['childcare', 'kinderopvang', 'kinderen', 'children'],
  ['taal', 'thuistaal', 'moedertaal', 'spreektaal', 'language', 'nederlands', 'dutch', 'nt2'],
  ['attitude', 'houding', 'motivat', 'motief', 'onwil', 'unwilling'],
  // the propeller model, competences, situations
  ['propel', 'orientat', 'context', 'competen', 'vaardigheid', 'skill', 'situat'],
  // exemptions and other reasons
  ['vrijstelling', 'exempt', 'billijkheid', 'reason', 'reden', 'oorzaak', 'cause'],
  // Annex 1 of one person, benefits, income, registration category
  ['uitkering', 'benefit', 'inkomen', 'income', 'loon', 'leefloon', 'salar', 'wage', 'livingwage'],
  ['zelfstandig', 'selfemploy', 'categor', 'olderthan', 'ouderdan'],
  // profiles
  ['profiel', 'profile', 'segment', 'score', 'scoring', 'rating'],
  // free text
  ['opmerking', 'remark', 'comment', 'notitie', 'vrijetekst', 'freetext', 'toelichting', 'memo'],
].flat()

/** Denied as a whole word only: harmless inside others. */
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
  return words.find(word => DENIED_WORDS.has(word)) ?? partIn(words, DENIED_DATA)
}

/** The denied recipient that a name holds, if any. */
export function deniedRecipient(name: string): string | undefined {
  return partIn(wordsOf(name), DENIED_RECIPIENTS)
}

function partIn(words: string[], parts: readonly string[]): string | undefined {
  return parts.find(part =>
    words.some(word => (part.length > SHORT ? word.includes(part) : word.startsWith(part))),
  )
}

const SHORT = 4

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
