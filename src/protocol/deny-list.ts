import {
  ANNEX_1_WORDS,
  DENIED_DATA,
  DENIED_RECIPIENT_WORDS,
  DENIED_RECIPIENTS,
  DENIED_WORDS,
  HARMLESS,
  LIVING_WAGE,
  ORDINARY_IN_PROSE,
  WELFARE_OFFICE,
} from './deny-words.ts'

const SHORT = 4
/** Pieces of up to so many letters in a row are read as one word: `ge-zon-d`. */
const PIECE = 3
const DATA_PARTS = finder(DENIED_DATA)
const ANNEX_1_PARTS = finder([...ANNEX_1_WORDS, ...LIVING_WAGE])
const RECIPIENT_PARTS = finder(DENIED_RECIPIENTS)
const WELFARE_PARTS = finder(WELFARE_OFFICE)
const HARMLESS_PARTS = new RegExp(HARMLESS.join('|'), 'g')
const ITSELF = new Set(['welfare-office', 'employment-service'])
const ORDINARY = new RegExp(`\\b(${ORDINARY_IN_PROSE.join('|')})\\b`, 'gi')
const NEGATION = /\b(geen|niet|niets|niemand|nooit|noch|zonder|nothing|never|not|no|without)\b/i

/**
 * The denied word that a name holds, if any. Names are split at case, digits and punctuation, and
 * read glued as well, so that `mentalHealth`, `vrije-tekst` and `g3zondheid` are all seen. Pure.
 */
export function deniedData(name: string): string | undefined {
  const words = wordsOf(name)
  return words.find(word => DENIED_WORDS.has(word)) ?? partIn(words, DATA_PARTS)
}

/** The denied word that a text speaks of, other than to say that it is not there. Pure. */
export function deniedInProse(text: string): string | undefined {
  return sentencesThatAllow(text)
    .map(one => deniedData(one.replace(ORDINARY, ' ')))
    .find(Boolean)
}

/** The category of Annex 1 that a name holds, if any: of one person it may never be told. Pure. */
export function annex1Category(name: string): string | undefined {
  const words = wordsOf(name)
  return partIn([...words, glued(name)], ANNEX_1_PARTS)
}

/** A name of a group without the living wage: for welfare offices it says nothing new. Pure. */
export function withoutLivingWage(name: string): string {
  return LIVING_WAGE.reduce((left, part) => left.replace(spaced(part), ''), name)
}

/** The part in any spelling: `living-wage`, `Living wage`, `leefloongerechtigden`. */
function spaced(part: string): RegExp {
  return new RegExp(`${[...part].join('[-_ ]?')}\\p{L}*`, 'giu')
}

/**
 * The denied recipient that a name holds, if any. A welfare office is one, but not at a welfare office
 * itself, nor at VDAB: there the name says with whom it works. Pure.
 * @param kind kind of the party at which the recipient is
 */
export function deniedRecipient(name: string, kind?: string): string | undefined {
  const words = wordsOf(name)
  return (
    words.find(word => DENIED_RECIPIENT_WORDS.has(word)) ??
    partIn(words, RECIPIENT_PARTS) ??
    (kind !== undefined && ITSELF.has(kind) ? undefined : partIn(words, WELFARE_PARTS))
  )
}

/** The sentences of a text that forbid nothing: what they speak of, they may mean. Pure. */
export function sentencesThatAllow(text: string): string[] {
  return text.split(/[.;:\n]+/).filter(sentence => sentence.trim() && !NEGATION.test(sentence))
}

/** Whether a text holds letters of another script or characters that do not show. Pure. */
export function hidesCharacters(text: string): boolean {
  return /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]|[\p{Cf}\p{Cc}\p{Co}]/u.test(text)
}

/** Parts of words to look for: short ones at the beginning of a word only. */
function finder(parts: readonly string[]): RegExp {
  const forms = parts.map(part => (part.length > SHORT ? part : `^${part}`))
  return new RegExp(forms.join('|'))
}

function partIn(words: readonly string[], parts: RegExp): string | undefined {
  return words.map(word => parts.exec(word)?.[0]).find(Boolean)
}

/** The words of a name in every reading: as written, and with digits for letters. */
function wordsOf(name: string): string[] {
  const plain = name.normalize('NFKD').replace(/\p{Mark}/gu, '')
  const read = plain.replace(/[013457](?=[a-z])/gi, digit => LEET[digit] ?? digit)
  return read === plain ? split(plain) : [...split(plain), ...split(read)]
}

const LEET: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
}

/** Lower case, neighbours glued (`freeText` → freetext), and rows of small pieces glued. */
function split(name: string): string[] {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
  const pairs = words.slice(1).map((word, index) => `${words[index]}${word}`)
  const whole = [...words, ...pairs, ...pieces(words)]
  return whole.map(word => word.replace(HARMLESS_PARTS, '')).filter(Boolean)
}

function glued(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '')
}

/** Three or more pieces in a row, as one word. */
function pieces(words: readonly string[]): string[] {
  const rows = words.map(word => (word.length <= PIECE ? word : ' ')).join('|')
  return rows
    .split(' ')
    .map(row => row.split('|').filter(Boolean))
    .filter(row => row.length > 2)
    .map(row => row.join(''))
}
