import type { Change, ChangedSection } from './diff.ts'
import { upper } from './words.ts'

const SIGNS = { added: '+', removed: '-', changed: '~', reordered: '~' } as const

/** The changes as lines for a terminal, in plain Dutch; one line where there are none. */
export function diffLines(sections: readonly ChangedSection[]): string[] {
  if (!sections.length) return ['Er is niets veranderd.']
  return sections.flatMap(({ title, changes }, index) => [
    ...(index ? [''] : []),
    title,
    ...changes.flatMap(changeLines),
  ])
}

function changeLines(change: Change): string[] {
  const { kind, before, after } = change
  const head = `  ${SIGNS[kind]} ${sentenceOf(change)}`
  if (kind === 'added') return [head, ...indented(after)]
  if (kind === 'removed') return [head, ...indented(before)]
  return kind === 'changed' ? [head, `      was:   ${before}`, `      wordt: ${after}`] : [head]
}

function indented(text: string | undefined): string[] {
  return (text ?? '').split('\n').map(line => `      ${line}`)
}

/** One change as a sentence, without before and after. */
export function sentenceOf({ kind, what, part }: Change): string {
  const place = upper([what, part].filter(Boolean).join(': '))
  const words = {
    added: 'nieuw',
    removed: 'weg',
    changed: 'gewijzigd',
    reordered: 'andere volgorde',
  }
  return place ? `${place} (${words[kind]})` : upper(words[kind])
}
