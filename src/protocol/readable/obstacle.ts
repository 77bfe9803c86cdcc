import type { Language } from '../../language.ts'
import type { Agreement, LoadedProtocol } from '../document.ts'
import { findingTextNl } from '../finding-texts.ts'
import type { Obstacle } from '../lifecycle.ts'
import { ENGLISH } from './obstacle-en.ts'
import { day } from './words.ts'

type Explain = (about: {
  /** The party that the place names. */
  name: string | undefined
  path: string
  protocol: LoadedProtocol
  framework: Agreement | undefined
}) => string

/** How a language says why a document is not in force, by code. */
export type Explanations = Partial<Record<Obstacle['code'], Explain>>

const DUTCH: Explanations = {
  'HB-303': () => 'De decretale grond is nog niet in werking. Zonder rechtsgrond gaat niets door.',
  'HB-304': ({ name, framework, path, protocol }) =>
    path === 'frameworkDigest'
      ? 'Het kaderprotocol is gewijzigd sinds deze toetreding. Wie toetreedt, tekent opnieuw.'
      : name === undefined
        ? `De toetreding hoort bij een andere versie van het kaderprotocol. Nu geldt versie ${framework?.version ?? 'onbekend'}.`
        : unsignedText(name, path, protocol),
  'HB-305': ({ protocol }) => `Het protocol begint op ${day(protocol.document.duration.from)}.`,
  'HB-306': ({ name, path, protocol }) => {
    if (name !== undefined) return `${name} heeft de handtekening ingetrokken.`
    if (path === 'version') return `Versie ${protocol.replacedBy} kwam in de plaats.`
    return `Het protocol liep tot en met ${lastDay(protocol)}.`
  },
  'HB-307': () => 'Het protocol is opgeschort. Wat onderweg is, wacht. Zolang gaat niets door.',
  'HB-317': ({ protocol: { findings } }) => {
    const refused = findings.filter(({ severity }) => severity === 'refused').length
    return refused === 1
      ? 'Het document bevat een fout. Zolang die er is, laat het niets door.'
      : `Het document bevat ${refused} fouten. Zolang die er zijn, laat het niets door.`
  },
  'HB-318': ({ name, path }) =>
    path.endsWith('.reasonNotFollowed')
      ? `Het advies van een functionaris voor gegevensbescherming${of(name)} is niet gevolgd, en er staat niet waarom.`
      : `Een advies van een functionaris voor gegevensbescherming ontbreekt${of(name)}.`,
  'HB-319': ({ name }) =>
    `Deze tekst is nog niet bekendgemaakt${by(name)}. Eerst bekendmaken, dan uitwisselen.`,
  'HB-320': () =>
    'Twee versies van het protocol gelden tegelijk, en geen van beide vervangt de andere. Zolang gaat niets door.',
}

/** Why a document is not in force, in plain words: one to three sentences. Pure. */
export function explainObstacle(
  { code, path }: Obstacle,
  protocol: LoadedProtocol,
  framework: Agreement | undefined,
  language: Language = 'nl',
): string {
  const party = /^(?:signatures|dpoAdvice|publication)\[(.+)\]/.exec(path)?.[1]
  const name = protocol.document.parties.find(({ id }) => id === party)?.name ?? party
  const explain = (language === 'nl' ? DUTCH : ENGLISH)[code]
  if (explain) return explain({ name, path, protocol, framework })
  const why = language === 'nl' ? 'Reden' : 'Reason'
  return path ? `${why}: ${code}, ${path}.` : `${why}: ${code}.`
}

/** A signature that is there but was not looked at is no missing one. */
function unsignedText(name: string, path: string, protocol: LoadedProtocol): string {
  const { findings, presented, statements } = protocol
  const fault = findings.find(one => one.path === path && one.code.startsWith('signature-'))
  if (fault) return `${name} heeft deze versie niet geldig ondertekend. ${findingTextNl(fault)}`
  const here = ({ party }: { party: string }) => path === `signatures[${party}]`
  return presented.some(here) && !statements.some(here)
    ? `De handtekening van ${name} is niet nagekeken.`
    : `${name} heeft deze versie niet geldig ondertekend.`
}

function lastDay({ document }: LoadedProtocol): string {
  return document.duration.until === null ? 'onbekend' : day(document.duration.until)
}

const of = (name: string | undefined): string => (name === undefined ? '' : ` voor ${name}`)
const by = (name: string | undefined): string => (name === undefined ? '' : ` door ${name}`)
