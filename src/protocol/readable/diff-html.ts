import type { Change, ChangedSection } from './diff.ts'
import { sentenceOf } from './diff-text.ts'
import { escapeHtml, pageOf } from './html.ts'
import type { KnownVersion } from './versions.ts'

/** Sign and word of a change: each tells it without colour, and by its line too. */
const KINDS = {
  added: ['+', 'nieuw'],
  removed: ['\u2212', 'weg'],
  changed: ['\u2260', 'gewijzigd'],
  reordered: ['\u21c5', 'andere volgorde'],
} as const satisfies Record<Change['kind'], readonly [sign: string, word: string]>

/** What a page of changes compares. */
export interface Comparison {
  /** Undefined where `after` is the first that is known. */
  before: KnownVersion | undefined
  after: KnownVersion
  sections: readonly ChangedSection[]
}

/**
 * What changed between two documents, as a self-contained page: data elements first.
 * @param addressOf where a protocol is to be read
 */
export function diffHtml(
  { before, after, sections }: Comparison,
  addressOf: (id: string) => string,
): string {
  const title = `Wat is er veranderd? ${after.document.context.title}`
  const body = [
    '<header>',
    '<h1>Wat is er veranderd?</h1>',
    `<p><a href="${escapeHtml(addressOf(after.id))}">${escapeHtml(after.document.context.title)}</a></p>`,
    `<dl>${before ? versionHtml('Was', before) : ''}${versionHtml(before ? 'Wordt' : 'Versie', after)}</dl>`,
    summaryHtml(before, sections),
    '</header>',
    `<main>${sections.map(sectionHtml).join('\n')}</main>`,
  ]
  return pageOf('nl', title, `${after.id} ${after.version}`, body.join('\n'))
}

function versionHtml(name: string, { id, version, digest }: KnownVersion): string {
  const text = `${id}, versie ${version}`
  return `<div><dt>${name}</dt><dd>${escapeHtml(text)}<span class="more">Vingerafdruk: ${escapeHtml(digest)}</span></dd></div>`
}

function summaryHtml(
  before: KnownVersion | undefined,
  sections: readonly ChangedSection[],
): string {
  const count = sections.reduce((sum, { changes }) => sum + changes.length, 0)
  const text = !before
    ? 'Dit is de eerste versie die Huisbrug kent: er is niets om mee te vergelijken.'
    : count === 0
      ? 'Er is niets veranderd.'
      : `${count === 1 ? 'Er is 1 verandering' : `Er zijn ${count} veranderingen`} in: ${sections.map(({ title }) => title.toLowerCase()).join(', ')}.`
  return `<div class="note"><p>${escapeHtml(text)}</p></div>`
}

function sectionHtml({ section, title, changes }: ChangedSection): string {
  const items = changes.map(change => `<li class="${change.kind}">${changeHtml(change)}</li>`)
  return `<section id="${escapeHtml(section)}">\n<h2>${escapeHtml(title)}</h2>\n<ul class="changes">${items.join('\n')}</ul>\n</section>`
}

function changeHtml(change: Change): string {
  const [sign, word] = KINDS[change.kind]
  const name = sentenceOf(change).replace(/ ?\([^()]*\)$/, '')
  const what = change.what || change.part ? name : ''
  const head = `<p><span class="sign" aria-hidden="true">${sign}</span><strong>${escapeHtml(what)}</strong> <span class="kind">${word}</span></p>`
  const was = change.before === undefined ? '' : textHtml('del', 'Was', change.before)
  const now = change.after === undefined ? '' : textHtml('ins', 'Wordt', change.after)
  return head + was + now
}

function textHtml(tag: 'del' | 'ins', label: string, text: string): string {
  const lines = text.split('\n').map(escapeHtml).join('<br>')
  return `<div class="${tag}"><span class="more">${label}</span><${tag}>${lines}</${tag}></div>`
}
