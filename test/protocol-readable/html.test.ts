import type { Protocol } from '../../src/protocol/document.ts'
import { htmlOf } from '../../src/protocol/readable/html.ts'
import { readableOf } from '../../src/protocol/readable/model.ts'
import { publicationListHtml } from '../../src/protocol/readable/publication-list.ts'
import { IN_FORCE, sampleFramework, setWith } from '../protocol/sample.ts'
import { fullAccession, fullFramework, leavesOf, loadedAs, mutated, setOf } from './samples.ts'

const ATTACK = `</style></title><script>alert(1)</script><img/src=x/onerror=alert(2)>"onmouseover="x'&amp;`

const TAGS =
  'html head meta title style body header nav main section footer h1 h2 h3 h4 p ul ol li dl div dt dd table caption colgroup col thead tbody tr th td span a'
const ATTRIBUTES =
  'lang charset name content class id href scope style role tabindex aria-label data-label'

function htmlFor(document: Protocol): string {
  const protocol = loadedAs(document)
  const framework = document.kind === 'accession' ? [loadedAs(sampleFramework())] : []
  return htmlOf(readableOf(setOf(...framework, protocol), protocol, IN_FORCE))
}

/** Names of all tags and attributes, the way a browser would see them. */
function markupOf(html: string): { tags: string[]; attributes: string[] } {
  const body = html.replace(/<style>[^<]*<\/style>/, '<style></style>')
  const found = [...body.matchAll(/<\/?([a-z0-9]+)((?:\s[^>]*)?)\/?>/gi)]
  const attributes = found.flatMap(([, , rest = '']) =>
    [...rest.replace(/"[^"]*"/g, '""').matchAll(/([a-z-]+)\s*=/gi)].map(([, name = '']) => name),
  )
  return {
    tags: [...new Set(found.map(([, name = '']) => name))],
    attributes: [...new Set(attributes)],
  }
}

test.each([
  ['agreement', fullFramework()],
  ['accession', fullAccession()],
])('markup in any text of an %s stays text', (_kind, document: Protocol) => {
  let hostile = document
  for (const path of leavesOf(document)) {
    if (path.join() === 'kind') continue
    hostile = mutated(hostile, path, value =>
      typeof value === 'string' ? `${value}${ATTACK}` : value,
    )
  }
  const html = htmlFor(hostile)
  const { tags, attributes } = markupOf(html)
  expect(tags.filter(tag => !TAGS.split(' ').includes(tag))).toEqual([])
  expect(attributes.filter(name => !ATTRIBUTES.split(' ').includes(name))).toEqual([])
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(html.match(/<\/style>/g)).toHaveLength(1)
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1]
  expect(style).not.toContain('alert(')
})

test('only https addresses become links', () => {
  const document = sampleFramework()
  document.parties[0]!.website = 'javascript:alert(1)'
  document.supervisoryAuthority.website = 'https://authority.example/a?b=1&c=2'
  const links = [...htmlFor(document).matchAll(/href="([^"]*)"/g)].map(([, href]) => href)
  expect(links.filter(href => !/^(#|https:)/.test(href ?? ''))).toEqual([])
  expect(links).toContain('https://authority.example/a?b=1&amp;c=2')
})

test('a page of its own: nothing from elsewhere, no script, in Dutch', () => {
  const html = htmlFor(fullFramework())
  expect(html).toMatch(/^<!DOCTYPE html>\n<html lang="nl">/)
  expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\bsrc=/i)
})

test('headings go down one level at a time, and every link inside leads somewhere', () => {
  for (const document of [fullFramework(), fullAccession()]) {
    const html = htmlFor(document)
    const levels = [...html.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level))
    expect(levels.filter(level => level === 1)).toHaveLength(1)
    const jumps = levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)
    expect(jumps).toEqual([])
    const anchors = [...html.matchAll(/href="#([^"]+)"/g)].map(([, anchor]) => anchor)
    expect(anchors.length).toBeGreaterThan(10)
    expect(anchors.filter(anchor => !html.includes(`id="${anchor}"`))).toEqual([])
  }
})

test('every table has a caption, a repeated head and a name for each row', () => {
  const html = htmlFor(fullFramework())
  const tables = html.match(/<table role="table">[\s\S]*?<\/table>/g) ?? []
  expect(tables.length).toBeGreaterThan(8)
  for (const table of tables) {
    expect(table).toMatch(/^<table role="table"><caption>[^<]+<\/caption>/)
    const head = table.match(/<th scope="col" role="columnheader">/g)?.length
    const rows = table.match(/<tr role="row"><th scope="row"[\s\S]*?<\/tr>/g) ?? []
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) {
      expect(row.match(/<t[hd]/g)).toHaveLength(head ?? 0)
    }
  }
})

describe('the publication list', () => {
  const set = setWith()
  const html = publicationListHtml(set, IN_FORCE, id => `/v1/protocols/${id}`)

  test('has the form Organisatie, Doel, Van wie, Wat, Protocol', () => {
    const columns = [...html.matchAll(/<th scope="col" role="columnheader">([^<]+)</g)].map(
      ([, name]) => name,
    )
    expect(columns).toEqual(['Organisatie', 'Doel', 'Van wie', 'Wat', 'Protocol'])
    expect(html.match(/<th scope="row" role="rowheader">/g)).toHaveLength(set.protocols.size)
    for (const id of set.protocols.keys()) expect(html).toContain(`href="/v1/protocols/${id}"`)
  })

  test('names what moves, and not what is off', () => {
    for (const { label, messageTypes } of sampleFramework().dataElements) {
      expect([label, html.includes(label)]).toEqual([label, !messageTypes.includes('steps.counts')])
    }
  })

  test('of nothing says so', () => {
    expect(publicationListHtml(setOf(), IN_FORCE, id => id)).toContain('Er is geen protocol.')
  })
})
