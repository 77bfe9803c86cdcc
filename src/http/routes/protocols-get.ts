import { refuse } from '../../errors.ts'
import { publishedCopyOf, summariesOf } from '../../protocol/lookup.ts'
import { htmlOf } from '../../protocol/readable/html.ts'
import { readableOf } from '../../protocol/readable/model.ts'
import { publicationListHtml } from '../../protocol/readable/publication-list.ts'
import type { ApiRequest, Reply, Route } from '../route.ts'

const HTML = 'text/html'

/** All protocols with their state; open to anyone, as the decree wants them published. */
export const getProtocols: Route = {
  method: 'get',
  path: '/v1/protocols',
  access: 'public',
  handle: async (context, request) => {
    const set = context.protocols.current()
    if (wantsHtml(request)) return page(publicationListHtml(set, request.at, id => `/v1/protocols/${id}`))
    return json({ items: summariesOf(set, request.at), next: null })
  },
}

/** One protocol document with its state and digest; for people as the text that they can read. */
export const getProtocol: Route = {
  method: 'get',
  path: '/v1/protocols/:id',
  access: 'public',
  handle: async (context, request) => {
    const set = context.protocols.current()
    const id = request.params['id'] ?? ''
    const protocol = set.protocols.get(id)
    const body = publishedCopyOf(set, id)
    if (!protocol || !body) throw refuse('HB-301', '', 'GET /v1/protocols')
    return wantsHtml(request) ? page(htmlOf(readableOf(set, protocol, request.at))) : json(body)
  },
}

const VARY = { Vary: 'Accept' }

function page(body: string): Reply {
  return { status: 200, type: HTML, body, headers: VARY }
}

function json(body: object): Reply {
  return { status: 200, body, headers: VARY }
}

/** Only who asks for HTML by name and prefers it gets it: programs that accept all keep JSON. */
function wantsHtml(request: ApiRequest): boolean {
  const accepted = (request.header('accept') ?? '').split(',').map(parseRange)
  const html = weightOf(accepted, HTML)
  return html > 0 && html >= weightOf(accepted, 'application/json')
}

type Range = readonly [type: string, weight: number]

/** A media range of an Accept header with its weight (RFC 9110, 12.5.1). */
function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase())
  const weight = parameters.find(one => one.startsWith('q='))?.slice(2)
  const value = Number(weight ?? 1)
  return [type, value >= 0 && value <= 1 ? value : 0]
}

function weightOf(accepted: readonly Range[], type: string): number {
  return accepted.find(([one]) => one === type)?.[1] ?? 0
}
