import type { LoadedProtocol } from '../../protocol/document.ts'
import { type ChangedSection, diffDocuments } from '../../protocol/readable/diff.ts'
import { readableOf } from '../../protocol/readable/model.ts'
import { pdfOf } from '../../protocol/readable/pdf.ts'
import {
  earlierThan,
  type KnownVersion,
  knownVersions,
  versionNamed,
} from '../../protocol/readable/versions.ts'
import type { ConsoleDeps } from '../deps.ts'
import { FilterForm } from '../filter-form.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import { protocolLines } from '../reads/protocols.ts'
import { texts } from '../texts/index.ts'

/** /console/protocollen/:id/verschillen: what changed from one version to another, data elements first. */
export const protocolVersionsPage: Page = {
  method: 'get',
  path: '/protocollen/:id/verschillen',
  operation: 'overview:read',
  own: true,
  nav: 'protocols',
  answer: drawVersions,
}

/** /console/protocollen/:id/pdf: the readable document, as at its public address. */
export const protocolPdf: Page = {
  method: 'get',
  path: '/protocollen/:id/pdf',
  operation: 'overview:read',
  own: true,
  nav: 'protocols',
  answer: async (deps, request) => {
    const protocol = protocolOf(deps, request)
    const content = await pdfOf(readableOf(deps.protocols.current(), protocol, request.at))
    const file = `${protocol.id}-${protocol.version}.pdf`
    return { file, type: 'application/pdf', content }
  },
}

function protocolOf(
  { protocols }: ConsoleDeps,
  { params, scope, at }: PageRequest,
): LoadedProtocol {
  const id = params['id'] ?? ''
  const set = protocols.current()
  const isShown = protocolLines(set, at, scope).some(line => line.id === id)
  const found = isShown ? set.protocols.get(id) : undefined
  if (!found) throw new PageProblem('not-found')
  return found
}

async function drawVersions(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const text = texts().protocols.versions
  const protocol = protocolOf(deps, request)
  const { id, version, digest, document } = protocol
  const versions = await knownVersions(deps.pool, deps.protocols.current(), id)
  const form = new FilterForm(request.query)
  const options = versions
    .toReversed()
    .map(one => ({ value: one.digest, text: text.option(one.version, one.digest.slice(0, 8)) }))
  const from = form.choice('van', text.from, options)
  const to = form.choice('naar', text.to, options)
  const after = (to && versionNamed(versions, to)) || { id, version, digest, document }
  const before = from ? versionNamed(versions, from) : earlierThan(versions, after)
  const sections = before && !form.isWrong ? diffDocuments(before.document, after.document) : []
  return {
    view: 'protocol-versions',
    title: text.title(document.context.title),
    status: form.isWrong ? 400 : 200,
    model: {
      ...{ id, before, after, isWrong: form.isWrong, isFiltered: form.isFiltered },
      fields: chosen(form, before, after),
      sections,
      count: countOf(sections),
    },
  }
}

/** The fields show what is compared, also where nothing was chosen. */
function chosen(form: FilterForm, before: KnownVersion | undefined, after: KnownVersion) {
  const { van, naar } = form.fields
  return {
    van: { ...van, value: van?.value || (before?.digest ?? '') },
    naar: { ...naar, value: naar?.value || after.digest },
  }
}

function countOf(sections: readonly ChangedSection[]): number {
  return sections.reduce((sum, { changes }) => sum + changes.length, 0)
}
