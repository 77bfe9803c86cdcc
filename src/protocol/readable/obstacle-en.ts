import type { LoadedProtocol } from '../document.ts'
import type { Explanations } from './obstacle.ts'

/** Why a document is not in force, in plain English. */
export const ENGLISH: Explanations = {
  'HB-303': () => 'The decretal ground is not in force yet. Without a legal ground nothing passes.',
  'HB-304': ({ name, framework, path, protocol }) =>
    path === 'frameworkDigest'
      ? 'The framework protocol has changed since this accession. Whoever accedes signs again.'
      : name === undefined
        ? `The accession belongs to another version of the framework protocol. Version ${framework?.version ?? 'unknown'} applies now.`
        : unsigned(name, path, protocol),
  'HB-305': ({ protocol }) => `The protocol begins on ${day(protocol.document.duration.from)}.`,
  'HB-306': ({ name, path, protocol }) => {
    if (name !== undefined) return `${name} revoked its signature.`
    if (path === 'version') return `Version ${protocol.replacedBy} took its place.`
    const { until } = protocol.document.duration
    return `The protocol ran until and including ${until === null ? 'an unknown day' : day(until)}.`
  },
  'HB-307': () =>
    'The protocol is suspended. What is under way waits. Nothing passes until it is resumed.',
  'HB-317': ({ protocol: { findings } }) => {
    const refused = findings.filter(({ severity }) => severity === 'refused').length
    return refused === 1
      ? 'The document holds an error. As long as it is there, it lets nothing pass.'
      : `The document holds ${refused} errors. As long as they are there, it lets nothing pass.`
  },
  'HB-318': ({ name, path }) =>
    path.endsWith('.reasonNotFollowed')
      ? `The advice of a privacy officer${about(name, 'for')} was not followed, and it is not said why.`
      : `The advice of a privacy officer is missing${about(name, 'for')}.`,
  'HB-319': ({ name }) =>
    `This text has not been published yet${about(name, 'by')}. First publish, then exchange.`,
  'HB-320': () =>
    'Two versions of the protocol hold at once, and neither replaces the other. Nothing passes until one does.',
}

/** A signature that is there but was not looked at is no missing one. */
function unsigned(name: string, path: string, protocol: LoadedProtocol): string {
  const { findings, presented, statements } = protocol
  const fault = findings.find(one => one.path === path && one.code.startsWith('signature-'))
  if (fault) return `${name} has not validly signed this version: ${fault.text}.`
  const here = ({ party }: { party: string }) => path === `signatures[${party}]`
  return presented.some(here) && !statements.some(here)
    ? `The signature of ${name} has not been checked.`
    : `${name} has not validly signed this version.`
}

function day(date: string): string {
  const at = new Date(`${date.slice(0, 10)}T12:00:00Z`)
  return at.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })
}

function about(name: string | undefined, preposition: string): string {
  return name === undefined ? '' : ` ${preposition} ${name}`
}
